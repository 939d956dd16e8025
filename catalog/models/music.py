"""Works, recordings of them, and stems, which are components of recordings."""

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from simple_history.models import HistoricalRecords

from catalog.models.fields import IdentifierField, WordSetField
from catalog.rights.terms import StemState

if TYPE_CHECKING:
    from catalog.models.agreements import Grant


class StemStatus(models.TextChoices):
    """Where a stem stands; the words are those of `catalog.rights.terms.StemState`."""

    DRAFT = StemState.DRAFT.value
    IN_REVIEW = StemState.IN_REVIEW.value
    ACTIVE = StemState.ACTIVE.value
    SUSPENDED = StemState.SUSPENDED.value
    WITHDRAWN = StemState.WITHDRAWN.value


# From -> where a stem may go. Withdrawn is for good.
STEM_TRANSITIONS: dict[str, frozenset[str]] = {
    StemStatus.DRAFT: frozenset({StemStatus.IN_REVIEW, StemStatus.ACTIVE, StemStatus.WITHDRAWN}),
    StemStatus.IN_REVIEW: frozenset({StemStatus.ACTIVE, StemStatus.DRAFT, StemStatus.WITHDRAWN}),
    # A new audio file sends an active stem back to review.
    StemStatus.ACTIVE: frozenset(
        {StemStatus.SUSPENDED, StemStatus.IN_REVIEW, StemStatus.WITHDRAWN}
    ),
    StemStatus.SUSPENDED: frozenset({StemStatus.ACTIVE, StemStatus.WITHDRAWN}),
    StemStatus.WITHDRAWN: frozenset(),
}


class StemRole(models.TextChoices):
    """What a stem plays; the words of a file are kept beside it in `role_text`."""

    VOCAL_LEAD = "vocal_lead"
    VOCAL_BACKING = "vocal_backing"
    DRUMS = "drums"
    BASS = "bass"
    GUITAR = "guitar"
    KEYS = "keys"
    STRINGS = "strings"
    SYNTH = "synth"
    FX = "fx"
    OTHER = "other"


class Exclusivity(models.TextChoices):
    """Whether others may license the same stem."""

    EXCLUSIVE = "exclusive"
    NON_EXCLUSIVE = "non_exclusive"


class Work(models.Model):
    """A composition, with or without words."""

    title = models.CharField(max_length=300)
    iswc = IdentifierField(kind="iswc", unique=True)
    language = models.CharField(max_length=20, blank=True, help_text="BCP 47 code of the lyrics.")

    history = HistoricalRecords()

    class Meta:
        ordering = ["title", "id"]

    def __str__(self) -> str:
        return self.title


class Recording(models.Model):
    """A performance of works, fixed once: remixes and edits are recordings of their own."""

    title = models.CharField(max_length=300)
    version = models.CharField(max_length=100, blank=True)
    isrc = IdentifierField(kind="isrc", unique=True)
    artist = models.ForeignKey(
        "catalog.Party", on_delete=models.PROTECT, related_name="recordings", null=True, blank=True
    )
    works = models.ManyToManyField("catalog.Work", related_name="recordings", blank=True)
    duration_s = models.FloatField(null=True, blank=True, verbose_name="duration (s)")
    bpm = models.FloatField(null=True, blank=True, verbose_name="BPM")
    key = models.CharField(max_length=20, blank=True)
    p_line = models.CharField(max_length=200, blank=True, verbose_name="℗ line")
    c_line = models.CharField(max_length=200, blank=True, verbose_name="© line")

    history = HistoricalRecords()

    class Meta:
        ordering = ["title", "id"]

    def __str__(self) -> str:
        return f"{self.title} ({self.version})" if self.version else self.title


class StemManager(models.Manager["Stem"]):
    """Finds the stems a grant is about."""

    def under(self, grant: "Grant") -> models.QuerySet["Stem"]:
        """Return the stems that a grant names, directly or through their recording, each once."""
        # Two look-ups by index: joining both at once reads the whole catalog, minutes in a large one.
        named = self.filter(grant_targets__grant=grant).order_by().values("pk")
        by_recording = self.filter(recording__grant_targets__grant=grant).order_by().values("pk")
        return self.filter(pk__in=named.union(by_recording))


def name_stem_file(stem: "Stem", file_name: str) -> str:
    """Return where the audio of a stem is stored; a new file gets a new name, so an old one is never overwritten."""
    suffix = PurePosixPath(file_name).suffix.lower()
    return f"stems/{stem.file_sha256[:2]}/{stem.file_sha256 or 'unhashed'}{suffix}"


class Stem(models.Model):
    """A licensed component of a recording: what generators build songs from."""

    external_id = models.CharField(
        max_length=100,
        unique=True,
        verbose_name="ID",
        help_text="What generators call it; never changes.",
    )
    title = models.CharField(max_length=300)
    artist = models.ForeignKey("catalog.Party", on_delete=models.PROTECT, related_name="stems")
    recording = models.ForeignKey(
        Recording, on_delete=models.PROTECT, related_name="stems", null=True, blank=True
    )
    status = models.CharField(max_length=10, choices=StemStatus, default=StemStatus.DRAFT)
    status_note = models.CharField(max_length=300, blank=True)

    role = models.CharField(max_length=20, choices=StemRole, default=StemRole.OTHER)
    role_text = models.CharField(
        max_length=100, blank=True, help_text="The role in the supplier's words."
    )
    instrument = models.CharField(max_length=100, blank=True)
    has_voice = models.BooleanField(
        default=False, help_text="A voice can be heard: the voice side needs a permission too."
    )
    performers = models.ManyToManyField("catalog.Party", related_name="performed_stems", blank=True)
    genre = models.CharField(max_length=100, blank=True)
    language = models.CharField(max_length=20, blank=True, help_text="BCP 47 code, if sung.")
    bpm = models.FloatField(null=True, blank=True, verbose_name="BPM")
    key = models.CharField(max_length=20, blank=True)
    exclusivity = models.CharField(
        max_length=15, choices=Exclusivity, default=Exclusivity.NON_EXCLUSIVE
    )
    third_party_samples = WordSetField(
        help_text="Sources of samples inside the stem, with commas between them."
    )

    audio = models.FileField(upload_to=name_stem_file, max_length=200)
    file_sha256 = models.CharField(max_length=64, blank=True, editable=False)
    audio_sha256 = models.CharField(
        max_length=64,
        blank=True,
        editable=False,
        db_index=True,
        help_text="Of the decoded samples.",
    )
    duration_s = models.FloatField(null=True, editable=False, verbose_name="duration (s)")
    sample_rate_hz = models.PositiveIntegerField(null=True, editable=False)
    channels = models.PositiveSmallIntegerField(null=True, editable=False)
    loudness_lufs = models.FloatField(
        null=True,
        editable=False,
        verbose_name="loudness (LUFS)",
        help_text="EBU R 128, integrated.",
    )
    true_peak_db = models.FloatField(null=True, editable=False, verbose_name="true peak (dB)")
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[StemManager] = StemManager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["external_id"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(external_id=""), name="%(app_label)s_%(class)s_has_external_id"
            ),
            models.CheckConstraint(
                condition=~models.Q(status=StemStatus.ACTIVE) | ~models.Q(audio_sha256=""),
                name="%(app_label)s_%(class)s_active_has_verified_audio",
            ),
        ]
        indexes = [models.Index(fields=["status", "id"]), models.Index(fields=["genre"])]

    def __str__(self) -> str:
        return f"{self.external_id} · {self.title}"
