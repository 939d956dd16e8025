"""What somebody wants to do with a song: where, how, when."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date

from catalog.rights.terms import StemEdit, UseType
from catalog.rights.territories import ALL_TERRITORIES, InvalidTerritory, expand_territories


class InvalidIntendedUse(ValueError):
    """The intended use cannot be asked about."""

    def __init__(self, *, field_name: str, value: object, expected: str) -> None:
        """Keep which field was wrong and what it should have been."""
        super().__init__(f"{field_name}: got {value!r}, expected {expected}")
        self.field_name = field_name
        self.value = value
        self.expected = expected


@dataclass(frozen=True, slots=True, kw_only=True)
class IntendedUse:
    """Territories, uses and the half-open period [starts_on, ends_on), with what else grants may depend on.

    `Worldwide` among the territories is expanded. Optional facts left empty are unknown, and a grant that depends on one
    of them does not apply: missing facts deny.

    Raises
    ------
    InvalidIntendedUse : if nothing is asked for, a word is unknown or the period is empty
    """

    territories: frozenset[str]
    uses: frozenset[str]
    starts_on: date
    ends_on: date
    languages: frozenset[str] = frozenset()
    media: frozenset[str] = frozenset()
    themes: frozenset[str] = frozenset()
    campaign: str = ""
    brand: str = ""
    product_category: str = ""
    model_version: str = ""
    replicates_voice: bool = False
    plays: int | None = None
    seconds: int | None = None
    edits: Mapping[str, StemEdit] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Expand the territories and check what was asked."""
        if not self.territories:
            raise InvalidIntendedUse(
                field_name="territories",
                value=[],
                expected="at least one country code, or Worldwide",
            )
        if not self.territories <= ALL_TERRITORIES:
            try:
                object.__setattr__(self, "territories", expand_territories(self.territories))
            except InvalidTerritory as error:
                raise InvalidIntendedUse(
                    field_name="territories",
                    value=error.text,
                    expected="ISO 3166-1 alpha-2 codes, or Worldwide",
                ) from error
        known_uses = {str(use) for use in UseType}
        if not self.uses or not self.uses <= known_uses:
            raise InvalidIntendedUse(
                field_name="uses",
                value=sorted(self.uses - known_uses),
                expected=f"at least one of {', '.join(sorted(known_uses))}",
            )
        if self.starts_on >= self.ends_on:
            raise InvalidIntendedUse(
                field_name="ends_on",
                value=self.ends_on.isoformat(),
                expected=f"a day after starts_on, {self.starts_on.isoformat()}",
            )


def make_intended_use(
    *,
    territories: Collection[str],
    uses: Collection[str],
    starts_on: date,
    ends_on: date,
    campaign: str = "",
) -> IntendedUse:
    """Return an intended use from plain lists."""
    return IntendedUse(
        territories=frozenset(territories),
        uses=frozenset(uses),
        starts_on=starts_on,
        ends_on=ends_on,
        campaign=campaign,
    )
