"""Read a text once for everything the screening does with it: normal form, language, lexicon, details, pieces."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from moderation.screening.features import hash_pieces, read_signs
from moderation.screening.language_id import LanguageGuess, identify_language
from moderation.screening.matching import Hit, Lexicon, load_lexicon
from moderation.screening.normalization import NormalizedText, normalize_text
from moderation.screening.overrides import (
    NO_OVERRIDES,
    LexiconOverrides,
    load_added_lexicon,
)
from moderation.screening.pii import PrivateDetail, find_links, find_private_details


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInput:
    """What the screening knows of a text before it judges.

    meant : the normalized text with disguised words read. pieces, signs : see `features`.
    """

    normalized: NormalizedText
    guess: LanguageGuess
    hits: tuple[Hit, ...]
    details: tuple[PrivateDetail, ...]
    links: tuple[tuple[int, int], ...]
    meant: str
    pieces: NDArray[np.int64]
    signs: NDArray[np.float64]


def read_model_input(
    *, text: str, language: str | None, overrides: LexiconOverrides = NO_OVERRIDES
) -> ModelInput:
    """Return what there is to know of a text; `language` is that of the form it came from."""
    normalized = normalize_text(text)
    guess = identify_language(text, prior=language)
    lexicon = load_lexicon()
    hits = _find_hits(lexicon, normalized, guess, overrides)
    details = tuple(find_private_details(text, language=guess.code))
    links = tuple(find_links(text))
    meant = lexicon.reveal(normalized.text, languages=guess.plausible)
    return ModelInput(
        normalized=normalized,
        guess=guess,
        hits=hits,
        details=details,
        links=links,
        meant=meant,
        pieces=hash_pieces(meant),
        signs=read_signs(
            hits,
            written=normalized.text,
            meant=meant,
            n_details=len(details),
            n_links=len(links),
        ),
    )


def _find_hits(
    lexicon: Lexicon, normalized: NormalizedText, guess: LanguageGuess, overrides: LexiconOverrides
) -> tuple[Hit, ...]:
    hits = lexicon.find(normalized, primary=guess.code, languages=guess.plausible)
    if overrides.silenced:
        hits = [h for h in hits if (h.term.language, h.term.text) not in overrides.silenced]
    if overrides.added:
        added = load_added_lexicon(overrides.added)
        hits += added.find(normalized, primary=guess.code, languages=guess.plausible)
    return tuple(hits)
