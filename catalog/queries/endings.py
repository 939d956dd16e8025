"""What ends soon."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from catalog.models import Grant
from catalog.models.agreements import GrantStatus

# Days before the end at which legal staff want to hear of it. Source: issue 3, point 6.
BANDS_DAYS: Final = (1, 7, 30, 90)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndingBand:
    """The grants that end within so many days, and not within the band before."""

    days: int
    grants: tuple[Grant, ...]


def list_endings(*, on: date) -> tuple[EndingBand, ...]:
    """Return the grants in force that end within 1, 7, 30 and 90 days, each once."""
    ending = list(
        Grant.objects.filter(
            status__in=[GrantStatus.ACTIVE, GrantStatus.SUSPENDED],
            valid_until__gt=on,
            valid_until__lte=on + timedelta(days=BANDS_DAYS[-1]),
        )
        .select_related("agreement__licensor", "territory")
        .order_by("valid_until", "id")
    )
    bands = []
    after = on
    for days in BANDS_DAYS:
        until = on + timedelta(days=days)
        grants = tuple(g for g in ending if g.valid_until and after < g.valid_until <= until)
        bands.append(EndingBand(days=days, grants=grants))
        after = until
    return tuple(bands)
