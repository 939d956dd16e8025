"""Territories: ISO 3166-1 alpha-2 countries, and the expressions contracts use for them.

An expression is a list of inclusions and exclusions ("Worldwide except US, CA"). It is kept signed (`+Worldwide -CA -US`)
so that people read what was agreed, and as its leaf set, so that nobody has to work it out again.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import pycountry

WORLDWIDE: Final = "Worldwide"
ALL_TERRITORIES: Final = frozenset(country.alpha_2 for country in pycountry.countries)

# Other spellings of a code that contracts use. Source: UPU and common usage; "UK" is reserved for GB by ISO 3166-1.
ALIASES: Final = {"UK": "GB"}
WORLD_WORDS: Final = frozenset({"worldwide", "world", "ww", "the world", "2wl", "2136"})
EXCLUSION_WORDS: Final = r"except(?:\s+for)?|excluding|excl\.?|without|minus|but\s+not"

# Above this many leaves, a set is described by what is missing from the world.
DESCRIBE_BY_EXCLUSION_ABOVE: Final = len(ALL_TERRITORIES) - 40


class InvalidTerritory(ValueError):
    """The text names no territory."""

    def __init__(self, *, text: str, problem: str) -> None:
        """Keep the offending text and say what is wrong with it."""
        super().__init__(f"{text!r}: {problem}")
        self.text = text
        self.problem = problem


@dataclass(frozen=True, slots=True, kw_only=True)
class TerritoryExpression:
    """What is included and what is taken out again, as codes or `Worldwide`."""

    included: frozenset[str]
    excluded: frozenset[str]

    @property
    def leaves(self) -> frozenset[str]:
        """Return the countries the expression comes down to."""
        return expand_territories(self.included) - self.excluded

    @property
    def signed(self) -> str:
        """Return the normal form, `+Worldwide -US`: equal expressions are equal texts."""
        signed = (("+", self.included), ("-", self.excluded))
        return " ".join([f"{sign}{code}" for sign, codes in signed for code in sorted(codes)])


def expand_territories(codes: Collection[str]) -> frozenset[str]:
    """Return the leaf set of alpha-2 codes and `Worldwide`.

    Raises
    ------
    InvalidTerritory : for a code that is neither
    """
    leaves: set[str] = set()
    for code in codes:
        if code in ALL_TERRITORIES:
            leaves.add(code)
        else:
            leaves |= _resolve(code)[1]
    return frozenset(leaves)


@lru_cache(maxsize=1024)
def parse_territories(text: str) -> TerritoryExpression:
    """Return the expression written as codes, country names, `Worldwide`, signs or "except".

    Raises
    ------
    InvalidTerritory : if a name is unknown, nothing is included, or nothing is left
    """
    included: set[str] = set()
    excluded: set[str] = set()
    for part, sign in _split(text):
        code, leaves = _resolve(part)
        if sign == "-":
            excluded |= leaves
        else:
            included.add(code)
    if not included:
        raise InvalidTerritory(
            text=text,
            problem="says nothing that is included; write e.g. DE, AT or Worldwide except US",
        )
    if WORLDWIDE in included:
        included = {WORLDWIDE}
    expression = TerritoryExpression(included=frozenset(included), excluded=frozenset(excluded))
    if surplus := excluded - expand_territories(included):
        raise InvalidTerritory(
            text=text, problem=f"takes out {', '.join(sorted(surplus))}, which was never included"
        )
    if not expression.leaves:
        raise InvalidTerritory(text=text, problem="leaves no territory at all")
    return expression


def describe_territories(codes: Collection[str]) -> str:
    """Return a short text for people: `Worldwide except US`, or the codes in order."""
    leaves = frozenset(codes)
    if leaves == ALL_TERRITORIES:
        return WORLDWIDE
    if len(leaves) > DESCRIBE_BY_EXCLUSION_ABOVE:
        return f"{WORLDWIDE} except {', '.join(sorted(ALL_TERRITORIES - leaves))}"
    return ", ".join(sorted(leaves))


def get_territory_name(code: str) -> str:
    """Return the English short name of an alpha-2 code."""
    country = pycountry.countries.get(alpha_2=code)
    return code if country is None else str(getattr(country, "common_name", country.name))


def _split(text: str) -> list[tuple[str, str]]:
    """Return the parts of an expression with their signs; an exclusion word turns all that follows."""
    parts: list[tuple[str, str]] = []
    sign = "+"
    pieces = re.split(rf"[,;\n()]|\b({EXCLUSION_WORDS})(?!\w)", text, flags=re.IGNORECASE)
    for piece in pieces:
        if piece is None or not piece.strip():
            continue
        word = piece.strip()
        if re.fullmatch(EXCLUSION_WORDS, word, flags=re.IGNORECASE):
            sign = "-"
            continue
        parts += [(name, "-" if mark == "-" else sign) for name, mark in _split_words(word)]
    return parts


def _split_words(text: str) -> list[tuple[str, str]]:
    """Return one country name, or the codes in a text without commas, each with its own mark."""
    if _is_known(text):
        return [(text, "")]
    words = text.split()
    if len(words) == 1 or not all(_is_known(word.lstrip("+-")) for word in words):
        mark = text[0] if text[0] in "+-" else ""
        return [(text.lstrip("+-").strip(), mark)]
    return [(word.lstrip("+-"), word[0] if word[0] in "+-" else "") for word in words]


def _is_known(name: str) -> bool:
    try:
        _resolve(name)
    except InvalidTerritory:
        return False
    return True


@lru_cache(maxsize=2048)
def _resolve(name: str) -> tuple[str, frozenset[str]]:
    """Return the code of a name (or `Worldwide`) with its leaves."""
    text = name.strip()
    if text.casefold() in WORLD_WORDS:
        return WORLDWIDE, ALL_TERRITORIES
    code = ALIASES.get(text.upper(), text.upper())
    if code in ALL_TERRITORIES:
        return code, frozenset({code})
    try:
        country = pycountry.countries.lookup(text)
    except LookupError:
        raise InvalidTerritory(
            text=name, problem="is not an ISO 3166-1 country code or name, nor Worldwide"
        ) from None
    return country.alpha_2, frozenset({country.alpha_2})
