"""What people do in the admin, one subject a file."""

from compliance.admin import approvals, generators, songs, usage, webhooks, work

__all__ = ["approvals", "generators", "songs", "usage", "webhooks", "work"]
