"""A grant counts only while it and its agreement are in force."""

from catalog.rights.need import Need
from catalog.rights.reasons import Mismatch, RightsCode
from catalog.rights.terms import GrantTerms


def check_in_force(grant: GrantTerms, _need: Need) -> Mismatch | None:
    """Refuse a grant that is suspended or whose agreement is not active."""
    if grant.in_force:
        return None
    return Mismatch(
        code=RightsCode.GRANT_NOT_IN_FORCE,
        text=f"{grant.label} does not count now: {grant.not_in_force_because}",
    )
