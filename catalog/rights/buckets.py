"""Which bucket of a cap a song falls into: the period it counts for, and the stem if the cap counts by stem."""

from datetime import date

from catalog.rights.terms import CapPeriod, CapScope


def make_bucket(*, period: str, scope: str, campaign: str, stem: str, on: date) -> str:
    """Return the name of the bucket, readable in the ledger; "" is the one bucket of a cap on everything."""
    parts = {
        CapPeriod.TOTAL: "",
        CapPeriod.DAY: on.isoformat(),
        CapPeriod.MONTH: on.strftime("%Y-%m"),
        CapPeriod.CAMPAIGN: f"campaign {campaign}",
    }
    when = parts[CapPeriod(period)]
    if scope != CapScope.STEM:
        return when
    return f"{when} stem {stem}".strip()
