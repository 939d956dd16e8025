"""Public sources: rows with a licence that allows training and passing on weights.

Their folder is named by the environment variable SCREENING_DATA: `train/<language>.jsonl.gz` and `dev/…` with
`{"id", "text", "lang", "label", "category", "source", "split"}`. What each source is and its licence: the model card.
"""

import gzip
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moderation.screening.categories import Category
from moderation.training.dedications import Split

DATA_VARIABLE = "SCREENING_DATA"

# The sources' own labels -> our categories; a label that is not here is abuse of a person.
_CATEGORIES: dict[str, Category] = {
    "hate": Category.HATE,
    "hateful": Category.HATE,
    "identity_hate": Category.HATE,
    "sexism": Category.HATE,
    "homophobia": Category.HATE,
    "racism": Category.HATE,
    "misogyny": Category.HATE,
    "xenophobia": Category.HATE,
    "threat": Category.THREAT,
    "obscene": Category.PROFANITY,
    "profanity": Category.PROFANITY,
}


class NoData(Exception):
    """The public sources are not where the environment says, or it does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicRow:
    """One labeled text of a public source."""

    text: str
    language: str
    violating: bool
    category: Category | None
    source: str


def get_data_dir() -> Path:
    """Return the folder of the public sources.

    Raises
    ------
    NoData : if SCREENING_DATA does not name a folder with them
    """
    named = os.environ.get(DATA_VARIABLE, "")
    if not named or not (Path(named) / Split.TRAIN).is_dir():
        raise NoData(f"{DATA_VARIABLE} must name the folder of the public sources, got {named!r}")
    return Path(named)


def read_public_rows(*, language: str, split: Split) -> Iterator[PublicRow]:
    """Yield the rows of a language, in the order of the file.

    Raises
    ------
    NoData : if SCREENING_DATA does not name a folder with them
    """
    for row in read_json_lines(get_data_dir() / split / f"{language}.jsonl.gz"):
        violating = row["label"] == 1
        labels = str(row["category"]).split("+")
        found = [_CATEGORIES[label] for label in labels if label in _CATEGORIES]
        yield PublicRow(
            text=row["text"],
            language=language,
            violating=violating,
            category=(found[0] if found else Category.HARASSMENT) if violating else None,
            source=row["source"],
        )


def read_json_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a compressed file of JSON lines."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)
