"""What reasons mean, in six languages, for the person who asked for the song.

A reason's `text` is for the people who integrate: in English, with every fact. Its explanation is for the end user: one
sentence in the language that `Accept-Language` asks for.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from moderation.screening.language_pack import load_language_pack

DEFAULT_LANGUAGE = "en"
# The area of codes that the language packs of screening explain.
SCREENING = "screening"
TEXTS = Path(__file__).with_name("texts.toml")


@cache
def load_explanations() -> Mapping[str, Mapping[str, str]]:
    """Return, for each reason code, its explanation by language."""
    return tomllib.loads(TEXTS.read_text())


@cache
def list_languages() -> tuple[str, ...]:
    """Return the languages that every explanation is there in."""
    return tuple(sorted(set.intersection(*map(set, load_explanations().values()))))


def explain(code: str, *, language: str) -> str | None:
    """Return what a reason means; None for a code that nobody has explained."""
    if texts := load_explanations().get(code):
        return texts[language]
    area, _, category = code.partition(".")
    return load_language_pack(language).explanations.get(category) if area == SCREENING else None


def choose_language(accept_language: str) -> str:
    """Return the language that a client likes best of those there are (RFC 9110, section 12.5.4)."""
    wishes: list[tuple[float, str]] = []
    for wish in accept_language.split(","):
        tag, _, quality = wish.partition(";")
        try:
            weight = float(quality.strip().removeprefix("q=")) if quality else 1.0
        except ValueError:
            continue
        wishes.append((weight, tag.strip().lower().partition("-")[0]))
    for weight, code in sorted(wishes, key=lambda wish: -wish[0]):
        if weight > 0 and code in list_languages():
            return code
    return DEFAULT_LANGUAGE
