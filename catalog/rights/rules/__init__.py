"""The rules, one module each.

`STEM_RULES` look at a stem as a whole. `TERM_RULES` ask one grant whether one of its terms admits what is needed: a grant
counts only if every term rule is content. Uses, media, languages, territories and the period are the axes of the grid
that grants cover together (`catalog.rights.coverage`), so they are not rules.
"""

from collections.abc import Callable, Iterator
from typing import Final

from catalog.rights.intended_use import IntendedUse
from catalog.rights.need import Need
from catalog.rights.reasons import Mismatch, Reason
from catalog.rights.rules.approval_of_use import check_approval_of_use
from catalog.rights.rules.brand import check_brand
from catalog.rights.rules.campaign import check_campaign
from catalog.rights.rules.caps import check_caps
from catalog.rights.rules.combination import check_combination
from catalog.rights.rules.consent_revoked import check_consent_revoked
from catalog.rights.rules.consent_separate import check_separate_consent
from catalog.rights.rules.edit_limits import check_edit_limits
from catalog.rights.rules.in_force import check_in_force
from catalog.rights.rules.model_version import check_model_version
from catalog.rights.rules.moral_terms import check_moral_terms
from catalog.rights.rules.product_category import check_product_category
from catalog.rights.rules.prohibitions import check_prohibitions
from catalog.rights.rules.shares import check_shares
from catalog.rights.rules.stem_state import check_stem_state
from catalog.rights.rules.voice_replica import check_voice_replica
from catalog.rights.terms import GrantTerms, StemFacts

StemRule = Callable[[StemFacts, IntendedUse], Iterator[Reason]]
TermRule = Callable[[GrantTerms, Need], Mismatch | None]

STEM_RULES: Final[tuple[StemRule, ...]] = (
    check_stem_state,
    check_shares,
    check_prohibitions,
    check_consent_revoked,
)
TERM_RULES: Final[tuple[TermRule, ...]] = (
    check_in_force,
    check_campaign,
    check_brand,
    check_product_category,
    check_model_version,
    check_voice_replica,
    check_moral_terms,
    check_edit_limits,
    check_combination,
    check_approval_of_use,
    check_separate_consent,
    check_caps,
)
RULES: Final = (*STEM_RULES, *TERM_RULES)
