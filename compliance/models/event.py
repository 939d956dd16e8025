"""Events: what happened, in order, never changed, each one chained to the one before it (`compliance.audit`).

An event is written by the transaction that makes it happen, and sealed right after it: given its place in the order of commits
and chained. The database lets a row be sealed once and changed in no other way.
"""

from typing import Any, NoReturn

from django.db import models
from django.utils import timezone

from compliance.identifiers import new_event_id


class EventIsFinal(Exception):
    """Events are appended; they are never changed or deleted."""


class Event(models.Model):
    """One thing that happened. Subjects are named as text, so that history never blocks and never dies."""

    public_id = models.CharField(max_length=40, unique=True, default=new_event_id, editable=False)
    sequence = models.PositiveBigIntegerField(
        unique=True,
        null=True,
        help_text="1, 2, 3 ... without a gap, in the order of commits; empty until the event is sealed.",
    )
    kind = models.CharField(max_length=60, help_text="Such as submission.approved.")
    subject = models.CharField(max_length=80, db_index=True)
    generator_id_text = models.CharField(max_length=40, blank=True, db_default="")
    actor = models.CharField(max_length=150, help_text="system, generator:<id> or user:<name>.")
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    mac = models.CharField(
        max_length=64,
        blank=True,
        db_default="",
        help_text="HMAC-SHA256 of what it says, from the moment it is written: sealing refuses what was altered since.",
    )
    # Null, not empty, until sealed: the database tells by it what may still be sealed.
    prev_hash = models.CharField(  # noqa: DJ001
        max_length=64, null=True, help_text="Hash of the event before it."
    )
    hash = models.CharField(  # noqa: DJ001
        max_length=64,
        null=True,
        help_text="SHA-256 of the canonical JSON of all but itself and mac.",
    )

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["generator_id_text", "sequence"], name="event_of_generator"),
            models.Index(fields=["id"], name="event_unsealed", condition=models.Q(sequence=None)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Append; refuse to change."""
        if not self._state.adding:
            raise EventIsFinal(f"event {self.pk} cannot be changed")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:  # noqa: ARG002 - Django's signature
        """Refuse."""
        raise EventIsFinal(f"event {self.pk} cannot be deleted")
