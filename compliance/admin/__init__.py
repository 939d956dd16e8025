"""What people do in the admin, one subject a file."""

from compliance.admin import approvals, generators, songs, work

__all__ = ["approvals", "generators", "songs", "work"]
