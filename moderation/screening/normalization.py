"""Bring a text to one form, and keep for every character where it came from.

The normal form is lower case, NFKC, without invisible characters, without marks that belong to no
letter, with look-alike letters of other scripts folded into Latin. Accents stay ("año" and "ano" differ);
`bare_letter` gives the letter without them. Normalizing twice changes nothing.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from moderation.screening.hangul import LOOSE_JAMO
from moderation.screening.homoglyphs import HOMOGLYPHS

# Characters that show nothing: format controls (zero width, bidi, soft hyphen, tags), variation selectors,
# Hangul fillers, the braille blank.
_INVISIBLE_CATEGORIES = frozenset({"Cf", "Cc", "Co", "Cn"})
_INVISIBLE = frozenset("\u115f\u1160\u3164\uffa0\u2800\u034f\u17b4\u17b5") | {
    chr(code) for code in (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
}
# Conjoining vowels and finals continue a Hangul syllable the way accents continue a letter.
_JAMO_MEDIALS_AND_FINALS = range(0x1161, 0x1200)
# Folding stops changing after two rounds; the third proves it.
_MAX_FOLD_ROUNDS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalizedText:
    """A text in normal form.

    starts, ends : code point offsets in the original, one pair for each character of `text`.
    """

    original: str
    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def locate(self, *, start: int, end: int) -> tuple[int, int]:
        """Return the half-open interval of the original behind `text[start:end]`."""
        return self.starts[start], self.ends[end - 1]


def normalize_text(text: str) -> NormalizedText:
    """Return the normal form with offsets back to the original."""
    if text.isascii() and text.isprintable():
        positions = range(len(text))
        return NormalizedText(
            original=text, text=text.lower(), starts=positions, ends=range(1, len(text) + 1)
        )
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    index, length = 0, len(text)
    while index < length:
        stop = index + 1
        if text[index] >= "\u0300" or (stop < length and text[stop] >= "\u0300"):
            while stop < length and _continues(text[stop]):
                stop += 1
        folded = fold_cluster(text[index:stop])
        if folded:
            pieces.append(folded)
            starts.extend([index] * len(folded))
            ends.extend([stop] * len(folded))
        index = stop
    return NormalizedText(original=text, text="".join(pieces), starts=starts, ends=ends)


@lru_cache(maxsize=65_536)
def fold_cluster(cluster: str) -> str:
    """Return the normal form of one letter with its marks; empty if nothing of it is visible."""
    folded = cluster
    for _ in range(_MAX_FOLD_ROUNDS):
        previous = folded
        folded = _compose("".join(char for char in folded if not _is_invisible(char)))
        # Before and after small letters are made: a capital may pass for another letter than its small one.
        folded = "".join(HOMOGLYPHS.get(char, char) for char in folded).casefold()
        folded = "".join(HOMOGLYPHS.get(char, char) for char in folded)
        folded = "".join(
            " " if unicodedata.category(char).startswith("Z") else char
            for char in folded
            if not unicodedata.combining(char)
        )
        if folded == previous:
            break
    return folded


@lru_cache(maxsize=65_536)
def bare_letter(char: str) -> str:
    """Return the letter without its accent ("ñ" gives "n", "œ" gives "oe")."""
    if char.isascii() or "\uac00" <= char <= "\ud7a3":
        return char
    if char in _LIGATURES:
        return _LIGATURES[char]
    decomposed = unicodedata.normalize("NFD", char)
    return "".join(part for part in decomposed if not unicodedata.combining(part)) or char


_LIGATURES = {"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "ð": "d"}


def strip_accents(text: str) -> str:
    """Return a text in normal form without accents."""
    return text if text.isascii() else "".join(map(bare_letter, text))


def _compose(text: str) -> str:
    """Return the NFKC form, with loose Hangul letters as letters that never merge (ㄱ, not U+1100)."""
    if any("\u3131" <= char <= "\u318e" for char in text):
        return "".join(char if "\u3131" <= char <= "\u318e" else _compose(char) for char in text)
    return unicodedata.normalize("NFKC", text).translate(LOOSE_JAMO)


@lru_cache(maxsize=8_192)
def _continues(char: str) -> bool:
    return (
        unicodedata.combining(char) != 0
        or unicodedata.category(char) in {"Mn", "Me"}
        or ord(char) in _JAMO_MEDIALS_AND_FINALS
        or _is_invisible(char)
    )


@lru_cache(maxsize=8_192)
def _is_invisible(char: str) -> bool:
    if char in "\t\n\r\x0b\x0c":
        return False
    return char in _INVISIBLE or unicodedata.category(char) in _INVISIBLE_CATEGORIES
