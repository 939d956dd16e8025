"""What moderators do in the admin, one subject a file."""

from moderation.admin import review_cases, screenings

__all__ = ["review_cases", "screenings"]
