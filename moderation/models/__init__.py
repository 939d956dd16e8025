"""The stored data, one subject a file."""

from moderation.models.review import (
    SCREENING_SUBJECT,
    CaseStatus,
    Decision,
    ReviewCase,
    ReviewDecision,
)
from moderation.models.screening import Screening

__all__ = [
    "SCREENING_SUBJECT",
    "CaseStatus",
    "Decision",
    "ReviewCase",
    "ReviewDecision",
    "Screening",
]
