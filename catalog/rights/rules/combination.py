"""Some stems may not be mixed with others."""

from catalog.rights.need import Need
from catalog.rights.reasons import Mismatch, RightsCode
from catalog.rights.terms import GrantTerms


def check_combination(grant: GrantTerms, need: Need) -> Mismatch | None:
    """Refuse a mix of several stems where the grant wants the stem alone."""
    if grant.edit_limits.may_combine or need.stem_count == 1:
        return None
    return Mismatch(
        code=RightsCode.COMBINATION,
        text=f"{grant.label} does not allow mixing with other stems, and {need.stem_count} are asked for",
    )
