"""What moderators do in the admin, one subject a file."""

from moderation.admin import lexicon, policies, review_cases, screenings

__all__ = ["lexicon", "policies", "review_cases", "screenings"]
