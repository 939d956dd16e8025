"""Twins: recordings in the catalog that sound alike, and what people settled about each pair."""

from django.conf import settings
from django.db import models
from simple_history.models import HistoricalRecords

from catalog.models.music import Stem
from catalog.models.references import ReferenceRecording


class TwinKind(models.TextChoices):
    """How alike two recordings are."""

    EXACT = "exact", "Same samples"
    NEAR_IDENTICAL = "near_identical", "Same recording, encoded or edited anew"
    SHARES_AUDIO = "shares_audio", "Part of it is the same"


# Twins of these kinds keep a stem from being activated until somebody settles which counts; sharing a part of a recording
# is usual among the stems of one song and is shown only.
BLOCKING_KINDS = (TwinKind.EXACT, TwinKind.NEAR_IDENTICAL)


class TwinVerdict(models.TextChoices):
    """What people settled."""

    OPEN = "open", "Not settled"
    BOTH_COUNT = "both_count", "Both count"
    OTHER_COUNTS = "other_counts", "The other counts: this stem is withdrawn"
    NO_TWIN = "no_twin", "No twin: the match is wrong"


class StemTwin(models.Model):
    """A stem that sounds like a recording that was there before it: another stem, or a reference."""

    stem = models.ForeignKey("catalog.Stem", on_delete=models.CASCADE, related_name="twins")
    other_stem = models.ForeignKey(
        "catalog.Stem", on_delete=models.CASCADE, related_name="twin_of", null=True, blank=True
    )
    other_reference = models.ForeignKey(
        "catalog.ReferenceRecording",
        on_delete=models.CASCADE,
        related_name="twin_of",
        null=True,
        blank=True,
    )
    kind = models.CharField(max_length=15, choices=TwinKind)
    score = models.FloatField(
        null=True, blank=True, help_text="How much of the fingerprint agrees, 0 to 1."
    )
    found_at = models.DateTimeField(auto_now_add=True)
    verdict = models.CharField(max_length=15, choices=TwinVerdict, default=TwinVerdict.OPEN)
    note = models.CharField(max_length=300, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    settled_at = models.DateTimeField(null=True, blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = "twin"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(other_stem__isnull=False, other_reference__isnull=True)
                | models.Q(other_stem__isnull=True, other_reference__isnull=False),
                name="%(app_label)s_%(class)s_has_one_other",
            ),
            models.CheckConstraint(
                condition=models.Q(other_stem__isnull=True)
                | ~models.Q(stem=models.F("other_stem")),
                name="%(app_label)s_%(class)s_is_another",
            ),
            models.CheckConstraint(
                condition=models.Q(score__isnull=True) | models.Q(score__gte=0, score__lte=1),
                name="%(app_label)s_%(class)s_score_is_a_part",
            ),
            models.CheckConstraint(
                condition=models.Q(verdict=TwinVerdict.OPEN, settled_at__isnull=True)
                | (~models.Q(verdict=TwinVerdict.OPEN) & models.Q(settled_at__isnull=False)),
                name="%(app_label)s_%(class)s_is_open_or_settled",
            ),
            models.UniqueConstraint(
                fields=["stem", "other_stem"], name="%(app_label)s_%(class)s_stem_is_named_once"
            ),
            models.UniqueConstraint(
                fields=["stem", "other_reference"],
                name="%(app_label)s_%(class)s_reference_is_named_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stem.external_id} and {self.other.external_id}"

    @property
    def other(self) -> Stem | ReferenceRecording:
        """Return what the stem sounds like."""
        other = self.other_stem or self.other_reference
        assert other is not None  # noqa: S101 - a constraint of the table says so
        return other

    @property
    def blocks(self) -> bool:
        """Tell whether the stem waits for somebody to settle it."""
        return self.verdict == TwinVerdict.OPEN and self.kind in BLOCKING_KINDS
