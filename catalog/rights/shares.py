"""Whether the shares of a right add to 100 in every territory on every day."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Final

from catalog.rights.terms import RightType, ShareTerms

# Percent points by which a sum may miss 100: rounding in contracts with thirds and sevenths. Source: issue 3, point 2.
SHARE_TOLERANCE: Final = Decimal("0.01")
FULL: Final = Decimal(100)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareGap:
    """Where and when the shares of a right do not add to 100; `total` says to what they do."""

    right_type: RightType
    territories: frozenset[str]
    starts_on: date
    ends_on: date
    total: Decimal

    @property
    def is_overlap(self) -> bool:
        """Tell whether more than everything has been given away."""
        return self.total > FULL


def find_share_gaps(
    *,
    shares: Collection[ShareTerms],
    right_type: RightType,
    territories: frozenset[str],
    starts_on: date,
    ends_on: date,
) -> tuple[ShareGap, ...]:
    """Return every part of territories and [starts_on, ends_on) in which the shares miss 100, by date."""
    held = [share for share in shares if share.right_type == right_type]
    cuts = {starts_on, ends_on}
    for share in held:
        cuts |= {
            day for day in (share.starts_on, share.ends_on) if day and starts_on < day < ends_on
        }
    days = sorted(cuts)
    gaps: list[ShareGap] = []
    for first, last in pairwise(days):
        live = [
            share
            for share in held
            if (share.starts_on is None or share.starts_on <= first)
            and (share.ends_on is None or share.ends_on >= last)
        ]
        for part, total in _sum_by_territory(live, territories):
            if abs(total - FULL) > SHARE_TOLERANCE:
                gaps.append(
                    ShareGap(
                        right_type=right_type,
                        territories=part,
                        starts_on=first,
                        ends_on=last,
                        total=total,
                    )
                )
    return _join_in_time(gaps)


def _sum_by_territory(
    shares: Collection[ShareTerms], territories: frozenset[str]
) -> list[tuple[frozenset[str], Decimal]]:
    """Return the territories in parts of one sum each."""
    parts: list[tuple[frozenset[str], Decimal]] = [(territories, Decimal(0))]
    for share in shares:
        divided = []
        for part, total in parts:
            inside = part & share.territories
            if inside:
                divided.append((inside, total + share.percent))
            if len(inside) < len(part):
                divided.append((part - inside, total))
        parts = divided
    merged: dict[Decimal, frozenset[str]] = {}
    for part, total in parts:
        merged[total] = merged.get(total, frozenset()) | part
    return [(part, total) for total, part in merged.items()]


def _join_in_time(gaps: list[ShareGap]) -> tuple[ShareGap, ...]:
    """Return the gaps with neighbors in time of the same extent made one."""
    joined: list[ShareGap] = []
    for gap in gaps:
        for index, earlier in enumerate(joined):
            if (earlier.ends_on, earlier.territories, earlier.total) == (
                gap.starts_on,
                gap.territories,
                gap.total,
            ):
                joined[index] = ShareGap(
                    right_type=gap.right_type,
                    territories=gap.territories,
                    starts_on=earlier.starts_on,
                    ends_on=gap.ends_on,
                    total=gap.total,
                )
                break
        else:
            joined.append(gap)
    return tuple(joined)
