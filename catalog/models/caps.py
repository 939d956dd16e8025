"""Caps on quantity, and the ledger of what songs took from them.

`CapEntry` is the truth and only grows. `CapHold` says where each reservation stands and `CapBalance` what is taken in one
bucket (a period, and a stem if the cap counts by stem); both follow the entries in the same transaction, under a lock on
the cap's row.
"""

from django.db import models
from simple_history.models import HistoricalRecords

from catalog.rights.terms import CapPeriod, CapScope, CapUnit


class Unit(models.TextChoices):
    """What a cap counts."""

    SONG = CapUnit.SONG.value, "Songs"
    PLAY = CapUnit.PLAY.value, "Plays"
    SECOND = CapUnit.SECOND.value, "Seconds of audio"


class Period(models.TextChoices):
    """When a cap starts again."""

    TOTAL = CapPeriod.TOTAL.value, "In all"
    DAY = CapPeriod.DAY.value, "Per day (UTC)"
    MONTH = CapPeriod.MONTH.value, "Per month (UTC)"
    CAMPAIGN = CapPeriod.CAMPAIGN.value, "Per campaign"


class Scope(models.TextChoices):
    """What a cap counts for."""

    GRANT = CapScope.GRANT.value, "The whole grant"
    STEM = CapScope.STEM.value, "Each stem by itself"


class OnLimit(models.TextChoices):
    """What happens at the limit."""

    BLOCK = "block", "Refuse"
    NOTIFY = "notify", "Tell us, and go on"


class EntryKind(models.TextChoices):
    """What an entry of the ledger does."""

    RESERVE = "reserve"
    CAPTURE = "capture"
    RELEASE = "release"
    REVERSE = "reverse"


class HoldStatus(models.TextChoices):
    """Where a reservation stands."""

    HELD = "held"
    CAPTURED = "captured"
    RELEASED = "released"
    REVERSED = "reversed"


class Cap(models.Model):
    """How much a grant allows."""

    grant = models.ForeignKey("catalog.Grant", on_delete=models.PROTECT, related_name="caps")
    unit = models.CharField(max_length=10, choices=Unit, default=Unit.SONG)
    limit = models.PositiveBigIntegerField()
    period = models.CharField(max_length=10, choices=Period, default=Period.TOTAL)
    scope = models.CharField(max_length=10, choices=Scope, default=Scope.GRANT)
    on_limit = models.CharField(max_length=10, choices=OnLimit, default=OnLimit.BLOCK)
    warn_at_pct = models.PositiveSmallIntegerField(default=80)

    history = HistoricalRecords()

    class Meta:
        ordering = ["grant_id", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["grant", "unit", "period", "scope"],
                name="%(app_label)s_%(class)s_is_set_once",
            ),
            models.CheckConstraint(
                condition=models.Q(warn_at_pct__lte=100),
                name="%(app_label)s_%(class)s_warns_within_the_limit",
            ),
        ]

    def __str__(self) -> str:
        return (
            f"{self.limit} {self.get_unit_display().lower()}, {self.get_period_display().lower()}"
        )


class CapBalance(models.Model):
    """What is taken from a cap in one bucket."""

    cap = models.ForeignKey(Cap, on_delete=models.CASCADE, related_name="balances")
    bucket = models.CharField(max_length=255, blank=True)
    held = models.PositiveBigIntegerField(default=0)
    captured = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ["cap_id", "bucket"]
        constraints = [
            models.UniqueConstraint(
                fields=["cap", "bucket"], name="%(app_label)s_%(class)s_bucket_is_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.bucket or 'all'}: {self.held} held, {self.captured} captured"


class CapHold(models.Model):
    """One reservation, from clearance to approval or release."""

    cap = models.ForeignKey(Cap, on_delete=models.PROTECT, related_name="holds")
    bucket = models.CharField(max_length=255, blank=True)
    subject = models.CharField(max_length=100, help_text="What it is held for.")
    quantity = models.PositiveBigIntegerField()
    status = models.CharField(max_length=10, choices=HoldStatus, default=HoldStatus.HELD)
    hold_until = models.DateTimeField()
    held_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["cap", "bucket", "subject"],
                condition=models.Q(status__in=[HoldStatus.HELD, HoldStatus.CAPTURED]),
                name="%(app_label)s_%(class)s_is_live_once",
            ),
            models.CheckConstraint(
                condition=models.Q(status=HoldStatus.HELD, settled_at__isnull=True)
                | (~models.Q(status=HoldStatus.HELD) & models.Q(settled_at__isnull=False)),
                name="%(app_label)s_%(class)s_is_held_or_settled",
            ),
        ]
        indexes = [
            models.Index(fields=["subject", "status"]),
            models.Index(fields=["status", "hold_until"]),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} for {self.subject} ({self.status})"


class CapEntry(models.Model):
    """One line of the ledger; never changed, never deleted."""

    cap = models.ForeignKey(Cap, on_delete=models.PROTECT, related_name="entries")
    hold = models.ForeignKey(CapHold, on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=10, choices=EntryKind)
    quantity = models.PositiveBigIntegerField()
    subject = models.CharField(max_length=100)
    bucket = models.CharField(max_length=255, blank=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "cap entries"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["hold", "kind"], name="%(app_label)s_%(class)s_happens_once"
            ),
            models.UniqueConstraint(
                fields=["hold"],
                condition=models.Q(kind__in=[EntryKind.CAPTURE, EntryKind.RELEASE]),
                name="%(app_label)s_%(class)s_settles_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.quantity} for {self.subject}"
