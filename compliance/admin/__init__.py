"""What people do in the admin, one subject a file."""

from compliance.admin import generators, songs, work

__all__ = ["generators", "songs", "work"]
