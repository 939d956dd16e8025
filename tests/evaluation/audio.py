"""The bars of audio verification on DEV songs: `python -m tests.evaluation.audio [--songs N]`.

Makes songs with every kind of violation from the corpus (tests.corpus.build), verifies them and
prints one line per bar with its counts and exact 95 % bounds, side by side with raw landmark search
(as audfprint does) and Chromaprint alone, which see the same index.  Songs and results are kept
under --work: a run that was stopped goes on, a case is verified once by each version of the engine,
and another engine is measured with the same songs.  Verdicts are drawn anew from the evidence each
time.  With STRICT=1 a missed bar makes the exit code 1.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from scipy.stats import binomtest
from tqdm import tqdm

from compliance.audio.check import CheckFinding, Severity
from compliance.audio.decoding import DecodingLimits, UnreadableAudio, decode_files
from compliance.audio.evidence import (
    AlignmentProblem,
    ExcessCurve,
    MatchEvidence,
    MatchKind,
    PlacementEvidence,
    Refusal,
    SongEvidence,
)
from compliance.audio.fingerprinting import (
    FINGERPRINT_VERSION,
    RecordingFingerprint,
    fingerprint_recording,
)
from compliance.audio.index import RecordingIndex, build_segment, open_index
from compliance.audio.manifest import parse_manifest
from compliance.audio.segment import INDEX_STAMP
from compliance.audio.verification import ENGINE_VERSION, verify_song
from compliance.verdict import VerdictLimits, decide_verdict
from tests.corpus.build import DEFAULT_CACHE
from tests.corpus.mix import KINDS, Corpus, SongMaker, open_corpus
from tests.corpus.rendering import CODECS

DEFAULT_WORK = DEFAULT_CACHE.parent / "evaluation-audio"
# Recordings decoded by one process while the index is built.
FILES_AT_A_TIME = 16
# What a verdict is drawn from, and what is told beside it.
KEPT = (
    "refusal", "duration_s", "findings", "placements", "matches", "excess", "has_vocal", "vocal_problem",
    "residual_db", "timings_s",
)  # fmt: skip
# A time is right within this, in seconds.
MAX_TIME_ERROR_S = 0.5

Row = dict[str, Any]
Test = Callable[[Row], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One line of the table: which cases, what counts, and how often it must."""

    name: str
    kinds: tuple[str, ...]
    test: Test
    at_least: float | None
    levels_db: tuple[int, ...] = ()
    raw: Test | None = None
    chromaprint: Test | None = None

    def select(self, rows: Sequence[Row]) -> list[Row]:
        """Return the rows the bar is about."""
        return [
            row
            for row in rows
            if row["kind"] in self.kinds
            and (not self.levels_db or row["level_db"] in self.levels_db)
        ]


def is_rejected(row: Row) -> bool:
    return bool(row["verdict"]["outcome"] == "rejected")


def is_flagged(row: Row) -> bool:
    return bool(row["verdict"]["outcome"] != "approved")


def is_named(row: Row) -> bool:
    """Tell whether a rejecting reason names the source, alone or in a set of siblings."""
    return _find_naming_reason(row) is not None


def is_absence_found(row: Row) -> bool:
    """Tell whether the placement that is a lie is reported as absent."""
    return any(
        reason["code"] == "audio.declared_absent"
        and reason["placement"] == row["violation"]["placement"]
        for reason in row["verdict"]["reasons"]
    )


def is_time_right(row: Row) -> bool:
    reason = _find_naming_reason(row)
    if reason is None:
        return False
    violation = row["violation"]
    return (
        abs(reason["start_s"] - violation["heard_start_s"]) <= MAX_TIME_ERROR_S
        and abs(reason["end_s"] - violation["heard_end_s"]) <= MAX_TIME_ERROR_S
    )


def is_found_raw(row: Row) -> bool:
    """Tell whether raw landmark search names the source, at the score no wrong one reaches."""
    return any(
        match["kind"] == "raw"
        and match["key"].partition(":")[2] == row["violation"]["source"]
        and match["score"] >= VerdictLimits().raw_match_score
        for match in row["matches"]
    )


def is_found_by_chromaprint(row: Row) -> bool:
    return any(
        match["kind"] == "identity" and match["key"].partition(":")[2] == row["violation"]["source"]
        for match in row["matches"]
    )


def _find_naming_reason(row: Row) -> Row | None:
    source = row["violation"]["source"]
    for reason in row["verdict"]["reasons"]:
        if reason["code"] == "audio.declared_absent":
            continue
        siblings = {key.partition(":")[2] for key in reason.get("siblings", ())}
        if source in {reason.get("stem"), reason.get("reference"), *siblings}:
            return dict(reason)
    return None


def measure_excess(row: Row) -> tuple[float, float, float, float]:
    """Return the largest excess of the mid, the side, the mean of both and the bands, in dB."""
    mid, side = row["excess"]["mid_db"], row["excess"]["side_db"]
    both = (max((a + b) / 2 for a, b in zip(mid, side, strict=True)),)
    return max(mid), max(side), *both, max(row["excess"]["band_db"])


NAMED = {"test": is_named, "raw": is_found_raw, "chromaprint": is_found_by_chromaprint}
LIES = ("absent", "swapped", "wrong_section")
TIMED = ("undeclared_stem", "reference", "short5", "speed", "pitch", "tempo")
BARS = (
    Bar(
        name="clean: not rejected", kinds=("clean",), test=lambda r: not is_rejected(r), at_least=1
    ),
    Bar(name="clean: approved", kinds=("clean",), test=lambda r: not is_flagged(r), at_least=0.99),
    Bar(name="whole foreign recording: named", kinds=("entire",), at_least=1, **NAMED),
    Bar(name="absent, swapped, wrong section", kinds=LIES, test=is_absence_found, at_least=0.99),
    Bar(
        name="undeclared stem -6/-12 dB: flagged",
        kinds=("undeclared_stem",),
        test=is_flagged,
        at_least=0.98,
    ),
    Bar(
        name="undeclared stem -6/-12 dB: named", kinds=("undeclared_stem",), at_least=0.95, **NAMED
    ),
    *(
        Bar(
            name=f"indexed recording {level} dB: named",
            kinds=("reference",),
            levels_db=(level,),
            at_least=bar,
            **NAMED,
        )
        for level, bar in ((-12, 0.98), (-18, 0.95), (-24, 0.85))
    ),
    *(
        Bar(
            name=f"never-indexed recording {level} dB: flagged",
            kinds=("unseen",),
            levels_db=(level,),
            test=is_flagged,
            at_least=bar,
        )
        for level, bar in ((-6, 0.99), (-12, 0.95), (-18, 0.70))
    ),
    Bar(name="5 s sample at -6 dB: named", kinds=("short5",), at_least=0.95, **NAMED),
    Bar(
        name="speed, pitch, tempo at -3 dB: named",
        kinds=("speed", "pitch", "tempo"),
        at_least=0.95,
        **NAMED,
    ),
    *(
        Bar(name=f"{name}: named", kinds=(kind,), at_least=None, **NAMED)
        for kind, name in (
            ("side_only", "side channel only, -12 dB"),
            ("inverted", "one channel inverted, -12 dB"),
            ("in_vocal", "inside the vocal, -6 dB"),
            ("in_gaps", "in the gaps of the vocal, -6 dB"),
            ("very_quiet", "very quiet, -30 dB"),
        )
    ),
    *(
        Bar(name=f"{name}: flagged", kinds=(kind,), at_least=None, test=is_flagged)
        for kind, name in (
            ("reversed", "reversed, -6 dB"),
            ("high_only", "only what lies above 9 kHz, -6 dB"),
        )
    ),
)


def open_library(corpus: Corpus, work: Path) -> RecordingIndex:
    """Return the index of all stems and references, built at the first call."""
    directory = work / f"segment-{INDEX_STAMP}"
    if not directory.exists():
        build_segment(directory, _iter_fingerprints(corpus))
    return open_index([directory])


def _iter_fingerprints(corpus: Corpus) -> Iterator[tuple[str, RecordingFingerprint]]:
    keys = [f"stem:{stem}" for stem in sorted(corpus.stems)]
    keys += [f"reference:{reference}" for reference in corpus.references]
    for start in tqdm(range(0, len(keys), FILES_AT_A_TIME), desc="fingerprints", disable=None):
        batch = keys[start : start + FILES_AT_A_TIME]
        paths = [corpus.get_path(key.partition(":")[2]) for key in batch]
        for key, signal in zip(batch, decode_files(paths, limits=DecodingLimits()), strict=True):
            if isinstance(signal, UnreadableAudio):
                raise signal
            yield key, fingerprint_recording(signal)


def verify_case(case: Row, *, corpus: Corpus, index: RecordingIndex) -> Row:
    """Verify one case and keep what the bars look at."""
    before = os.times()
    evidence = verify_song(
        song=Path(case["audio"]),
        placements=parse_manifest(case["manifest"]),
        stem_files={stem: corpus.get_path(stem) for stem in corpus.stems},
        reference_files={name: corpus.get_path(name) for name in corpus.references},
        index=index,
        vocal=Path(case["vocal"]),
        limits=DecodingLimits(),
    )
    cpu_s = sum(os.times()[:4]) - sum(before[:4])
    report = json.loads(json.dumps(evidence.to_json()))
    return {
        **{name: case[name] for name in ("id", "kind", "level_db", "codec", "violation")},
        **{name: report[name] for name in KEPT},
        "cpu_s": round(cpu_s, 3),
    }


def judge_row(row: Row) -> Row:
    """Return the row with the verdict on its evidence."""
    refusal, problem, curve = row["refusal"], row["vocal_problem"], row["excess"]
    evidence = SongEvidence(
        engine_version=ENGINE_VERSION,
        fingerprint_version=FINGERPRINT_VERSION,
        refusal=refusal and Refusal(**refusal),
        duration_s=row["duration_s"],
        findings=tuple(
            CheckFinding(**{**one, "severity": Severity(one["severity"])})
            for one in row["findings"]
        ),
        placements=tuple(
            PlacementEvidence(
                **{**one, "problem": one["problem"] and AlignmentProblem(one["problem"])}
            )
            for one in row["placements"]
        ),
        matches=tuple(
            MatchEvidence(
                **{**one, "kind": MatchKind(one["kind"]), "siblings": tuple(one["siblings"])}
            )
            for one in row["matches"]
        ),
        excess=curve
        and ExcessCurve(
            **{k: tuple(one) if isinstance(one, list) else one for k, one in curve.items()}
        ),
        has_vocal=row["has_vocal"],
        vocal_problem=problem and Refusal(**problem),
    )
    return {**row, "verdict": decide_verdict(evidence).to_json()}


class Evaluation:
    """Makes songs and verifies their cases; each process has its own."""

    def __init__(self, options: argparse.Namespace) -> None:
        """Open corpus and index."""
        self.corpus = open_corpus(options.cache)
        self.index = open_library(self.corpus, options.work)
        self.maker = SongMaker(self.corpus, options.work / "songs", seconds=60.0)
        self.results = options.work / "results" / ENGINE_VERSION
        self.results.mkdir(parents=True, exist_ok=True)
        self.kinds = tuple(options.kinds)

    def evaluate_song(self, seed: int) -> list[Row]:
        """Return a row per case of one song; those at hand are not verified again."""
        path = self.results / f"{seed}.jsonl"
        lines = path.read_text().splitlines(keepends=True) if path.exists() else []
        # A line that was being written when the run was stopped does not count.
        rows = {row["id"]: row for row in (json.loads(one) for one in lines if one.endswith("\n"))}
        done = self.results / f"{seed}.{'+'.join(sorted(self.kinds))[:200]}.done"
        if not done.exists():
            path.write_text("".join(json.dumps(row) + "\n" for row in rows.values()))
            for case in self.maker.make_song(seed, codecs=tuple(CODECS), kinds=self.kinds):
                if case["id"] not in rows:
                    rows[case["id"]] = verify_case(case, corpus=self.corpus, index=self.index)
                    with path.open("a") as file:
                        file.write(json.dumps(rows[case["id"]]) + "\n")
            done.touch()
        return [judge_row(row) for row in rows.values() if row["kind"] in self.kinds]


_evaluation: Evaluation | None = None


def _start_process(options: argparse.Namespace) -> None:
    global _evaluation
    _evaluation = Evaluation(options)


def _evaluate_song(seed: int) -> list[Row]:
    assert _evaluation is not None
    return _evaluation.evaluate_song(seed)


def iter_rows(options: argparse.Namespace) -> Iterator[Row]:
    """Yield a row per case of all songs, several songs at a time."""
    options.work.mkdir(parents=True, exist_ok=True)
    open_library(open_corpus(options.cache), options.work)
    seeds = range(options.seed, options.seed + options.songs)
    with get_context("spawn").Pool(options.jobs, _start_process, (options,)) as pool:
        found = pool.imap_unordered(_evaluate_song, seeds)
        for rows in tqdm(found, total=len(seeds), desc="songs", unit="song", disable=None):
            yield from rows


def print_table(rows: Sequence[Row]) -> bool:
    """Print every bar beside its figure; return whether all are met."""
    print(
        f"{'case':40} {'bar':>5} {'found':>9} {'':6} {'95 % bounds':>13} {'raw':>9} {'chroma':>9}"
    )
    is_met = True
    for bar in BARS:
        chosen = bar.select(rows)
        if chosen:
            found = sum(map(bar.test, chosen))
            others = [
                f"{sum(map(test, chosen))}/{len(chosen)}" if test else "-"
                for test in (bar.raw, bar.chromaprint)
            ]
            is_met &= print_line(bar.name, found, len(chosen), bar.at_least, others)
    named = [row for row in rows if row["kind"] in TIMED and is_named(row)]
    if named:
        right = sum(map(is_time_right, named))
        is_met &= print_line("start and end within 0.5 s", right, len(named), 0.95, ["-", "-"])
    print_excess(rows)
    spent = sorted(row["cpu_s"] for row in rows)
    print(f"median CPU of one song, decoding to verdict: {spent[len(spent) // 2]:.2f} s")
    return is_met


def print_line(
    name: str, found: int, count: int, at_least: float | None, others: Sequence[str]
) -> bool:
    """Print one line of the table; return whether the bar is met."""
    bounds = binomtest(found, count).proportion_ci(0.95, "exact")
    is_met = at_least is None or found / count >= at_least
    bar = "-" if at_least is None else f"{at_least:.0%}"
    print(
        f"{name:40} {bar:>5} {f'{found}/{count}':>9} {found / count:6.1%}"
        f" {f'{bounds.low:.0%} to {bounds.high:.0%}':>13} {others[0]:>9} {others[1]:>9}"
        f"{'' if is_met else '  MISSED'}"
    )
    return is_met


def print_excess(rows: Sequence[Row]) -> None:
    """Print how much is left over in clean songs, beside which the limits are set."""
    clean: dict[str, list[tuple[float, ...]]] = {}
    for row in rows:
        if row["kind"] == "clean" and row["excess"]:
            clean.setdefault(row["codec"], []).append(measure_excess(row))
    for codec, figures in sorted(clean.items()):
        tops = [f"{max(one):.1f}" for one in zip(*figures, strict=True)]
        print(f"largest excess of {len(figures)} clean {codec} songs: ", end="")
        print("mid {} dB, side {} dB, mean of both {} dB, bands {} dB".format(*tops))


def main(arguments: Iterable[str] | None = None) -> int:
    """Make songs, verify them, print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--cache", type=Path, default=os.environ.get("CORPUS_DIR", DEFAULT_CACHE))
    parser.add_argument("--work", type=Path, default=DEFAULT_WORK)
    parser.add_argument("--songs", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1001)
    parser.add_argument("--jobs", type=int, default=1, help="songs at a time")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS, metavar="KIND")
    options = parser.parse_args(None if arguments is None else list(arguments))
    options.cache = Path(options.cache)
    if not (options.cache / "corpus.jsonl").exists():
        print(f"no corpus in {options.cache}: run `make corpus` first", file=sys.stderr)
        return 2
    is_met = print_table(list(iter_rows(options)))
    return 1 if os.environ.get("STRICT") == "1" and not is_met else 0


if __name__ == "__main__":
    sys.exit(main())
