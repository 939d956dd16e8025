"""What people do in the admin, one subject a file."""

from compliance.admin import approvals, generators, songs, webhooks, work

__all__ = ["approvals", "generators", "songs", "webhooks", "work"]
