"""Events: what happened, in order, never changed."""

from typing import Any, NoReturn

from django.db import models


class EventIsFinal(Exception):
    """Events are appended; they are never changed or deleted."""


class Event(models.Model):
    """One thing that happened. Subjects are named as text, so that history never blocks and never dies."""

    kind = models.CharField(max_length=60, help_text="Such as submission.approved.")
    subject = models.CharField(max_length=80, db_index=True)
    generator_id_text = models.CharField(max_length=40, blank=True, db_default="", db_index=True)
    actor = models.CharField(max_length=150, help_text="system, generator:<id> or user:<name>.")
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]

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
