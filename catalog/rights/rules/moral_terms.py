"""Themes a licensor does not want to be heard with."""

from catalog.rights.need import Need
from catalog.rights.reasons import Mismatch, RightsCode
from catalog.rights.terms import GrantTerms


def check_moral_terms(grant: GrantTerms, need: Need) -> Mismatch | None:
    """Refuse a theme the moral terms exclude."""
    themes = grant.moral_terms & need.intent.themes
    if not themes:
        return None
    return Mismatch(
        code=RightsCode.MORAL,
        text=f"{grant.label} excludes songs about {', '.join(sorted(themes))}",
    )
