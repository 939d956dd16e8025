"""Voice consents: what performers themselves agreed to."""

from django.db import models
from simple_history.models import HistoricalRecords

from catalog.models.fields import WordSetField
from catalog.rights.terms import UseType


class VoiceConsent(models.Model):
    """A performer's consent to the use of their voice, until it ends or is revoked."""

    performer = models.ForeignKey(
        "catalog.Party", on_delete=models.PROTECT, related_name="voice_consents"
    )
    uses = WordSetField(words=UseType, blank=False)
    territory = models.ForeignKey("catalog.TerritorySet", on_delete=models.PROTECT)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True, help_text="First day it no longer holds.")
    campaign = models.CharField(max_length=100, blank=True, help_text="Empty: any campaign.")
    revocable = models.BooleanField(default=True)
    revoked_on = models.DateField(null=True, blank=True)
    separate_writing = models.BooleanField(default=True)
    document = models.FileField(upload_to="consents/", max_length=200, blank=True)

    history = HistoricalRecords()

    class Meta:
        ordering = ["performer_id", "valid_from"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(uses=""), name="%(app_label)s_%(class)s_names_uses"
            ),
            models.CheckConstraint(
                condition=models.Q(valid_until__isnull=True)
                | models.Q(valid_until__gt=models.F("valid_from")),
                name="%(app_label)s_%(class)s_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=models.Q(revoked_on__isnull=True) | models.Q(revocable=True),
                name="%(app_label)s_%(class)s_revoked_was_revocable",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.performer} from {self.valid_from}"
