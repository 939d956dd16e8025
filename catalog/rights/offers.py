"""What a stem is offered for: where and when each use has a permission on every side that needs one.

An offer is a rectangle of territories and days in which, for one use, every required side has a permission throughout. It is
what a look-up can be made from; whether a use clears is for the evaluation to say, which also asks for everything else
(shares, prohibitions, campaigns, caps, ...). So no use that clears lies outside the offers.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import pairwise

from catalog.rights.coverage import FOREVER
from catalog.rights.terms import Side


@dataclass(frozen=True, slots=True)
class Permitted:
    """One permission, as far as offers depend on it; the period is half-open."""

    sides: frozenset[str]
    uses: frozenset[str]
    territories: frozenset[str]
    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Territories and the half-open period in which one use is permitted on every side."""

    use: str
    territories: frozenset[str]
    starts_on: date
    ends_on: date


@lru_cache(maxsize=8192)
def list_offers(permissions: frozenset[Permitted], *, sides: tuple[Side, ...]) -> tuple[Offer, ...]:
    """Return the largest rectangles of each use: none can be longer without losing territories."""
    uses = sorted({use for permission in permissions for use in permission.uses})
    return tuple(offer for use in uses for offer in _list_offers_of_use(permissions, sides, use))


def _list_offers_of_use(
    permissions: Collection[Permitted], sides: tuple[Side, ...], use: str
) -> Iterator[Offer]:
    held = [permission for permission in permissions if use in permission.uses]
    days = sorted({day for one in held for day in (one.starts_on, one.ends_on)})
    stretches = [
        (first, last, _find_territories(held, sides=sides, first=first, last=last))
        for first, last in pairwise(days)
    ]
    for index, (first, _, at_first) in enumerate(stretches):
        before = stretches[index - 1][2] if index else frozenset()
        common = at_first
        for place in range(index, len(stretches)):
            common &= stretches[place][2]
            if not common:
                break
            after = stretches[place + 1][2] if place + 1 < len(stretches) else frozenset()
            if not common <= before and not common <= after:
                yield Offer(
                    use=use, territories=common, starts_on=first, ends_on=stretches[place][1]
                )


def _find_territories(
    held: Collection[Permitted], *, sides: tuple[Side, ...], first: date, last: date
) -> frozenset[str]:
    """Return where every side is permitted in a stretch in which no permission starts or ends."""
    live = [one for one in held if one.starts_on <= first and one.ends_on >= last]
    found: frozenset[str] | None = None
    for side in sides:
        of_side = frozenset().union(*(one.territories for one in live if side in one.sides))
        found = of_side if found is None else found & of_side
    return found or frozenset()


def make_permitted(
    *,
    sides: Collection[str],
    uses: Collection[str],
    territories: frozenset[str],
    starts_on: date,
    ends_on: date | None,
) -> Permitted:
    """Return a permission; without an end it runs for ever."""
    return Permitted(
        sides=frozenset(sides),
        uses=frozenset(uses),
        territories=territories,
        starts_on=starts_on,
        ends_on=ends_on or FOREVER,
    )
