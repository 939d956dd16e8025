"""What active stems are offered for, worked out from their grants so that stems can be found by it."""

from django.db import models

from catalog.models.music import StemRole


class Availability(models.Model):
    """One use of one active stem: where and when every required side has a permission.

    Rows follow from the grants and the stem; `catalog.services.availability` writes them in the transaction that changes
    either. What stems are looked for by is repeated here, so that a page is found in one table.
    """

    stem = models.ForeignKey("catalog.Stem", on_delete=models.CASCADE, related_name="availability")
    use = models.CharField(max_length=30)
    territory = models.ForeignKey("catalog.TerritorySet", on_delete=models.PROTECT)
    starts_on = models.DateField()
    ends_on = models.DateField(
        help_text="First day no longer available; the last day there is: open."
    )
    external_id = models.CharField(max_length=100)
    genre = models.CharField(max_length=100, blank=True)
    role = models.CharField(max_length=20, choices=StemRole)
    key = models.CharField(max_length=20, blank=True)
    bpm = models.FloatField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "availability"
        ordering = ["external_id", "use"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_on__gt=models.F("starts_on")),
                name="%(app_label)s_%(class)s_ends_after_it_starts",
            )
        ]
        indexes = [
            models.Index(fields=["use", "external_id"], name="availability_by_id"),
            models.Index(fields=["use", "genre", "external_id"], name="availability_by_genre"),
            models.Index(fields=["use", "key", "external_id"], name="availability_by_key"),
            models.Index(fields=["use", "role", "external_id"], name="availability_by_role"),
            models.Index(fields=["use", "bpm"], name="availability_by_bpm"),
            models.Index(fields=["use", "territory"], name="availability_by_territory"),
        ]

    def __str__(self) -> str:
        return f"{self.external_id}: {self.use} from {self.starts_on} until {self.ends_on}"
