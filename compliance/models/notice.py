"""What generators were told of the catalog: a cap nearly used up, a grant about to end. Each is said once."""

from django.db import models


class CapLevel(models.TextChoices):
    """How far a cap is used up; the words end the kinds of the events."""

    WARNING = "warning"
    EXHAUSTED = "exhausted"


class CapNotice(models.Model):
    """A balance of a cap reached a level."""

    balance = models.ForeignKey("catalog.CapBalance", on_delete=models.CASCADE, related_name="+")
    level = models.CharField(max_length=10, choices=CapLevel.choices)
    told_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["balance", "level"], name="%(app_label)s_%(class)s_is_told_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.balance_id}: {self.level}"


class GrantNotice(models.Model):
    """A grant ends within so many days."""

    grant = models.ForeignKey("catalog.Grant", on_delete=models.CASCADE, related_name="+")
    days = models.PositiveSmallIntegerField()
    told_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["grant", "days"], name="%(app_label)s_%(class)s_is_told_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.grant_id}: {self.days} days"
