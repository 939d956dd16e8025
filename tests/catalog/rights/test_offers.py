"""Offers say the same as looking at every side, territory and day by itself."""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.rights.offers import Permitted, list_offers, make_permitted
from catalog.rights.terms import Side

START = date(2026, 1, 1)
N_DAYS = 8
SIDES = (Side.MASTER, Side.PUBLISHING)
DAYS = st.integers(0, N_DAYS)


def day(number):
    return START + timedelta(days=number)


@st.composite
def permissions(draw):
    starts, length = draw(DAYS), draw(st.integers(1, N_DAYS))
    return Permitted(
        sides=frozenset(draw(st.sets(st.sampled_from(["master", "publishing"]), min_size=1))),
        uses=frozenset(draw(st.sets(st.sampled_from(["download", "event"]), min_size=1))),
        territories=frozenset(draw(st.sets(st.sampled_from(["DE", "FR", "US"]), min_size=1))),
        starts_on=day(starts),
        ends_on=day(starts + length),
    )


def is_permitted(held, *, use, territories, first, last):
    """Look at every side, territory and day."""
    return all(
        any(
            side in one.sides
            and use in one.uses
            and territory in one.territories
            and one.starts_on <= day(number) < one.ends_on
            for one in held
        )
        for side in SIDES
        for territory in territories
        for number in range(first, last)
    )


@settings(max_examples=200, deadline=None)
@given(
    held=st.frozensets(permissions(), max_size=5),
    territories=st.frozensets(st.sampled_from(["DE", "FR", "US"]), min_size=1),
    first=DAYS,
    length=st.integers(1, 4),
)
def test_a_use_is_in_an_offer_if_and_only_if_it_is_permitted_throughout(
    held, territories, first, length
):
    last = first + length
    offered = any(
        offer.use == "download"
        and territories <= offer.territories
        and offer.starts_on <= day(first)
        and offer.ends_on >= day(last)
        for offer in list_offers(held, sides=SIDES)
    )
    asked = {"use": "download", "territories": territories, "first": first, "last": last}
    assert offered == is_permitted(held, **asked)


@settings(max_examples=100, deadline=None)
@given(held=st.frozensets(permissions(), max_size=5))
def test_no_offer_lies_inside_another(held):
    offers = list_offers(held, sides=SIDES)
    for one in offers:
        around = [
            other
            for other in offers
            if other.use == one.use
            and other.starts_on <= one.starts_on
            and other.ends_on >= one.ends_on
            and other.territories >= one.territories
        ]
        assert around == [one]


def test_a_side_without_permission_offers_nothing():
    one = make_permitted(
        sides=["master"],
        uses=["download"],
        territories=frozenset({"DE"}),
        starts_on=START,
        ends_on=None,
    )
    assert list_offers(frozenset({one}), sides=SIDES) == ()
    assert len(list_offers(frozenset({one}), sides=SIDES[:1])) == 1
