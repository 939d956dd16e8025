"""What reported use takes from a cap.

A song may have taken a quantity at its approval (the plays that were asked for): use counts against that first, bucket by
bucket, and only what goes beyond is taken anew. So the ledger holds, for each song and bucket, the larger of the two.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from catalog.rights.buckets import make_bucket
from catalog.rights.terms import CapScope, CapUnit


@dataclass(frozen=True, slots=True, kw_only=True)
class DayUse:
    """How often a song was played on a day (UTC), and how many seconds of it were heard."""

    day: dt.date
    plays: int
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedCap:
    """A cap that counts plays or seconds of a song; `stems` are those the song has under its grant."""

    unit: str
    period: str
    scope: str
    stems: tuple[str, ...]
    campaign: str = ""


def fold_use(use: Iterable[DayUse], *, cap: CountedCap) -> dict[str, int]:
    """Return how much of a cap use amounts to, by bucket."""
    folded: dict[str, int] = defaultdict(int)
    stems = cap.stems if cap.scope == CapScope.STEM else ("",)
    for each in use:
        quantity = each.plays if cap.unit == CapUnit.PLAY else each.seconds
        for stem in stems:
            bucket = make_bucket(
                period=cap.period, scope=cap.scope, campaign=cap.campaign, stem=stem, on=each.day
            )
            folded[bucket] += quantity
    return dict(folded)


def compute_bookings(
    *, before: Mapping[str, int], after: Mapping[str, int], allocated: Mapping[str, int]
) -> dict[str, int]:
    """Return by how much each bucket of the ledger grows when use grows from `before` to `after`; negative: shrinks."""
    changes = {}
    for bucket in after:
        allocation = allocated.get(bucket, 0)
        change = max(0, after[bucket] - allocation) - max(0, before.get(bucket, 0) - allocation)
        if change:
            changes[bucket] = change
    return changes
