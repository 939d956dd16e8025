"""Use of approved songs as generators report it, and the reports to licensors that were closed."""

from django.db import models

from compliance.identifiers import new_usage_report_id
from compliance.models.approval import Approval
from compliance.models.generator import Generator


class UsageKind(models.TextChoices):
    """What was done with a song."""

    PLAY = "play"
    DOWNLOAD = "download"
    SHARE = "share"


class UsageEvent(models.Model):
    """One line of reported use. Never changed: a correction is a further line, with a negative quantity."""

    generator = models.ForeignKey(Generator, on_delete=models.PROTECT, related_name="usage_events")
    event_id = models.CharField(max_length=100, help_text="The generator's own; counted once.")
    batch = models.CharField(max_length=40, help_text="The request it came with.")
    approval = models.ForeignKey(Approval, on_delete=models.PROTECT, related_name="usage_events")
    kind = models.CharField(max_length=10, choices=UsageKind)
    at = models.DateTimeField()
    day = models.DateField(help_text="Of `at`, UTC: what caps by day and month count for.")
    territory = models.CharField(max_length=2)
    channel = models.CharField(max_length=60, blank=True, db_default="")
    quantity = models.BigIntegerField()
    seconds = models.BigIntegerField(help_text="Heard in all; 0 unless it is a play.")
    is_licensed = models.BooleanField(help_text="The approval held when it happened.")
    received_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["approval", "kind", "day"], name="usage_of_approval"),
            models.Index(fields=["received_at"], name="usage_by_receipt"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["generator", "event_id"], name="%(app_label)s_%(class)s_counts_once"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=UsageKind.values),
                name="%(app_label)s_%(class)s_kind_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} {self.kind} of {self.approval_id}"


class UsageReportRow(models.Model):
    """A closed report to one licensor. Never changed: what comes later is in the next one, as an adjustment."""

    public_id = models.CharField(
        max_length=40, unique=True, default=new_usage_report_id, editable=False
    )
    licensor = models.ForeignKey(
        "catalog.Party", on_delete=models.PROTECT, related_name="usage_reports"
    )
    starts_on = models.DateField()
    ends_on = models.DateField(help_text="First day no longer in it.")
    content = models.JSONField()
    content_sha256 = models.CharField(
        max_length=64, help_text="SHA-256 of the canonical JSON (RFC 8785) of the content."
    )
    closed_at = models.DateTimeField()
    closed_by = models.CharField(max_length=150)

    class Meta:
        verbose_name = "usage report"
        ordering = ["-ends_on", "licensor_id"]
        permissions = [("close_usagereport", "Can close usage reports")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_on__gt=models.F("starts_on")),
                name="%(app_label)s_%(class)s_ends_after_it_starts",
            ),
            models.UniqueConstraint(
                fields=["licensor", "starts_on"], name="%(app_label)s_%(class)s_is_closed_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.licensor} {self.starts_on} to {self.ends_on}"
