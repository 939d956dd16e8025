"""Some licensors want to be asked about each campaign, in writing, before."""

from catalog.rights.need import Need
from catalog.rights.reasons import Mismatch, RightsCode
from catalog.rights.terms import ApprovalOfUse, GrantTerms


def check_approval_of_use(grant: GrantTerms, need: Need) -> Mismatch | None:
    """Refuse while the licensor's written approval of the campaign is not recorded."""
    if grant.approval_of_use != ApprovalOfUse.PRIOR_WRITTEN:
        return None
    if grant.approved_campaigns & {"", need.intent.campaign}:
        return None
    what = f"the campaign {need.intent.campaign!r}" if need.intent.campaign else "this use"
    return Mismatch(
        code=RightsCode.APPROVAL_PENDING,
        text=f"{grant.label} needs the licensor's written approval of {what}, and none is recorded",
    )
