"""Use of approved songs: what it takes from caps, and what licensors are told. Values in, values out."""
