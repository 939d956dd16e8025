"""Verifications: what was measured in a song, as it was measured."""

from django.db import models

from compliance.models.submission import Submission


class Verification(models.Model):
    """A snapshot: report, limits, versions. Never changed; a newer engine adds a newer row."""

    submission = models.ForeignKey(
        Submission, on_delete=models.PROTECT, related_name="verifications"
    )
    outcome = models.CharField(max_length=20)
    reasons = models.JSONField(default=list)
    report = models.JSONField()
    engine_version = models.CharField(max_length=40)
    index_version = models.CharField(max_length=80, blank=True, db_default="")
    timeline_svg = models.TextField(
        blank=True, db_default="", help_text="The picture of the report."
    )
    duration_s = models.FloatField(help_text="Wall time of the verification, in seconds.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.submission_id}: {self.outcome}"
