"""What a rule is asked about: one side of one stem, for an intended use."""

from dataclasses import dataclass

from catalog.rights.intended_use import IntendedUse
from catalog.rights.terms import Side, StemFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One side of one stem that somebody wants to use, together with how many other stems."""

    stem: StemFacts
    side: Side
    intent: IntendedUse
    stem_count: int = 1
