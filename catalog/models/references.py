"""Reference recordings: somebody else's songs, which must not be heard in ours."""

from pathlib import PurePosixPath

from django.db import models
from simple_history.models import HistoricalRecords

from catalog.models.fields import IdentifierField


def name_reference_file(reference: "ReferenceRecording", file_name: str) -> str:
    """Return where the audio of a reference is stored."""
    suffix = PurePosixPath(file_name).suffix.lower()
    return f"references/{reference.file_sha256[:2]}/{reference.file_sha256 or 'unhashed'}{suffix}"


class ReferenceRecording(models.Model):
    """A recording that no song may contain."""

    external_id = models.CharField(max_length=100, unique=True, verbose_name="ID")
    title = models.CharField(max_length=300)
    artist = models.CharField(max_length=200)
    isrc = IdentifierField(kind="isrc", db_index=True)
    audio = models.FileField(upload_to=name_reference_file, max_length=200)
    file_sha256 = models.CharField(max_length=64, blank=True, editable=False)
    audio_sha256 = models.CharField(max_length=64, blank=True, editable=False, db_index=True)
    duration_s = models.FloatField(null=True, editable=False, verbose_name="duration (s)")
    created_at = models.DateTimeField(auto_now_add=True)

    history = HistoricalRecords()

    class Meta:
        ordering = ["external_id"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(external_id=""), name="%(app_label)s_%(class)s_has_external_id"
            )
        ]

    def __str__(self) -> str:
        return f"{self.external_id} · {self.title}"
