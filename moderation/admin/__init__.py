"""What moderators do in the admin, one subject a file."""

from moderation.admin import lexicon, review_cases, screenings

__all__ = ["lexicon", "review_cases", "screenings"]
