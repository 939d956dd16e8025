"""Lexicon overrides: entries that people add to the packs or silence in them, for a reason and a time."""

import datetime as dt

from django.db import models
from simple_history.models import HistoricalRecords

from moderation.screening.categories import Category, Severity
from moderation.screening.languages import LANGUAGES


class OverrideAction(models.TextChoices):
    """What an override does."""

    ADD = "add"
    SILENCE = "silence"


def get_language_choices() -> list[tuple[str, str]]:
    """Return the languages; a callable, so that a new one needs no migration."""
    return [(code, code) for code in LANGUAGES]


def get_category_choices() -> list[tuple[str, str]]:
    """Return the categories; a callable, so that a new one needs no migration."""
    return [(category.value, category.value.replace("_", " ")) for category in Category]


def get_severity_choices() -> list[tuple[int, str]]:
    """Return the severities that have an effect when added."""
    return [(s.value, s.name.lower()) for s in Severity if s is not Severity.CONTEXT]


class LexiconOverride(models.Model):
    """One entry that counts beside the packs', or one of a pack that does not count."""

    action = models.CharField(max_length=10, choices=OverrideAction.choices)
    language = models.CharField(max_length=10, choices=get_language_choices)
    text = models.CharField(max_length=100, help_text="Word or phrase, in lower case.")
    category = models.CharField(
        max_length=40, choices=get_category_choices, blank=True, db_default="",
        help_text="Of an added entry.",
    )  # fmt: skip
    severity = models.PositiveSmallIntegerField(
        choices=get_severity_choices, default=Severity.REVIEW.value, help_text="Of an added entry."
    )
    reason = models.CharField(max_length=300)
    expires_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="From then on it has no effect. Empty: until somebody ends it.",
    )
    created_by = models.CharField(max_length=150, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    history = HistoricalRecords()

    class Meta:
        ordering = ["language", "text"]
        constraints = [
            models.UniqueConstraint(
                fields=["action", "language", "text"],
                name="%(app_label)s_%(class)s_one_per_entry",
            ),
            models.CheckConstraint(
                condition=models.Q(action=OverrideAction.SILENCE) | models.Q(category__gt=""),
                name="%(app_label)s_%(class)s_added_has_category",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.text} ({self.language})"

    def is_in_force(self, *, now: dt.datetime) -> bool:
        """Tell whether the next text feels it."""
        return self.expires_at is None or self.expires_at > now
