"""Territory expressions, each stored once: what was agreed, and the countries it comes down to."""

from typing import ClassVar

from django.db import models

from catalog.models.fields import WordSetField
from catalog.rights.territories import describe_territories, parse_territories


class TerritorySetManager(models.Manager["TerritorySet"]):
    """Finds or makes the row of an expression."""

    def get_for(self, expression: str) -> "TerritorySet":
        """Return the set for an expression as people write it.

        Raises
        ------
        InvalidTerritory : if it names an unknown country or includes nothing
        """
        parsed = parse_territories(expression)
        row, _ = self.get_or_create(
            signed=parsed.signed, defaults={"leaves": tuple(sorted(parsed.leaves))}
        )
        return row


class TerritorySet(models.Model):
    """One expression; grants and shares with the same territories point at the same row."""

    signed = models.TextField(unique=True, editable=False)
    leaves = WordSetField(editable=False)

    objects: ClassVar[TerritorySetManager] = TerritorySetManager()

    class Meta:
        ordering = ["signed"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(leaves=""), name="%(app_label)s_%(class)s_has_leaves"
            )
        ]

    def __str__(self) -> str:
        return describe_territories(self.leaves)
