"""How far a stem may be changed."""

from catalog.rights.need import Need
from catalog.rights.reasons import Mismatch, RightsCode
from catalog.rights.terms import GrantTerms


def check_edit_limits(grant: GrantTerms, need: Need) -> Mismatch | None:
    """Refuse a declared edit beyond the limits; edits not declared yet are held to them when the song comes."""
    edit = need.intent.edits.get(need.stem.external_id)
    if edit is None:
        return None
    breaches = grant.edit_limits.find_breaches(edit)
    if not breaches:
        return None
    return Mismatch(code=RightsCode.EDIT_LIMIT, text=f"by {grant.label} {'; '.join(breaches)}")
