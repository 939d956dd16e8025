"""Review cases: what a person should look at, and what was decided, once and for good."""

from typing import Any, NoReturn

from django.db import models

# Cases about a screening that stands alone carry this kind.
SCREENING_SUBJECT = "screening"


class CaseStatus(models.TextChoices):
    """Where a case stands."""

    OPEN = "open"
    DECIDED = "decided"


class Decision(models.TextChoices):
    """What a moderator may say."""

    APPROVE = "approve"
    REJECT = "reject"


class SecondPerson(models.TextChoices):
    """What the second person said about an approval that takes two; empty where one is enough."""

    NOBODY = "", "none needed"
    AWAITED = "awaited", "awaited"
    AGREED = "agreed", "agreed"
    REFUSED = "refused", "refused"
    WITHDRAWN = "withdrawn", "taken back by the first"


class ReviewCase(models.Model):
    """Something a person should decide: a message, a song, anything with evidence and reasons."""

    subject_kind = models.CharField(max_length=40, help_text="screening, clearance, submission, …")
    subject_id = models.CharField(max_length=80, help_text="Public id of the subject.")
    client = models.CharField(max_length=80, help_text="Public id of the generator it belongs to.")
    title = models.CharField(max_length=200)
    language = models.CharField(max_length=10, blank=True, db_default="")
    reasons = models.JSONField(default=list)
    evidence = models.JSONField(default=dict)
    status = models.CharField(
        max_length=10, choices=CaseStatus.choices, default=CaseStatus.OPEN, db_index=True
    )
    decision = models.CharField(max_length=10, choices=Decision.choices, blank=True, db_default="")
    note = models.TextField(blank=True, db_default="")
    decided_by = models.CharField(max_length=150, blank=True, db_default="")
    decided_at = models.DateTimeField(null=True, blank=True)
    takes_two = models.BooleanField(
        default=False, db_default=False, help_text="One person's yes is not enough."
    )
    second_person = models.CharField(
        max_length=10, choices=SecondPerson.choices, blank=True, db_default="", default=""
    )
    second_person_by = models.CharField(max_length=150, blank=True, db_default="", default="")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["status", "id"]
        permissions = [("decide_reviewcase", "Can decide review case")]
        constraints = [
            models.UniqueConstraint(
                fields=["subject_kind", "subject_id"],
                condition=models.Q(status=CaseStatus.OPEN),
                name="%(app_label)s_%(class)s_one_open_per_subject",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    status=CaseStatus.OPEN, decision="", decided_by="", decided_at__isnull=True
                )
                | models.Q(
                    status=CaseStatus.DECIDED,
                    decision__in=Decision.values,
                    decided_by__gt="",
                    decided_at__isnull=False,
                ),
                name="%(app_label)s_%(class)s_decided_by_someone_or_open",
            ),
            models.CheckConstraint(
                condition=models.Q(second_person=SecondPerson.NOBODY)
                | models.Q(second_person__in=SecondPerson.values, decision=Decision.APPROVE),
                name="%(app_label)s_%(class)s_second_person_after_a_yes",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class DecisionIsFinal(Exception):
    """Decisions are appended; they are never changed or deleted."""


class ReviewDecision(models.Model):
    """What was decided about a case, by whom, when and why; never changed."""

    case = models.ForeignKey(ReviewCase, on_delete=models.PROTECT, related_name="decisions")
    decision = models.CharField(max_length=10, choices=Decision.choices)
    note = models.TextField(blank=True)
    decided_by = models.CharField(max_length=150)
    decided_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.decision} by {self.decided_by}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store a new decision.

        Raises
        ------
        DecisionIsFinal : if the row exists
        """
        if not self._state.adding:
            raise DecisionIsFinal(f"Decision {self.pk} is stored already.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:  # noqa: ARG002 - Django's signature
        """Refuse.

        Raises
        ------
        DecisionIsFinal : always
        """
        raise DecisionIsFinal(f"Decision {self.pk} stays.")
