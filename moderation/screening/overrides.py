"""What people added to the lexicons or silenced in them, on top of the packs."""

from dataclasses import dataclass
from functools import lru_cache

from moderation.screening.language_pack import LanguagePack, Term, load_common_words
from moderation.screening.matching import Lexicon


@dataclass(frozen=True, slots=True, kw_only=True)
class LexiconOverrides:
    """Entries that count beside the packs', and entries of the packs that do not count.

    silenced : pairs of language and entry, as in the packs.
    """

    added: tuple[Term, ...] = ()
    silenced: frozenset[tuple[str, str]] = frozenset()


NO_OVERRIDES = LexiconOverrides()


@lru_cache(maxsize=8)
def load_added_lexicon(added: tuple[Term, ...]) -> Lexicon:
    """Return a lexicon of the added entries alone."""
    codes = sorted({term.language for term in added})
    packs = [
        LanguagePack(
            code=code,
            terms=tuple(term for term in added if term.language == code),
            allowed=(),
            explanations={},
        )
        for code in codes
    ]
    return Lexicon(packs, common_words=load_common_words())
