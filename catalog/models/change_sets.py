"""Change sets: what one person prepared and another puts in force; and who read which agreement."""

from django.conf import settings
from django.db import models


class ChangeSetStatus(models.TextChoices):
    """Where a change set stands."""

    OPEN = "open", "Waiting for another person"
    ACTIVATED = "activated"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class ChangeAction(models.TextChoices):
    """What one change does; each of them takes two people."""

    ACTIVATE_GRANT = "activate_grant", "Put a draft in force"
    END_GRANT = "end_grant", "End a grant"
    RESUME_GRANT = "resume_grant", "Lift a suspension"
    SET_CAP_LIMIT = "set_cap_limit", "Change the limit of a cap"
    CORRECT_GRANT = "correct_grant", "Correct an error of entry"


class ChangeSet(models.Model):
    """Changes that belong together: all come into force at once, or none."""

    title = models.CharField(max_length=200)
    note = models.TextField(blank=True, help_text="Why, for whoever decides.")
    status = models.CharField(max_length=10, choices=ChangeSetStatus, default=ChangeSetStatus.OPEN)
    prepared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    prepared_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(status=ChangeSetStatus.ACTIVATED)
                | (
                    models.Q(decided_by__isnull=False)
                    & ~models.Q(decided_by=models.F("prepared_by"))
                ),
                name="%(app_label)s_%(class)s_activated_by_another",
            ),
            models.CheckConstraint(
                condition=models.Q(status=ChangeSetStatus.OPEN, decided_at__isnull=True)
                | (~models.Q(status=ChangeSetStatus.OPEN) & models.Q(decided_at__isnull=False)),
                name="%(app_label)s_%(class)s_is_open_or_decided",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Change(models.Model):
    """One step of a change set."""

    change_set = models.ForeignKey(ChangeSet, on_delete=models.CASCADE, related_name="changes")
    action = models.CharField(max_length=15, choices=ChangeAction)
    grant = models.ForeignKey("catalog.Grant", on_delete=models.PROTECT, related_name="changes")
    cap = models.ForeignKey(
        "catalog.Cap", on_delete=models.PROTECT, related_name="changes", null=True, blank=True
    )
    ends_on = models.DateField(null=True, blank=True)
    limit = models.PositiveBigIntegerField(null=True, blank=True)
    corrections = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(action=ChangeAction.END_GRANT)
                | models.Q(ends_on__isnull=False),
                name="%(app_label)s_%(class)s_end_has_a_day",
            ),
            models.CheckConstraint(
                condition=~models.Q(action=ChangeAction.SET_CAP_LIMIT)
                | models.Q(cap__isnull=False, limit__isnull=False),
                name="%(app_label)s_%(class)s_limit_has_a_cap",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()}: {self.grant.label}"


class AgreementRead(models.Model):
    """Somebody opened an agreement; they are confidential, so reading them is on record."""

    agreement = models.ForeignKey(
        "catalog.Agreement", on_delete=models.CASCADE, related_name="reads"
    )
    reader = models.CharField(max_length=150)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.reader}, {self.at:%Y-%m-%d %H:%M}"
