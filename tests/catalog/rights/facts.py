"""One good stem, fully licensed and owned, to vary with `dataclasses.replace`."""

from datetime import date
from decimal import Decimal

from catalog.rights.intended_use import IntendedUse
from catalog.rights.terms import (
    GrantTerms,
    RightType,
    ShareSet,
    ShareTerms,
    Side,
    StemFacts,
    StemState,
    UseType,
)
from catalog.rights.territories import ALL_TERRITORIES

STARTS_ON = date(2026, 12, 1)
ENDS_ON = date(2027, 1, 1)


def make_share(right_type, percent=100, **changes) -> ShareTerms:
    fields = {"party": "Ana", "territories": ALL_TERRITORIES, **changes}
    return ShareTerms(right_type=right_type, percent=Decimal(str(percent)), **fields)


SHARE_SETS = (
    ShareSet(target="recording 'Song'", side=Side.MASTER, shares=(make_share(RightType.MASTER),)),
    ShareSet(
        target="work 'Song'",
        side=Side.PUBLISHING,
        shares=(
            make_share(RightType.PUBLISHING_PERFORMANCE),
            make_share(RightType.PUBLISHING_MECHANICAL),
        ),
    ),
)


def make_grant(number=1, **changes) -> GrantTerms:
    fields = {
        "sides": frozenset(Side),
        "uses": frozenset({UseType.DOWNLOAD, UseType.EVENT}),
        "territories": ALL_TERRITORIES,
        "starts_on": date(2026, 1, 1),
        "ends_on": date(2028, 1, 1),
        **changes,
    }
    return GrantTerms(id=number, label=f"AGR/{number}", **fields)


def make_stem(name="drums", *grants, **changes) -> StemFacts:
    fields = {"state": StemState.ACTIVE, "share_sets": SHARE_SETS, **changes}
    return StemFacts(external_id=name, grants=grants or (make_grant(),), **fields)


def make_intent(**changes) -> IntendedUse:
    fields = {
        "territories": frozenset({"DE", "US"}),
        "uses": frozenset({"download"}),
        "starts_on": STARTS_ON,
        "ends_on": ENDS_ON,
        **changes,
    }
    return IntendedUse(**fields)
