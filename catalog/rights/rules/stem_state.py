"""A stem must be active."""

from collections.abc import Iterator
from typing import Final

from catalog.rights.intended_use import IntendedUse
from catalog.rights.reasons import Reason, RightsCode
from catalog.rights.terms import StemFacts, StemState

REFUSALS: Final = {
    StemState.DRAFT: (RightsCode.NOT_ACTIVE, "is not available yet; leave it out"),
    StemState.IN_REVIEW: (RightsCode.NOT_ACTIVE, "is in review; leave it out until it is active"),
    StemState.SUSPENDED: (RightsCode.SUSPENDED, "is suspended; leave it out"),
    StemState.WITHDRAWN: (RightsCode.WITHDRAWN, "is withdrawn for good; leave it out"),
}


def check_stem_state(stem: StemFacts, _intent: IntendedUse) -> Iterator[Reason]:
    """Refuse a stem that is not active."""
    if stem.state in REFUSALS:
        code, text = REFUSALS[stem.state]
        yield Reason(code=code, stem=stem.external_id, text=f"Stem {stem.external_id} {text}.")
