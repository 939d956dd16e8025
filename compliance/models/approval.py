"""Approvals: what a song may be used for, from when to when, and whether that still holds."""

import datetime as dt

from django.conf import settings
from django.db import models

from compliance.certificates.status_list import LIST_SIZE, Status
from compliance.identifiers import new_approval_id
from compliance.lifecycle.machines import APPROVAL
from compliance.models.submission import Submission
from compliance.models.transitions import StatusModel


class ApprovalStatus(models.TextChoices):
    """Where an approval stands."""

    LIVE = "live"
    SUSPENDED = "suspended"  # one person, reversible
    REVOKED = "revoked"
    SUPERSEDED = "superseded"  # another approval of the same song took its place
    SUNSET = "sunset"  # its time was over


# What a status list says of an approval within its period.
LISTED_AS = {
    ApprovalStatus.LIVE: Status.VALID,
    ApprovalStatus.SUSPENDED: Status.SUSPENDED,
    ApprovalStatus.REVOKED: Status.REVOKED,
    ApprovalStatus.SUPERSEDED: Status.ENDED,
    ApprovalStatus.SUNSET: Status.ENDED,
}


class Approval(StatusModel):
    """The approval of one song, with the certificate as it was signed."""

    TRANSITIONS = APPROVAL.transitions

    public_id = models.CharField(
        max_length=40, unique=True, default=new_approval_id, editable=False
    )
    submission = models.OneToOneField(Submission, on_delete=models.PROTECT, related_name="approval")
    status = models.CharField(
        max_length=20, choices=ApprovalStatus.choices, default=ApprovalStatus.LIVE
    )
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(
        help_text="First moment no longer approved; it may be brought forward, never put off."
    )
    certificate = models.TextField(help_text="The signed token.")
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(null=True, blank=True)
    changed_by = models.CharField(max_length=150, blank=True, db_default="")
    change_reason = models.TextField(blank=True, db_default="")
    superseded_by = models.ForeignKey(
        "self", on_delete=models.PROTECT, related_name="supersedes", null=True, blank=True
    )

    class Meta:
        ordering = ["-id"]
        permissions = [
            ("suspend_approval", "Can suspend approvals"),
            ("reinstate_approval", "Can ask to lift suspensions"),
            ("revoke_approval", "Can ask to revoke approvals"),
        ]
        indexes = [models.Index(fields=["status", "valid_to"], name="approval_to_end")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=ApprovalStatus.values),
                name="%(app_label)s_%(class)s_status_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(valid_to__gte=models.F("valid_from")),
                name="%(app_label)s_%(class)s_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=~models.Q(certificate=""), name="%(app_label)s_%(class)s_is_certified"
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def status_uri(self) -> str:
        """Where the status list is that this approval stands in."""
        return name_status_list(self.submission_id // LIST_SIZE)

    @property
    def status_index(self) -> int:
        """Which place in that list: one for every submission, so that none needs to be handed out."""
        return self.submission_id % LIST_SIZE

    def get_state(self, *, now: dt.datetime) -> ApprovalStatus:
        """Return the status as of `now`: an approval whose time is over has ended, though no job has said so yet."""
        listed = list_as(status=self.status, is_over=now >= self.valid_to)
        status = ApprovalStatus(self.status)
        return ApprovalStatus.SUNSET if listed != LISTED_AS[status] else status


def list_as(*, status: str, is_over: bool) -> Status:
    """Return what a status list says of an approval whose period is over or not."""
    listed = LISTED_AS[ApprovalStatus(status)]
    return Status.ENDED if is_over and listed != Status.REVOKED else listed


def name_status_list(number: int) -> str:
    """Return the address of a status list, as certificates name it for ever."""
    return f"{settings.PUBLIC_URL}/api/v1/status-lists/{number}"
