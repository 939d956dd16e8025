"""A grant may be for one campaign alone."""

from catalog.rights.need import Need
from catalog.rights.reasons import Mismatch, RightsCode
from catalog.rights.terms import GrantTerms


def check_campaign(grant: GrantTerms, need: Need) -> Mismatch | None:
    """Refuse another campaign, or none, where the grant names one."""
    if not grant.campaign or grant.campaign == need.intent.campaign:
        return None
    asked = repr(need.intent.campaign) if need.intent.campaign else "none"
    return Mismatch(
        code=RightsCode.CAMPAIGN,
        text=f"{grant.label} is for the campaign {grant.campaign!r} alone, and the intended use names {asked}",
    )
