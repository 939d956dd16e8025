"""Use of songs."""
