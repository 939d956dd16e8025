"""Real recordings and multi-track stems, rebuilt from Debian packages by name."""
