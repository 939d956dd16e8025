"""Submissions: finished songs, with the manifest of what went into them."""

from django.db import models

from compliance.identifiers import new_submission_id
from compliance.lifecycle.machines import SUBMISSION
from compliance.models.clearance import Clearance
from compliance.models.generator import Generator
from compliance.models.transitions import StatusModel


class SubmissionStatus(models.TextChoices):
    """Where a submission stands. There is no `verifying`: a worker that died there would leave it stuck."""

    RECEIVED = "received"
    APPROVED = "approved"
    REJECTED = "rejected"
    IN_REVIEW = "in_review"


DECIDED = (SubmissionStatus.APPROVED, SubmissionStatus.REJECTED)


class Submission(StatusModel):
    """One song that asks for approval under a clearance."""

    TRANSITIONS = SUBMISSION.transitions

    public_id = models.CharField(
        max_length=40, unique=True, default=new_submission_id, editable=False
    )
    generator = models.ForeignKey(Generator, on_delete=models.PROTECT, related_name="submissions")
    clearance = models.ForeignKey(Clearance, on_delete=models.PROTECT, related_name="submissions")
    status = models.CharField(
        max_length=20, choices=SubmissionStatus.choices, default=SubmissionStatus.RECEIVED
    )
    audio = models.FileField(max_length=200)
    audio_sha256 = models.CharField(max_length=64)
    audio_bytes = models.PositiveBigIntegerField()
    vocal = models.FileField(max_length=200, blank=True, db_default="")
    vocal_sha256 = models.CharField(max_length=64, blank=True, db_default="")
    manifest = models.JSONField()
    cap_subject = models.CharField(
        max_length=80, help_text="Under which name the caps for this song are held."
    )
    reasons = models.JSONField(default=list)
    decided_by = models.CharField(max_length=150, blank=True, db_default="")
    created_at = models.DateTimeField(auto_now_add=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["generator", "-id"], name="submission_of_generator"),
            models.Index(fields=["status", "-id"], name="submission_by_status"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=SubmissionStatus.values),
                name="%(app_label)s_%(class)s_status_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=DECIDED, decided_at__isnull=False)
                | models.Q(~models.Q(status__in=DECIDED), decided_at__isnull=True),
                name="%(app_label)s_%(class)s_decided_has_a_time",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id
