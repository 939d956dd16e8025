"""A grant may be for one brand alone."""

from catalog.rights.need import Need
from catalog.rights.reasons import Mismatch, RightsCode
from catalog.rights.terms import GrantTerms


def check_brand(grant: GrantTerms, need: Need) -> Mismatch | None:
    """Refuse another brand, or none, where the grant names one."""
    if not grant.brand or grant.brand == need.intent.brand:
        return None
    asked = repr(need.intent.brand) if need.intent.brand else "none"
    return Mismatch(
        code=RightsCode.BRAND,
        text=f"{grant.label} is for the brand {grant.brand!r} alone, and the intended use names {asked}",
    )
