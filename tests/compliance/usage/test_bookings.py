"""What use takes from a cap: beyond what was taken at approval, bucket by bucket, in whatever order it comes."""

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from compliance.usage.bookings import CountedCap, DayUse, compute_bookings, fold_use

DAYS = [dt.date(2026, 11, 29) + dt.timedelta(days=n) for n in range(4)]
use = st.builds(
    DayUse, day=st.sampled_from(DAYS), plays=st.integers(0, 50), seconds=st.integers(0, 900)
)
caps = st.builds(
    CountedCap,
    unit=st.sampled_from(["play", "second"]),
    period=st.sampled_from(["total", "day", "month"]),
    scope=st.sampled_from(["grant", "stem"]),
    stems=st.sampled_from([("a",), ("a", "b")]),
)


def make_cap(**changes) -> CountedCap:
    facts = {"unit": "play", "period": "total", "scope": "grant", "stems": ("a", "b")}
    return CountedCap(**facts | changes)


def make_use(day=DAYS[0], plays=3, seconds=90) -> DayUse:
    return DayUse(day=day, plays=plays, seconds=seconds)


def test_use_folds_into_the_buckets_of_the_cap():
    both = [make_use(), make_use(day=DAYS[3])]
    assert fold_use(both, cap=make_cap()) == {"": 6}
    assert fold_use(both, cap=make_cap(unit="second")) == {"": 180}
    assert fold_use(both, cap=make_cap(period="month")) == {"2026-11": 3, "2026-12": 3}
    assert fold_use(both, cap=make_cap(period="day"))["2026-12-02"] == 3
    assert fold_use(both, cap=make_cap(scope="stem")) == {"stem a": 6, "stem b": 6}


def test_what_a_song_took_at_its_approval_is_used_up_first():
    assert compute_bookings(before={}, after={"": 80}, allocated={"": 100}) == {}
    assert compute_bookings(before={"": 80}, after={"": 130}, allocated={"": 100}) == {"": 30}
    assert compute_bookings(before={"": 130}, after={"": 90}, allocated={"": 100}) == {"": -30}


@given(
    cap=caps,
    batches=st.lists(st.lists(use, max_size=4), max_size=6),
    allocation=st.integers(0, 120),
)
def test_however_use_is_split_into_batches_the_ledger_ends_the_same(cap, batches, allocation):
    everything = fold_use([each for batch in batches for each in batch], cap=cap)
    allocated = dict.fromkeys(everything, allocation)
    ledger = dict.fromkeys(everything, 0)
    past: list[DayUse] = []
    for batch in batches:
        changes = compute_bookings(
            before=fold_use(past, cap=cap),
            after=fold_use([*past, *batch], cap=cap),
            allocated=allocated,
        )
        for bucket, change in changes.items():
            ledger[bucket] += change
        past += batch
    assert ledger == {bucket: max(0, n - allocation) for bucket, n in everything.items()}
