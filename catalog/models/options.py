"""What a licensee may still claim under a grant, until a day."""

from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models
from simple_history.models import HistoricalRecords

from catalog.models.fees import check_currency


class OptionExtends(models.TextChoices):
    """What an option makes larger."""

    TERM = "term", "The term"
    TERRITORY = "territory", "The territories"
    USES = "uses", "The uses or media"


class Option(models.Model):
    """A right to more, agreed with a grant; exercised or lost by a day. What it gives is then a grant of its own.

    It is entered with the draft; once the grant is active nothing but the day it was exercised is added.
    """

    grant = models.ForeignKey("catalog.Grant", on_delete=models.PROTECT, related_name="options")
    extends = models.CharField(max_length=10, choices=OptionExtends)
    gives = models.CharField(
        max_length=200, help_text="In the words of the contract: two more years; also US, CA."
    )
    exercise_by = models.DateField(help_text="Last day on which it can be exercised.")
    amount = models.DecimalField(
        max_digits=14, decimal_places=4, null=True, blank=True, validators=[MinValueValidator(Decimal(0))],
        verbose_name="fee", help_text="Owed when it is exercised; empty: nothing.",
    )  # fmt: skip
    currency = models.CharField(
        max_length=3, blank=True, validators=[check_currency], help_text="ISO 4217, such as EUR."
    )
    exercised_on = models.DateField(null=True, blank=True, editable=False)

    history = HistoricalRecords()

    class Meta:
        ordering = ["exercise_by", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["grant", "extends", "exercise_by", "gives"],
                name="%(app_label)s_%(class)s_is_agreed_once",
            ),
            models.CheckConstraint(
                condition=models.Q(exercised_on__isnull=True)
                | models.Q(exercised_on__lte=models.F("exercise_by")),
                name="%(app_label)s_%(class)s_is_exercised_in_time",
            ),
            models.CheckConstraint(
                condition=models.Q(amount__isnull=True) | ~models.Q(currency=""),
                name="%(app_label)s_%(class)s_fee_has_a_currency",
                violation_error_message="A fee needs its currency.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_extends_display()}: {self.gives}"

    @property
    def fee(self) -> str:
        """Return what it costs to exercise it."""
        return "none" if self.amount is None else f"{self.amount.normalize():f} {self.currency}"
