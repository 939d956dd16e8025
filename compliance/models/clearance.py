"""Clearances: whether a message, stems and a use may be made into a song."""

from django.db import models

from compliance.identifiers import new_clearance_id
from compliance.lifecycle.machines import CLEARANCE
from compliance.models.generator import Generator
from compliance.models.transitions import StatusModel


class ClearanceStatus(models.TextChoices):
    """Where a clearance stands."""

    RECEIVED = "received"  # asked; decided in the same transaction
    CLEARED = "cleared"  # caps are held until `expires_at`
    DENIED = "denied"
    NEEDS_REVIEW = "needs_review"  # the rights hold; a person reads the message; nothing is held
    EXPIRED = "expired"  # the hold ran out
    CANCELLED = "cancelled"


class Clearance(StatusModel):
    """One question of a generator, with the answer and all it rested on."""

    TRANSITIONS = CLEARANCE.transitions

    public_id = models.CharField(
        max_length=40, unique=True, default=new_clearance_id, editable=False
    )
    generator = models.ForeignKey(Generator, on_delete=models.PROTECT, related_name="clearances")
    status = models.CharField(
        max_length=20, choices=ClearanceStatus.choices, default=ClearanceStatus.RECEIVED
    )
    message = models.TextField()
    language = models.CharField(
        max_length=10, blank=True, db_default="", help_text="As the generator named it."
    )
    stems = models.JSONField(help_text="External ids, in the order asked.")
    intent = models.JSONField(help_text="Territories, uses, starts_on, ends_on as asked.")
    screening_id = models.CharField(max_length=40, blank=True, db_default="")
    reasons = models.JSONField(default=list, help_text="Every reason against it.")
    rights = models.JSONField(
        default=dict, help_text="The rights as evaluated: grants, valid intersection, caps."
    )
    expires_at = models.DateTimeField(
        null=True, blank=True, help_text="When the hold ends, or the wait for a reviewer."
    )
    warned_at = models.DateTimeField(
        null=True, blank=True, help_text="When the generator was told that the hold ends soon."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["generator", "-id"], name="clearance_of_generator"),
            models.Index(fields=["status", "expires_at"], name="clearance_to_expire"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=ClearanceStatus.values),
                name="%(app_label)s_%(class)s_status_is_known",
            ),
            models.CheckConstraint(
                condition=~models.Q(status=ClearanceStatus.CLEARED)
                | models.Q(expires_at__isnull=False),
                name="%(app_label)s_%(class)s_hold_has_an_end",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def cap_subject(self) -> str:
        """Name under which this clearance holds caps."""
        return f"clearance:{self.public_id}"
