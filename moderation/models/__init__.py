"""The stored data, one subject a file."""

from moderation.models.lexicon import LexiconOverride, OverrideAction
from moderation.models.policy import (
    PolicyMoved,
    PolicyStatus,
    PolicyThreshold,
    PolicyVersion,
)
from moderation.models.review import (
    SCREENING_SUBJECT,
    CaseStatus,
    Decision,
    ReviewCase,
    ReviewDecision,
    SecondPerson,
)
from moderation.models.screening import Screening

__all__ = [
    "SCREENING_SUBJECT",
    "CaseStatus",
    "Decision",
    "LexiconOverride",
    "OverrideAction",
    "PolicyMoved",
    "PolicyStatus",
    "PolicyThreshold",
    "PolicyVersion",
    "ReviewCase",
    "ReviewDecision",
    "Screening",
    "SecondPerson",
]
