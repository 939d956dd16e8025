"""Turn a text into numbers for the linear model: hashed pieces of its letters and words, and what the lexicon said.

Hashed pieces are runs of 2 to 5 characters and of 1 to 2 words of the normalized text. Their order does not
matter, only which occur. The hash is arithmetic on code points, the same on every machine and in every process.
"""

import re
from collections.abc import Collection
from itertools import pairwise
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from moderation.screening.categories import Category, Severity
from moderation.screening.matching import Hit
from moderation.screening.normalization import strip_accents
from moderation.screening.tokens import count_odd_words, has_spaced_letters

# Raised when the features of a text change: weights of another version do not fit.
FEATURES_VERSION = 1
# Number of places pieces are hashed to.
N_BUCKETS = 1 << 18
_CHARACTER_RUNS = (2, 3, 4, 5)
# Odd 64-bit constants of SplitMix64 (Steele, Lea and Flood, 2014); a different start for each length of run.
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_MIXERS = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_BLANKS = re.compile(r"[\s\x1f]+")
_DIGITS = re.compile(r"\d")
_WORDS = re.compile(r"[^\W_]+|[^\w\s]")

# Lexicon signs, one number each: worst severity by category, plain and disguised.
LEXICON_SIGNS: tuple[str, ...] = (
    *(f"{category.value}.{severity.value}" for category in Category for severity in Severity),
    *(f"disguised.{severity.value}" for severity in Severity),
    "anywhere.1",
    "anywhere.2",
    "anywhere.3",
    "anywhere.4",
    "two_or_more",
    "details",
    "links",
    "odd.1",
    "odd.2",
    "read.2",
    "spaced",
)
_SIGN_PLACES = {name: place for place, name in enumerate(LEXICON_SIGNS)}


def hash_pieces(text: str) -> NDArray[np.int64]:
    """Return the places of the pieces of a normalized text.

    Returns
    -------
    ndarray of int64, shape (n_pieces,)
        Places in [0, N_BUCKETS), each once, in increasing order.
    """
    text = " " + _DIGITS.sub("0", _BLANKS.sub(" ", strip_accents(text)).strip()) + " "
    codes = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    hashes = [_hash_runs(codes, length) for length in _CHARACTER_RUNS if length <= len(codes)]
    words = _WORDS.findall(text)
    pieces = [*words, *(f"{one} {two}" for one, two in pairwise(words))]
    if pieces:
        hashes.append(
            np.array([crc32(piece.encode()) for piece in pieces], dtype=np.uint64) * _MULTIPLIER
        )
    mixed = np.concatenate(hashes)
    for mixer in _MIXERS:
        mixed = (mixed ^ (mixed >> np.uint64(29))) * mixer
    return np.unique((mixed >> np.uint64(46)).astype(np.int64))


def read_signs(
    hits: Collection[Hit], *, written: str, meant: str, n_details: int = 0, n_links: int = 0
) -> NDArray[np.float64]:
    """Return what the lexicon, the detail checks and the way of writing say of a text.

    written, meant : the normalized text before and after disguised words are read.

    Returns
    -------
    ndarray of float64, shape (len(LEXICON_SIGNS),)
        1 where a sign is there, else 0.
    """
    signs = np.zeros(len(LEXICON_SIGNS))
    found: set[str] = set()
    for hit in hits:
        found.add(f"{hit.term.category.value}.{hit.term.severity.value}")
        found.add(f"anywhere.{hit.term.severity.value}")
        if hit.disguise is not None:
            found.add(f"disguised.{hit.term.severity.value}")
    if len({hit.start for hit in hits if hit.term.severity >= Severity.REVIEW}) > 1:
        found.add("two_or_more")
    odd, unread = count_odd_words(written), count_odd_words(meant)
    found |= {f"odd.{n}" for n in (1, 2) if unread >= n}
    if odd - unread > 1:
        found.add("read.2")
    if has_spaced_letters(written):
        found.add("spaced")
    if n_details:
        found.add("details")
    if n_links:
        found.add("links")
    for name in found:
        signs[_SIGN_PLACES[name]] = 1.0
    return signs


def _hash_runs(codes: NDArray[np.uint64], length: int) -> NDArray[np.uint64]:
    n_runs = len(codes) - length + 1
    hashes = np.full(n_runs, length, dtype=np.uint64)
    for offset in range(length):
        hashes = (hashes ^ codes[offset : offset + n_runs]) * _MULTIPLIER
        hashes ^= hashes >> np.uint64(31)
    return hashes
