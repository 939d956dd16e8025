"""What is in this sound?  Plain functions on plain values; no Django, no web, no queue."""
