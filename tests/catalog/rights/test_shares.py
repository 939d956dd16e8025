from dataclasses import replace
from datetime import date
from decimal import Decimal

from catalog.rights.shares import find_share_gaps
from catalog.rights.terms import RightType
from tests.catalog.rights.facts import ENDS_ON, STARTS_ON, make_share

DE_AT = frozenset({"DE", "AT"})


def find(*shares, territories=DE_AT, starts_on=STARTS_ON, ends_on=ENDS_ON):
    return find_share_gaps(
        shares=shares,
        right_type=RightType.MASTER,
        territories=territories,
        starts_on=starts_on,
        ends_on=ends_on,
    )


def test_shares_that_add_to_100_leave_no_gap():
    assert find(make_share(RightType.MASTER, 60), make_share(RightType.MASTER, 40)) == ()


def test_rounding_of_thirds_is_within_the_tolerance_and_a_hundredth_more_is_not():
    thirds = [make_share(RightType.MASTER, "33.33") for _ in range(3)]
    assert find(*thirds) == ()
    (gap,) = find(*thirds[:2], make_share(RightType.MASTER, "33.32"))
    assert gap.total == Decimal("99.98")


def test_no_shares_at_all_are_a_gap_of_everything():
    (gap,) = find()
    assert (gap.total, gap.territories, gap.starts_on, gap.ends_on) == (
        0,
        DE_AT,
        STARTS_ON,
        ENDS_ON,
    )


def test_shares_of_another_right_do_not_count():
    (gap,) = find(make_share(RightType.SYNC))
    assert gap.total == 0


def test_a_gap_is_found_in_the_territory_it_is_in():
    (gap,) = find(
        make_share(RightType.MASTER, 50),
        make_share(RightType.MASTER, 50, territories=frozenset({"DE"})),
    )
    assert gap.territories == {"AT"}
    assert gap.total == 50


def test_an_overlap_is_found_for_the_days_it_lasts():
    whole = make_share(RightType.MASTER, 100)
    extra = replace(
        whole, percent=Decimal(10), starts_on=date(2026, 12, 10), ends_on=date(2026, 12, 20)
    )
    (gap,) = find(whole, extra)
    assert gap.is_overlap
    assert (gap.starts_on, gap.ends_on) == (date(2026, 12, 10), date(2026, 12, 20))


def test_a_change_of_owner_on_a_day_leaves_no_gap():
    change = date(2026, 12, 15)
    assert (
        find(
            make_share(RightType.MASTER, party="Ana", ends_on=change),
            make_share(RightType.MASTER, party="Ben", starts_on=change),
        )
        == ()
    )


def test_a_gap_that_goes_on_past_a_cut_is_reported_once():
    change = date(2026, 12, 15)
    (gap,) = find(
        make_share(RightType.MASTER, 30, ends_on=change),
        make_share(RightType.MASTER, 30, starts_on=change),
    )
    assert (gap.starts_on, gap.ends_on, gap.total) == (STARTS_ON, ENDS_ON, 30)
