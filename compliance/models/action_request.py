"""Requests for a second person: what one asked for and another agrees to or refuses."""

from django.db import models

from compliance.identifiers import new_request_id
from compliance.lifecycle.duties import DUTIES
from compliance.lifecycle.machines import REQUEST
from compliance.models.transitions import StatusModel


class RequestStatus(models.TextChoices):
    """Where a request stands."""

    WAITING = "waiting", "Waiting for another person"
    AGREED = "agreed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


def list_two_person_actions() -> list[tuple[str, str]]:
    """Return the actions that take two people."""
    return [(duty.action, duty.does.capitalize()) for duty in DUTIES if duty.people > 1]


class ActionRequest(StatusModel):
    """One action on named things, as asked for; the list does not change while it waits."""

    TRANSITIONS = REQUEST.transitions

    public_id = models.CharField(max_length=40, unique=True, default=new_request_id, editable=False)
    action = models.CharField(max_length=40, choices=list_two_person_actions)
    subjects = models.JSONField(help_text="Public ids of the things it is about.")
    reason = models.TextField()
    status = models.CharField(
        max_length=10, choices=RequestStatus.choices, default=RequestStatus.WAITING
    )
    asked_by = models.CharField(max_length=150)
    asked_at = models.DateTimeField()
    decided_by = models.CharField(max_length=150, blank=True, db_default="")
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.TextField(blank=True, db_default="")

    class Meta:
        ordering = ["-id"]
        verbose_name = "request for a second person"
        verbose_name_plural = "requests for a second person"
        permissions = [("decide_actionrequest", "Can agree to requests of others")]
        indexes = [models.Index(fields=["status", "-id"], name="request_by_status")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=RequestStatus.values),
                name="%(app_label)s_%(class)s_status_is_known",
            ),
            models.CheckConstraint(
                condition=~models.Q(status=RequestStatus.AGREED)
                | ~models.Q(decided_by=models.F("asked_by")),
                name="%(app_label)s_%(class)s_agreed_by_another",
            ),
            models.CheckConstraint(
                condition=models.Q(status=RequestStatus.WAITING, decided_at__isnull=True)
                | (~models.Q(status=RequestStatus.WAITING) & models.Q(decided_at__isnull=False)),
                name="%(app_label)s_%(class)s_waits_or_is_decided",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()}: {self.describe_subjects()}"

    def describe_subjects(self) -> str:
        """Return the things it is about, or how many."""
        return (
            ", ".join(self.subjects) if len(self.subjects) <= 2 else f"{len(self.subjects)} of them"
        )
