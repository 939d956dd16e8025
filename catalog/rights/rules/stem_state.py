"""A stem must be active."""

from collections.abc import Iterator
from typing import Final

from catalog.rights.intended_use import IntendedUse
from catalog.rights.reasons import Reason, RightsCode
from catalog.rights.terms import StemFacts, StemState

REFUSALS: Final = {
    StemState.DRAFT: (RightsCode.NOT_ACTIVE, "is still a draft; activate it in the catalog"),
    StemState.IN_REVIEW: (RightsCode.NOT_ACTIVE, "is in review; activate it in the catalog"),
    StemState.SUSPENDED: (RightsCode.SUSPENDED, "is suspended; choose another stem or ask legal"),
    StemState.WITHDRAWN: (RightsCode.WITHDRAWN, "is withdrawn for good; choose another stem"),
}


def check_stem_state(stem: StemFacts, _intent: IntendedUse) -> Iterator[Reason]:
    """Refuse a stem that is not active."""
    if stem.state in REFUSALS:
        code, text = REFUSALS[stem.state]
        yield Reason(code=code, stem=stem.external_id, text=f"Stem {stem.external_id} {text}.")
