"""Read the project's own corpus: dedications written for it, and grammars that expand to more.

`dedications/<language>/authored-*.txt` holds sections `[scenario=… label=… …]` with one text a line; `kind=comment` in
a section says that its texts are public comments, not messages to somebody.
`grammar.toml` (dedications) and `functional.toml` (other sentences a filter must tell apart) hold slots and templates.
Whole scenarios belong to one split, by a hash of their name, so nothing that development measures on was seen in
training. In `functional.toml` each sentence frame is a scenario of its own.
"""

import hashlib
import math
import random
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

from moderation.screening.categories import Category

DEDICATIONS_DIR = Path(__file__).parent / "dedications"
# One scenario in so many is kept for development.
DEV_SHARE = 5
# Expansions of a template's texts are listed in full up to this many, and drawn beyond it.
_MAX_LISTED = 20_000
_SLOT = re.compile(r"\{(\w+)\}")


class Split(StrEnum):
    """What a row is for."""

    TRAIN = "train"
    DEV = "dev"


class Origin(StrEnum):
    """How a text came about: a dedication or a public comment written by itself, or an expanded grammar."""

    AUTHORED = "authored"
    COMMENT = "comment"
    GRAMMAR = "grammar"
    FUNCTIONAL = "functional"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dedication:
    """One text of the corpus.

    categories : empty for a good text. form : plain, disguised or veiled; empty for a good text.
    """

    text: str
    language: str
    scenario: str
    violating: bool
    origin: Origin
    categories: tuple[Category, ...] = ()
    form: str = ""
    theme: str = ""

    @property
    def split(self) -> Split:
        """The split its scenario belongs to."""
        digest = hashlib.sha256(f"{self.language}/{self.scenario}".encode()).digest()
        return Split.DEV if digest[0] % DEV_SHARE == 0 else Split.TRAIN


class InvalidCorpus(Exception):
    """A corpus file does not follow the format."""


def load_dedications(language: str) -> list[Dedication]:
    """Return the corpus of a language, in the order of its files.

    Raises
    ------
    InvalidCorpus : if a file does not follow the format
    """
    rows = _load_written(language)
    for origin in (Origin.GRAMMAR, Origin.FUNCTIONAL):
        path = DEDICATIONS_DIR / language / f"{origin}.toml"
        if path.exists():
            rows.extend(_expand_grammar(path, language, origin))
    return rows


def load_authored(language: str) -> list[Dedication]:
    """Return the dedications that were written one by one, in the order of the files.

    Raises
    ------
    InvalidCorpus : if a file does not follow the format
    """
    return [row for row in _load_written(language) if row.origin is Origin.AUTHORED]


def _load_written(language: str) -> list[Dedication]:
    paths = sorted((DEDICATIONS_DIR / language).glob("*.txt"))
    return [row for path in paths for row in _read_authored(path, language)]


def _read_authored(path: Path, language: str) -> Iterator[Dedication]:
    header: dict[str, str] | None = None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        text, where = line.strip(), f"{path.name}:{number}"
        if not text or text.startswith("# ") or text == "#":
            continue
        if text.startswith("[scenario="):
            header = dict(part.split("=", 1) for part in text.strip("[]").split())
        elif header is None:
            raise InvalidCorpus(f"{where}: a text before the first section")
        else:
            yield _build(
                text, language=language, origin=_read_origin(header, where), fields=header,
                where=where,
            )  # fmt: skip


def _read_origin(fields: dict[str, str], where: str) -> Origin:
    named = fields.get("kind", Origin.AUTHORED)
    if named not in (Origin.AUTHORED, Origin.COMMENT):
        raise InvalidCorpus(f"{where}: expected kind authored or comment, got {named}")
    return Origin(named)


def _expand_grammar(path: Path, language: str, origin: Origin) -> Iterator[Dedication]:
    grammar = tomllib.loads(path.read_text(encoding="utf-8"))
    slots: dict[str, list[str]] = grammar["slots"]
    for template in grammar["template"]:
        fields = {key: value for key, value in template.items() if isinstance(value, str)}
        fields["categories"] = ",".join(template.get("categories", ()))
        rng = random.Random(f"{language}/{template['scenario']}")  # noqa: S311 - a draw that repeats
        most, frames = template.get("max", 40), template["texts"]
        if origin is Origin.GRAMMAR:
            parts = {fields["scenario"]: frames}
        else:  # too few templates to keep whole ones back
            parts = {f"{fields['scenario']}-{n}": [frame] for n, frame in enumerate(frames)}
        for scenario, part in parts.items():
            texts = sorted({text for frame in part for text in _fill(frame, slots, rng)})
            rng.shuffle(texts)
            for text in texts[: math.ceil(most / len(parts))]:
                yield _build(
                    text, language=language, origin=origin, where=path.name,
                    fields=fields | {"scenario": scenario},
                )  # fmt: skip


def _fill(frame: str, slots: dict[str, list[str]], rng: random.Random) -> Iterator[str]:
    names = list(dict.fromkeys(_SLOT.findall(frame)))
    missing = [name for name in names if name not in slots]
    if missing:
        raise InvalidCorpus(f"unknown slot {missing[0]} in {frame!r}")
    values = [slots[name] for name in names]
    if prod(map(len, values)) <= _MAX_LISTED:
        choices: Any = product(*values)
    else:
        choices = (tuple(map(rng.choice, values)) for _ in range(500))
    for choice in choices:
        yield frame.format(**dict(zip(names, choice, strict=True)))


def _build(
    text: str, *, language: str, origin: Origin, fields: dict[str, str], where: str
) -> Dedication:
    violating = fields.get("label") == "violating"
    if not violating and fields.get("label") != "good":
        raise InvalidCorpus(f"{where}: expected label good or violating, got {fields.get('label')}")
    try:
        categories = tuple(map(Category, filter(None, fields.get("categories", "").split(","))))
    except ValueError as error:
        raise InvalidCorpus(f"{where}: {error}") from None
    if violating and not categories:
        raise InvalidCorpus(f"{where}: a violating text without categories")
    return Dedication(
        text=text,
        language=language,
        scenario=fields["scenario"],
        violating=violating,
        origin=origin,
        categories=categories,
        form=fields.get("form", ""),
        theme=fields.get("theme", ""),
    )
