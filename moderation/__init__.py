"""Screening of messages in six languages, and human review of anything."""
