"""Which bucket of a cap a song falls into: the period it counts for, and the stem if the cap counts by stem."""

from datetime import date

from catalog.rights.terms import CapPeriod, CapScope


def make_bucket(*, period: str, scope: str, campaign: str, stem: str, on: date) -> str:
    """Return the name of the bucket, readable in the ledger; "" is the one bucket of a cap on everything."""
    match period:
        case CapPeriod.TOTAL:
            when = ""
        case CapPeriod.DAY:
            when = on.isoformat()
        case CapPeriod.MONTH:
            when = on.isoformat()[: len("2026-11")]
        case CapPeriod.CAMPAIGN:
            when = f"campaign {campaign}"
        case _:
            raise ValueError(f"no such period of a cap: {period!r}")
    if scope != CapScope.STEM:
        return when
    return f"{when} stem {stem}".strip()
