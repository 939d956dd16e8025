"""Shares: who owns how much of which right, where and when."""

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from simple_history.models import HistoricalRecords

from catalog.rights.terms import RightType
from catalog.rights.wording import name_words


class ShareRight(models.TextChoices):
    """What is owned; the words are those of `catalog.rights.terms.RightType`."""

    MASTER = RightType.MASTER.value
    PUBLISHING_PERFORMANCE = RightType.PUBLISHING_PERFORMANCE.value
    PUBLISHING_MECHANICAL = RightType.PUBLISHING_MECHANICAL.value
    SYNC = RightType.SYNC.value
    NEIGHBOURING_PERFORMER = RightType.NEIGHBOURING_PERFORMER.value
    NEIGHBOURING_PRODUCER = RightType.NEIGHBOURING_PRODUCER.value


class ShareBasis(models.TextChoices):
    """How we know."""

    CONTRACT = "contract"
    STATEMENT = "statement", "Statement of the party"
    ASSUMED_ON_IMPORT = "assumed_on_import", "Assumed on import: the artist owns everything"


class Share(models.Model):
    """A percentage of one right in a work, a recording or a stem, held by one party.

    Shares entered on a stem itself take the place of those of its recording and works.
    """

    work = models.ForeignKey(
        "catalog.Work", on_delete=models.CASCADE, related_name="shares", null=True, blank=True
    )
    recording = models.ForeignKey(
        "catalog.Recording", on_delete=models.CASCADE, related_name="shares", null=True, blank=True
    )
    stem = models.ForeignKey(
        "catalog.Stem", on_delete=models.CASCADE, related_name="shares", null=True, blank=True
    )
    right_type = models.CharField(max_length=25, choices=ShareRight)
    party = models.ForeignKey("catalog.Party", on_delete=models.PROTECT, related_name="shares")
    percent = models.DecimalField(
        max_digits=7,
        decimal_places=4,
        validators=[MinValueValidator(Decimal("0.0001")), MaxValueValidator(Decimal(100))],
    )
    territory = models.ForeignKey("catalog.TerritorySet", on_delete=models.PROTECT)
    valid_from = models.DateField(null=True, blank=True, help_text="Empty: from the beginning.")
    valid_until = models.DateField(null=True, blank=True, help_text="First day no longer held.")
    controlled = models.BooleanField(default=False, help_text="We administer this share ourselves.")
    basis = models.CharField(max_length=20, choices=ShareBasis, default=ShareBasis.CONTRACT)
    source = models.CharField(max_length=200, blank=True, help_text="Document and clause.")

    history = HistoricalRecords()

    class Meta:
        ordering = ["right_type", "id"]
        constraints = [
            models.CheckConstraint(
                condition=(
                    models.Q(work__isnull=False, recording__isnull=True, stem__isnull=True)
                    | models.Q(work__isnull=True, recording__isnull=False, stem__isnull=True)
                    | models.Q(work__isnull=True, recording__isnull=True, stem__isnull=False)
                ),
                name="%(app_label)s_%(class)s_has_one_target",
            ),
            models.CheckConstraint(
                condition=models.Q(percent__gt=0) & models.Q(percent__lte=100),
                name="%(app_label)s_%(class)s_percent_is_a_part",
            ),
            models.CheckConstraint(
                condition=models.Q(valid_until__isnull=True)
                | models.Q(valid_from__isnull=True)
                | models.Q(valid_until__gt=models.F("valid_from")),
                name="%(app_label)s_%(class)s_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.percent.normalize():f} % {name_words(self.right_type)}"
