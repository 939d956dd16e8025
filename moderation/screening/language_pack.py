"""What a language pack is, and how its files are read.

A pack is a folder `languages/<code>/` with

- `terms.toml`: `[[terms]]` tables of `category`, `severity` (1 to 4), optional flags, and `match`, a list of words or
  phrases. `shit[|s|ty]` stands for shit, shits, shitty; a final `*` takes any ending. `allowed` lists the words and
  phrases inside which nothing is a finding.
  `[[word_lists]]` tables take entries over from another package's list.
- `examples.toml`: `flagged` texts, each with a category it must raise, and `clean` texts that must raise nothing.
- `explanations.toml`: one sentence a category for the person who wrote the message, in the language.
"""

import importlib.util
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

from moderation.screening.categories import Category, Severity

LANGUAGES_DIR = Path(__file__).parent / "languages"
# Single letters with signs between them: "s-h-i-t".
_SPELLED = re.compile(r"(?:\w(?:[^\w\s]|_))+\w?")


class MissingWordList(Exception):
    """A word list that a pack takes over is not installed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One word or phrase of a lexicon.

    accented : matches only with its accents ("coño", not "cono").
    inside : matches anywhere in a word, not only at its beginning (Korean, German compounds).
    everywhere : counts whatever the language of the message.
    literal : is looked for as written only, never in disguise (short or everyday words).
    decreed : a person added it; it counts whatever the model says.
    """

    text: str
    language: str
    category: Category
    severity: Severity
    prefix: bool = False
    accented: bool = False
    inside: bool = False
    everywhere: bool = False
    literal: bool = False
    decreed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguagePack:
    """What the screening knows of one language."""

    code: str
    terms: tuple[Term, ...]
    allowed: tuple[str, ...]
    explanations: Mapping[str, str]
    flagged_examples: tuple[tuple[str, Category], ...] = field(default=())
    clean_examples: tuple[str, ...] = field(default=())


@cache
def load_language_pack(code: str) -> LanguagePack:
    """Return the pack in `languages/<code>/`."""
    folder = LANGUAGES_DIR / code
    lexicon = _read_toml(folder / "terms.toml")
    examples = _read_toml(folder / "examples.toml")
    return LanguagePack(
        code=code,
        terms=(
            *_read_terms(code=code, tables=lexicon["terms"]),
            *_read_word_lists(code=code, tables=lexicon.get("word_lists", ())),
        ),
        allowed=tuple(phrase for entry in lexicon["allowed"] for phrase in expand_entry(entry)),
        explanations=_read_toml(folder / "explanations.toml"),
        flagged_examples=tuple(
            (text, Category(category))
            for category, texts in examples["flagged"].items()
            for text in texts
        ),
        clean_examples=tuple(examples["clean"]),
    )


@cache
def load_common_words() -> Mapping[str, frozenset[str]]:
    """Return the everyday words of each language, without accents."""
    return {
        path.parent.name: frozenset(path.read_text(encoding="utf-8").split())
        for path in sorted(LANGUAGES_DIR.glob("*/common.txt"))
    }


def expand_entry(entry: str) -> tuple[str, ...]:
    """Return the words an entry stands for: `pendej[o|a]` gives pendejo and pendeja."""
    parts = [part.split("|") for part in re.split(r"\[|\]", entry)]
    return tuple("".join(choice) for choice in product(*parts))


def _read_terms(*, code: str, tables: list[dict[str, Any]]) -> Iterator[Term]:
    for table in tables:
        flags = set(table.get("flags", ()))
        for entry in table["match"]:
            for text in expand_entry(entry):
                yield Term(
                    text=text.rstrip("*"),
                    language=code,
                    category=Category(table["category"]),
                    severity=Severity(table["severity"]),
                    prefix=text.endswith("*"),
                    **dict.fromkeys(flags, True),
                )


def _read_word_lists(*, code: str, tables: Iterable[dict[str, Any]]) -> Iterator[Term]:
    """Yield the entries of other packages' lists that hold one of the stems; the package itself is not imported."""
    for table in tables:
        found = importlib.util.find_spec(table["package"])
        if found is None or not found.submodule_search_locations:
            raise MissingWordList(f"{table['package']} is not installed")
        path = Path(found.submodule_search_locations[0]) / table["file"]
        for line in path.read_text(encoding="utf-8").splitlines():
            entry = line.strip().lower().rstrip("*")
            # Letters that stand apart are a disguise, of an entry that is there: as an entry they would pass for plain writing.
            is_spelled = _SPELLED.fullmatch(entry) is not None
            if any(stem in entry for stem in table["stems"]) and not is_spelled:
                yield Term(
                    text=entry,
                    language=code,
                    category=Category(table["category"]),
                    severity=Severity(table["severity"]),
                )


def _read_toml(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))
