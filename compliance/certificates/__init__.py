"""Certificates of approved songs: signed tokens that anybody can verify offline, and the lists that say how they stand."""
