"""What a licensor is owed under a grant."""

from decimal import Decimal

import pycountry
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from simple_history.models import HistoricalRecords

PERCENT = Decimal(100)


class FeeKind(models.TextChoices):
    """What a fee is paid for."""

    FLAT = "flat", "Flat, once"
    PER_SONG = "per_song", "Per approved song"
    PER_PLAY = "per_play", "Per play"
    REV_SHARE = "rev_share", "Share of revenue (%)"


def check_currency(code: str) -> None:
    """Refuse what is no ISO 4217 code.

    Raises
    ------
    ValidationError : if it is none
    """
    if pycountry.currencies.get(alpha_3=code) is None:
        raise ValidationError(f"{code!r} is no ISO 4217 currency, such as EUR.")


class Fee(models.Model):
    """One fee of a grant, entered with the draft; like its terms it does not change once the grant is active."""

    grant = models.ForeignKey("catalog.Grant", on_delete=models.PROTECT, related_name="fees")
    kind = models.CharField(max_length=10, choices=FeeKind)
    amount = models.DecimalField(
        max_digits=14, decimal_places=4, validators=[MinValueValidator(Decimal(0))],
        help_text="In the currency; of a share of revenue: percent.",
    )  # fmt: skip
    currency = models.CharField(
        max_length=3, validators=[check_currency], help_text="ISO 4217, such as EUR."
    )
    payee = models.ForeignKey(
        "catalog.Party", on_delete=models.PROTECT, related_name="fees", null=True, blank=True,
        help_text="Empty: the licensor.",
    )  # fmt: skip

    history = HistoricalRecords()

    class Meta:
        ordering = ["grant_id", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["grant", "kind", "currency", "payee"],
                condition=models.Q(payee__isnull=False),
                name="%(app_label)s_%(class)s_of_a_payee_is_agreed_once",
            ),
            models.UniqueConstraint(
                fields=["grant", "kind", "currency"],
                condition=models.Q(payee__isnull=True),
                name="%(app_label)s_%(class)s_of_the_licensor_is_agreed_once",
            ),
            models.CheckConstraint(
                condition=models.Q(amount__gte=0), name="%(app_label)s_%(class)s_is_not_negative"
            ),
            models.CheckConstraint(
                condition=~models.Q(kind=FeeKind.REV_SHARE) | models.Q(amount__lte=100),
                name="%(app_label)s_%(class)s_shares_at_most_everything",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.amount.normalize():f} {self.currency}"

    def clean(self) -> None:
        """Refuse a share above 100 %."""
        if self.kind == FeeKind.REV_SHARE:
            MaxValueValidator(PERCENT)(self.amount)
