"""Put the training rows of a language together, and turn them into what the model reads."""

import hashlib
import random
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from moderation.screening.categories import Category, Severity
from moderation.screening.language_pack import load_language_pack
from moderation.screening.model_input import ModelInput, read_model_input
from moderation.training.dedications import Origin, Split, load_authored, load_dedications
from moderation.training.disguises import disguise
from moderation.training.sources import read_public_rows

FRAMES = Path(__file__).parent / "frames.toml"
# Rows drawn from the frames for a language, of each label.
N_FRAMED = 700
# Public rows of each label that are used of a language; English has many times more than it needs.
MAX_PUBLIC = 8_000
# What a row weighs beside a row of a public source: its own kind of text is rare and is what counts.
WEIGHTS = {
    Origin.AUTHORED: 30.0,
    Origin.COMMENT: 5.0,
    Origin.GRAMMAR: 8.0,
    Origin.FUNCTIONAL: 5.0,
}
WEIGHT_FRAMED = 6.0
WEIGHT_PUBLIC = 1.0
# The rows are cut in so many folds; the calibration is fitted on votes of models that have not seen the fold.
N_FOLDS = 3
# Public sources of kind or neutral texts; the other public rows are comments.
KIND_SOURCES = ("goemotions", "fortunes", "tatoeba")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One labeled text. kind : its origin, or its public source. group : rows of a group are in one fold."""

    text: str
    language: str
    violating: bool
    categories: tuple[Category, ...]
    weight: float
    kind: str
    group: str

    @property
    def fold(self) -> int:
        """The fold of its group, from 0 to N_FOLDS - 1."""
        digest = hashlib.sha256(f"calibration/{self.language}/{self.group}".encode()).digest()
        return int.from_bytes(digest[:4]) % N_FOLDS

    @property
    def is_comment(self) -> bool:
        """Whether it is the kind of text found under articles and in feeds, not a message to somebody."""
        return self.kind not in {"authored", "grammar", "framed"} and not self.kind.startswith(
            KIND_SOURCES
        )


def load_training_rows(language: str) -> list[Row]:
    """Return the rows a language is trained on; nothing of the development split."""
    public = list(read_public_rows(language=language, split=Split.TRAIN))
    random.Random(f"public/{language}").shuffle(public)  # noqa: S311 - a draw that repeats
    seen = {True: 0, False: 0}
    kept = []
    for each in public:
        seen[each.violating] += 1
        if seen[each.violating] <= MAX_PUBLIC:
            kept.append(each)
    rows = [
        Row(
            text=each.text,
            language=language,
            violating=each.violating,
            categories=(each.category,) if each.category else (),
            weight=WEIGHT_PUBLIC,
            kind=each.source,
            group=each.text,
        )
        for each in kept
    ]
    return rows + load_own_rows(language)


def load_own_rows(language: str) -> list[Row]:
    """Return those of them that are in the repository: the corpus and the frames."""
    rows = [
        Row(
            text=each.text,
            language=language,
            violating=each.violating,
            categories=each.categories,
            weight=WEIGHTS[each.origin],
            kind=each.origin.value,
            group=each.scenario,
        )
        for each in load_dedications(language)
        if each.split is Split.TRAIN
    ]
    return rows + _frame_rows(language)


def _frame_rows(language: str) -> list[Row]:
    frames: list[str] = tomllib.loads(FRAMES.read_text(encoding="utf-8"))[language]
    rng = random.Random(f"frames/{language}")  # noqa: S311 - a draw that repeats
    entries = sorted(
        {
            (term.text, term.category)
            for term in load_language_pack(language).terms
            if term.severity >= Severity.REVIEW and not term.prefix and len(term.text) > 1
        }
    )
    everyday = sorted(_list_everyday_words(language))
    rows = []
    for _ in range(N_FRAMED):
        text, category = rng.choice(entries)
        for word, categories in ((text, (category,)), (rng.choice(everyday), ())):
            rows.append(
                Row(
                    text=rng.choice(frames).format(disguise(word, rng)),
                    language=language,
                    violating=bool(categories),
                    categories=categories,
                    weight=WEIGHT_FRAMED,
                    kind="framed",
                    group=word,
                )
            )
    return rows


def _list_everyday_words(language: str) -> set[str]:
    """Return words of good dedications as written, whole and of three letters or more (two in Korean)."""
    least = 2 if language == "ko" else 3
    lexicon = {term.text for term in load_language_pack(language).terms}
    return {
        word
        for row in load_authored(language)
        if not row.violating and row.split is Split.TRAIN
        for word in re.findall(r"[^\W\d_]+", row.text.lower())
        if len(word) >= least and word not in lexicon
    }


def read_inputs(rows: Sequence[Row]) -> list[ModelInput]:
    """Return what the model reads of each row."""
    return [read_model_input(text=row.text, language=row.language) for row in rows]


def stack_signs(inputs: Sequence[ModelInput]) -> NDArray[np.float32]:
    """Return the lexicon signs, shape (n_rows, n_signs)."""
    return np.stack([each.signs for each in inputs]).astype(np.float32)
