"""Screening on the development data, beside its bars: `make eval-screening`.

Dedications come from the repository (the scenarios held out of training); the other sets from the folder that
SCREENING_DATA names, and are left out without it. The bars of the issue are for sealed sets; these are their stand-ins.
"""

import argparse
import os
import random
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from moderation.screening.classifier import load_classifier
from moderation.screening.language_id import identify_language
from moderation.screening.languages import LANGUAGES
from moderation.screening.policy import Outcome
from moderation.screening.screen import screen_text
from moderation.training.dedications import Origin, Split, load_authored, load_dedications
from moderation.training.sources import DATA_VARIABLE, read_json_lines, read_public_rows

# Rows of one set and language that are screened at most; drawn with a fixed seed.
DEFAULT_LIMIT = 600
MAX_SHORT_WORDS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One cell of the table."""

    value: float
    n: int
    bar: float
    at_least: bool = True

    @property
    def met(self) -> bool:
        return self.value >= self.bar if self.at_least else self.value <= self.bar

    def __str__(self) -> str:
        return f"{self.value:6.3f}{' ' if self.met else '*'}({self.n})"


def draw(rows: Iterable, limit: int) -> list:
    rows = list(rows)
    random.Random(20261123).shuffle(rows)
    return rows[:limit]


def flagged(text: str, language: str) -> bool:
    return screen_text(text=text, language=language).outcome is not Outcome.ALLOW


def measure_macro_f1(pairs: list[tuple[bool, bool]]) -> float:
    scores = []
    for label in (False, True):
        hits = sum(truth is label and said is label for truth, said in pairs)
        named = sum((truth is label) + (said is label) for truth, said in pairs)
        scores.append(2 * hits / named if named else 0.0)
    return sum(scores) / 2


def share(values: Iterable[bool]) -> tuple[float, int]:
    values = list(values)
    return (sum(values) / len(values) if values else 0.0), len(values)


def evaluate_dedications(language: str, limit: int) -> Iterator[tuple[str, Figure]]:
    rows = [row for row in load_authored(language) if row.split is Split.DEV]
    answers = [
        (row, screen_text(text=row.text, language=language)) for row in draw(rows, limit * 2)
    ]
    stopped = {id(row): answer.outcome is not Outcome.ALLOW for row, answer in answers}
    bad = [row for row, _ in answers if row.violating]
    good = [row for row, _ in answers if not row.violating]
    value, n = share(stopped[id(row)] for row in bad)
    yield "violating dedications caught", Figure(value=value, n=n, bar=0.80)
    for form in ("plain", "disguised", "veiled"):
        value, n = share(stopped[id(row)] for row in bad if row.form == form)
        yield f"  {form}", Figure(value=value, n=n, bar=0.80)
    value, n = share(stopped[id(row)] for row in good)
    yield "good dedications flagged", Figure(value=value, n=n, bar=0.03, at_least=False)
    value, n = share(a.outcome is Outcome.BLOCK for row, a in answers if not row.violating)
    yield "good dedications blocked", Figure(value=value, n=n, bar=0.005, at_least=False)
    value, n = share(not stopped[id(row)] for row in good if row.theme == "identity")
    yield "identity statements allowed", Figure(value=value, n=n, bar=0.95)


def evaluate_public(language: str, limit: int) -> Iterator[tuple[str, Figure]]:
    rows = list(read_public_rows(language=language, split=Split.DEV))
    bars = {"en": 0.79, "es": 0.80, "pt": 0.76, "fr": 0.79, "de": 0.75, "ko": 0.80}
    natural = draw(
        (r for r in rows if not r.source.startswith(("goemotions", "fortunes", "tatoeba"))), limit
    )
    pairs = [(row.violating, flagged(row.text, language)) for row in natural]
    if any(truth for truth, _ in pairs):
        yield (
            "macro-F1 on public dev sets",
            Figure(value=measure_macro_f1(pairs), n=len(pairs), bar=bars[language]),
        )
    kind = draw(
        (r for r in rows if r.source.startswith(("goemotions", "fortunes")) and not r.violating),
        limit,
    )
    value, n = share(flagged(row.text, language) for row in kind)
    if n:
        yield (
            "affectionate and quoted lines flagged",
            Figure(value=value, n=n, bar=0.005, at_least=False),
        )


def evaluate_functional(language: str, limit: int) -> Iterator[tuple[str, Figure]]:
    """Measure held-out sentence frames after HateCheck; its bars hold for HateCheck itself (Korean has none)."""
    bars = {"en": 0.74, "es": 0.68, "pt": 0.68, "fr": 0.70, "de": 0.68, "ko": 0.68}
    rows = [
        row
        for row in load_dedications(language)
        if row.origin is Origin.FUNCTIONAL and row.split is Split.DEV
    ]
    pairs = [(row.violating, flagged(row.text, language)) for row in draw(rows, limit)]
    yield (
        "macro-F1 on held-out sentence frames",
        Figure(value=measure_macro_f1(pairs), n=len(pairs), bar=bars[language]),
    )


def evaluate_disguises(language: str, folder: Path) -> Iterator[tuple[str, Figure]]:
    families: dict[str, list[bool]] = defaultdict(list)
    controls: list[bool] = []
    for row in read_json_lines(folder / "obfuscation_dev.jsonl.gz"):
        if row["lang"] == language:
            said = flagged(str(row["text"]), language)
            (families[str(row["category"])] if row["label"] else controls).append(said)
    hard = {"vowel_drop", "choseong"}
    worst = {name: share(values)[0] for name, values in families.items()}
    easy = min((value, name) for name, value in worst.items() if name not in hard)
    yield (
        f"disguises caught, worst family ({easy[1]})",
        Figure(value=easy[0], n=len(families[easy[1]]), bar=0.95),
    )
    for name in sorted(hard & worst.keys()):
        yield (
            f"disguises caught, {name}",
            Figure(value=worst[name], n=len(families[name]), bar=0.70),
        )
    value, n = share(controls)
    yield "disguised harmless words flagged", Figure(value=value, n=n, bar=0.002, at_least=False)


def evaluate_language(language: str, folder: Path, limit: int) -> Iterator[tuple[str, Figure]]:
    rows = list(read_json_lines(folder / "language_id_dev" / f"{language}.jsonl.gz"))
    sentences = [str(r["text"]) for r in rows if r["kind"] in {"sentences", "tatoeba", "subtitle"}]
    value, n = share(identify_language(t).code == language for t in draw(sentences, limit))
    yield "language of sentences", Figure(value=value, n=n, bar=0.97)


def evaluate_short_language(language: str) -> Iterator[tuple[str, Figure]]:
    short = [
        row.text
        for row in load_authored(language)
        if not row.violating and row.split is Split.DEV
        and len(row.text.split()) <= MAX_SHORT_WORDS
    ]  # fmt: skip
    value, n = share(identify_language(text).code == language for text in short)
    yield "language of short dedications", Figure(value=value, n=n, bar=0.95)


def collect(language: str, limit: int) -> dict[str, Figure]:
    parts: list[Callable[[], Iterator[tuple[str, Figure]]]] = [
        lambda: evaluate_dedications(language, limit),
        lambda: evaluate_functional(language, limit),
        lambda: evaluate_short_language(language),
    ]
    if named := os.environ.get(DATA_VARIABLE):
        folder = Path(named)
        parts += [
            lambda: evaluate_public(language, limit),
            lambda: evaluate_disguises(language, folder),
            lambda: evaluate_language(language, folder, limit),
        ]
    return {name: figure for part in parts for name, figure in part()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=int, default=DEFAULT_LIMIT)
    parser.add_argument("--languages", nargs="+", default=list(LANGUAGES))
    options = parser.parse_args()
    tables = {
        language: collect(language, options.limit)
        for language in tqdm(options.languages, file=sys.stderr, unit="language")
    }
    print(f"Model {load_classifier().version}; * misses its bar; (rows)")
    names = list(dict.fromkeys(name for table in tables.values() for name in table))
    missed = 0
    for name in names:
        cells = [tables[language].get(name) for language in options.languages]
        missed += sum(cell is not None and not cell.met for cell in cells)
        print(f"{name:44.44s} " + " ".join(f"{cell or '-'!s:>14}" for cell in cells))
    if not os.environ.get(DATA_VARIABLE):
        print(
            f"{DATA_VARIABLE} is not set: public sets, disguises and language sets were left out."
        )
    if missed and os.environ.get("STRICT") == "1":
        sys.exit(1)


if __name__ == "__main__":
    main()
