"""A grant may be for one category of product alone."""

from catalog.rights.need import Need
from catalog.rights.reasons import Mismatch, RightsCode
from catalog.rights.terms import GrantTerms


def check_product_category(grant: GrantTerms, need: Need) -> Mismatch | None:
    """Refuse another product category, or none, where the grant names one."""
    if not grant.product_category or grant.product_category == need.intent.product_category:
        return None
    asked = repr(need.intent.product_category) if need.intent.product_category else "none"
    return Mismatch(
        code=RightsCode.PRODUCT_CATEGORY,
        text=f"{grant.label} is for the product category {grant.product_category!r} alone, and the intended use names {asked}",
    )
