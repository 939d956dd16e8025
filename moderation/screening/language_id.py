"""Tell which language a short text is in: one of ours, or "other".

Hangul decides at once. Else py3langid, restricted to our languages, is the first voice; the language the
form was in tips the scale when the text itself is unsure. A text in a script or language that is not ours
is "other" where langdetect, the second voice, agrees. Nothing here is random: the same text gives the same answer
in every process.
"""

import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from langdetect import PROFILES_DIRECTORY, DetectorFactory
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from moderation.screening.hangul import is_hangul
from moderation.screening.language_pack import load_common_words
from moderation.screening.languages import LANGUAGES
from moderation.screening.normalization import strip_accents

OTHER = "other"
# What the form's language adds to the log-odds of that language: worth about three clear words.
PRIOR_LOG_ODDS = 2.0
# How far everyday words count beside py3langid, which knows letters and not words, and how many of them are counted:
# short texts have few letters.
WORD_WEIGHT = 0.5
# Letters and marks that of our languages only one writes, and what any of them adds to its log-odds; py3langid hardly sees
# one letter beside the rest ("¡Típico!" was Portuguese to it).
_OWN_MARKS = {"es": "¿¡ñ", "pt": "ãõ", "fr": "èùœîûë", "de": "ßäö"}
MARK_LOG_ODDS = 3.0
# Size of a list that would say nothing.
_UNLISTED_WORDS = 30_000
_MOST_WORDS = 12
_WORD = re.compile(r"[^\W\d_]{3,}")
# Letters that stand apart ("i  l o v e  y o u", "b.e.s.t."): each run is read as the word it spells.
_SPELLED = re.compile(r"(?<![^\W_])[^\W\d_](?:[ .\-_*][^\W\d_]){2,}(?![^\W_])")
# A text counts as another language when py3langid gives it this share among all its languages and ours together
# less than the rest. Short texts are never enough.
MIN_OTHER_SHARE = 0.9
MIN_OTHER_LETTERS = 25
LANGDETECT_SEED = 0
# A language is plausible, and its lexicon is used, from this probability on.
MIN_PLAUSIBLE = 0.08


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageGuess:
    """The language of a text.

    code : one of ours or "other". confidence : in [0, 1]. plausible : languages to screen with, English always.
    """

    code: str
    confidence: float
    plausible: tuple[str, ...]


def identify_language(text: str, *, prior: str | None = None) -> LanguageGuess:
    """Return the language of the text; `prior` is the language of the form it came from."""
    text = _SPELLED.sub(_join_letters, unicodedata.normalize("NFKC", text))
    letters = [char for char in text if char.isalpha()]
    if not letters:
        return _guess(prior if prior in LANGUAGES else LANGUAGES[0], 0.5, {})
    hangul = sum(map(is_hangul, letters)) / len(letters)
    if hangul >= 0.3:
        others = {code: share for code, share in _rank_ours(text).items() if code != "ko"}
        mixed = {max(others, key=others.__getitem__): 1 - hangul} if hangul < 0.9 else {}
        return _guess("ko", hangul, mixed)
    latin = sum(map(_is_latin, letters)) / len(letters)
    if latin < 0.5:
        return _guess(OTHER, 1 - latin, {})
    shares = _rank_ours(text)
    for code, log_odds in _weigh_everyday_words(text).items():
        shares[code] *= math.exp(log_odds)
    lowered = text.lower()
    for code, marks in _OWN_MARKS.items():
        if any(mark in lowered for mark in marks):
            shares[code] *= math.exp(MARK_LOG_ODDS)
    if prior in shares:
        shares[prior] *= math.exp(PRIOR_LOG_ODDS)
    total = sum(shares.values())
    shares = {code: share / total for code, share in shares.items()}
    best = max(shares, key=shares.__getitem__)
    if len(letters) >= MIN_OTHER_LETTERS and best != prior:
        foreign, confidence = _rank_all(text)
        if foreign not in LANGUAGES and confidence >= MIN_OTHER_SHARE and _is_foreign_too(text):
            return _guess(OTHER, confidence, shares)
    return _guess(best, shares[best], shares)


def _join_letters(match: re.Match[str]) -> str:
    return re.sub(r"[\W_]", "", match[0])


def _guess(code: str, confidence: float, shares: Mapping[str, float]) -> LanguageGuess:
    plausible = {code, LANGUAGES[0]} | {c for c, share in shares.items() if share >= MIN_PLAUSIBLE}
    return LanguageGuess(
        code=code,
        confidence=round(float(confidence), 4),
        plausible=tuple(code for code in LANGUAGES if code in plausible),
    )


def _rank_ours(text: str) -> dict[str, float]:
    """Return the probability of each of our languages but Korean, which its script decides."""
    scores = _identifier()._raw_score(_encode(text))
    columns = _columns()
    ours = np.array([scores[columns[code]] for code in LANGUAGES if code != "ko"], dtype=float)
    # py3langid's own temperature, the root of the length in bytes, keeps short texts unsure.
    odds = np.exp((ours - ours.max()) / math.sqrt(len(text.encode()) or 1))
    shares = odds / odds.sum()
    return dict(zip((c for c in LANGUAGES if c != "ko"), shares.tolist(), strict=True))


def _weigh_everyday_words(text: str) -> dict[str, float]:
    """Return for each language what its everyday words in the text add to its log-odds.

    A word of a short list says more than one of a long list, and any says more than a word of none.
    """
    words = {strip_accents(word.lower()) for word in _WORD.findall(text)}
    return {
        code: WORD_WEIGHT
        * min(_MOST_WORDS, len(words & known))
        * math.log(_UNLISTED_WORDS / len(known))
        for code, known in load_common_words().items()
        if code != "ko"
    }


def _rank_all(text: str) -> tuple[str, float]:
    """Return the best of all languages py3langid knows, and its probability."""
    identifier = _identifier()
    code, confidence = identifier.classify(text.lower())
    return str(code), float(confidence)


def _is_foreign_too(text: str) -> bool:
    """Ask langdetect, the second voice, whether the text is in a language that is not ours.

    Both must say so before a message goes to a person for its language alone. It draws samples at random, so its seed is fixed
    for each text.
    """
    detector = _langdetect().create()
    detector.seed = LANGDETECT_SEED
    detector.append(text)
    return str(detector.detect()) not in LANGUAGES


@cache
def _langdetect() -> Any:
    factory = DetectorFactory()
    factory.load_profile(PROFILES_DIRECTORY)
    return factory


def _encode(text: str) -> bytes:
    return unicodedata.normalize("NFC", text.lower()).encode()


@cache
def _identifier() -> Any:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


@cache
def _columns() -> dict[str, int]:
    return {code: i for i, code in reversed(list(enumerate(_identifier().nb_classes)))}


def _is_latin(char: str) -> bool:
    return char < "\u0250" or "\u1e00" <= char < "\u1f00"
