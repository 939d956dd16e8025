"""Fingerprints of everything a song is compared with, and the indexes built of them."""

from django.db import models


class Collection(models.TextChoices):
    """What an index holds."""

    RECORDINGS = "recordings"  # stems and references
    SONGS = "songs"  # approved submissions


class AudioFingerprint(models.Model):
    """The fingerprint of one stem, reference or approved song, as one version of the algorithm made it."""

    collection = models.CharField(
        max_length=10,
        choices=Collection.choices,
        default=Collection.RECORDINGS,
        db_default=Collection.RECORDINGS,
    )
    key = models.CharField(
        max_length=140, help_text="stem:<external id>, reference:<external id> or song:<public id>"
    )
    file_sha256 = models.CharField(max_length=64, help_text="Of the audio file it was made from.")
    version = models.PositiveIntegerField()
    data = models.BinaryField(help_text="As RecordingFingerprint.to_bytes writes it.")
    duration_s = models.FloatField()
    error = models.TextField(blank=True, db_default="", help_text="Why there is no fingerprint.")
    segment = models.CharField(
        max_length=40, blank=True, db_default="", db_index=True, help_text="Where it is published."
    )
    compared_at = models.DateTimeField(
        null=True, help_text="When the recordings that share audio with it were looked for."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["key", "file_sha256", "version"],
                name="%(app_label)s_%(class)s_is_made_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.key} ({self.version})"


class IndexGeneration(models.Model):
    """One published index: a list of immutable segments in storage. The newest row is the one in use."""

    collection = models.CharField(
        max_length=10,
        choices=Collection.choices,
        default=Collection.RECORDINGS,
        db_default=Collection.RECORDINGS,
    )
    stamp = models.CharField(
        max_length=20, db_default="1.1", help_text="Versions of the segments' format and content."
    )
    segments = models.JSONField(help_text="Names of the segments, oldest first; a later one wins.")
    n_recordings = models.PositiveIntegerField()
    # One successor each: of two builders that started from the same generation, the second one's publication fails.
    previous = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="successor"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"index {self.pk}: {self.n_recordings} recordings in {len(self.segments)} segments"

    @property
    def version(self) -> str:
        """Name the generation in reports."""
        return f"index-{self.pk}"
