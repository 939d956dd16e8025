"""What generators call over HTTP."""
