"""Every cap of a grant must have room for one more song."""

from typing import Final

from catalog.rights.intended_use import IntendedUse
from catalog.rights.need import Need
from catalog.rights.reasons import Mismatch, RightsCode
from catalog.rights.terms import CapPeriod, CapTerms, CapUnit, GrantTerms

PERIOD_WORDS: Final = {
    CapPeriod.TOTAL: "in all",
    CapPeriod.DAY: "a day",
    CapPeriod.MONTH: "a month",
    CapPeriod.CAMPAIGN: "a campaign",
}


def get_quantity(cap: CapTerms, intent: IntendedUse) -> int | None:
    """Return how much of a cap one song of this use takes; None if the intent does not say."""
    if cap.period == CapPeriod.CAMPAIGN and not intent.campaign:
        return None
    if cap.unit == CapUnit.SONG:
        return 1
    return intent.plays if cap.unit == CapUnit.PLAY else intent.seconds


def check_caps(grant: GrantTerms, need: Need) -> Mismatch | None:
    """Refuse when a blocking cap has less left than one song takes, or nobody says how much it takes."""
    for cap in grant.caps:
        if not cap.blocks:
            continue
        quantity = get_quantity(cap, need.intent)
        remaining = cap.get_remaining(need.stem.external_id)
        if quantity is not None and quantity <= remaining:
            continue
        words = f"{cap.limit} {cap.unit}s {PERIOD_WORDS[cap.period]}"
        if quantity is None:
            return Mismatch(
                code=RightsCode.CAP_QUANTITY,
                text=f"{grant.label} is capped at {words}, and the intended use does not say how much it takes",
            )
        return Mismatch(
            code=RightsCode.CAP_EXHAUSTED,
            text=f"{grant.label} is capped at {words}: {remaining} remain and {quantity} are needed",
        )
    return None
