"""The bars of audio verification on DEV songs: `python -m tests.evaluation.audio [--songs N]`.

Makes songs with every kind of violation from the corpus (tests.corpus.build), verifies them and
prints one line per bar, side by side with raw landmark search (as audfprint does) and Chromaprint
alone, which see the same index.  Songs and results are kept under --work, so a run that was
stopped goes on.  With STRICT=1 a missed bar makes the exit code 1.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from compliance.audio.decoding import DecodingLimits, decode_audio
from compliance.audio.fingerprinting import FINGERPRINT_VERSION, fingerprint_recording
from compliance.audio.index import RecordingIndex, build_segment, open_index
from compliance.audio.manifest import parse_manifest
from compliance.audio.verification import ENGINE_VERSION, verify_song
from compliance.verdict import VerdictLimits, decide_verdict
from tests.corpus.build import DEFAULT_CACHE
from tests.corpus.mix import KINDS, Corpus, SongMaker, open_corpus
from tests.corpus.rendering import CODECS

DEFAULT_WORK = DEFAULT_CACHE.parent / "evaluation-audio"
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
    at_least: float
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
    Bar(name="side channel only, -12 dB: named", kinds=("side_only",), at_least=0.95, **NAMED),
    Bar(name="inside the vocal, -6 dB: named", kinds=("in_vocal",), at_least=0.95, **NAMED),
)


def open_library(corpus: Corpus, work: Path) -> RecordingIndex:
    """Return the index of all stems and references, built at the first call."""
    directory = work / f"segment-{FINGERPRINT_VERSION}"
    if not directory.exists():
        limits = DecodingLimits()
        keys = [f"stem:{stem}" for stem in sorted(corpus.stems)]
        keys += [f"reference:{reference}" for reference in corpus.references]
        build_segment(
            directory,
            (
                (
                    key,
                    fingerprint_recording(
                        decode_audio(corpus.get_path(key.partition(":")[2]), limits=limits)
                    ),
                )
                for key in tqdm(keys, desc="fingerprints", disable=None)
            ),
        )
    return open_index([directory])


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
    report = evidence.to_json()
    kept = ("placements", "matches", "excess", "residual_db", "findings", "timings_s")
    return {
        **{name: case[name] for name in ("id", "kind", "level_db", "codec", "violation")},
        **{name: report[name] for name in kept},
        "verdict": decide_verdict(evidence).to_json(),
        "cpu_s": round(cpu_s, 3),
    }


def iter_rows(options: argparse.Namespace) -> Iterator[Row]:
    """Make and verify song after song; yield a row per case."""
    corpus = open_corpus(options.cache)
    options.work.mkdir(parents=True, exist_ok=True)
    index = open_library(corpus, options.work)
    maker = SongMaker(corpus, options.work / "songs", seconds=60.0)
    seeds = range(options.seed, options.seed + options.songs)
    for seed in tqdm(seeds, desc="songs", unit="song", disable=None):
        result = options.work / f"{ENGINE_VERSION}-{seed}.jsonl"
        if not result.exists():
            cases = list(maker.make_song(seed, codecs=tuple(CODECS), kinds=KINDS))
            rows = [verify_case(case, corpus=corpus, index=index) for case in cases]
            partial = result.with_suffix(".partial")
            partial.write_text("".join(json.dumps(row) + "\n" for row in rows))
            partial.rename(result)
            for case in cases:
                Path(case["audio"]).unlink(missing_ok=True)
        yield from map(json.loads, result.read_text().splitlines())


def print_table(rows: Sequence[Row]) -> bool:
    """Print every bar beside its figure; return whether all are met."""
    print(f"{'case':44} {'n':>4} {'bar':>6} {'here':>7} {'raw':>7} {'chroma':>7}")
    is_met = True
    for bar in BARS:
        chosen = bar.select(rows)
        if not chosen:
            continue
        figures = [
            f"{sum(map(test, chosen)) / len(chosen):7.1%}" if test else f"{'-':>7}"
            for test in (bar.test, bar.raw, bar.chromaprint)
        ]
        good = sum(map(bar.test, chosen)) / len(chosen) >= bar.at_least
        is_met &= good
        print(
            f"{bar.name:44} {len(chosen):4} {bar.at_least:6.0%} {' '.join(figures)}"
            f"{'' if good else '  MISSED'}"
        )
    named = [row for row in rows if row["kind"] in TIMED and is_named(row)]
    if named:
        share = sum(map(is_time_right, named)) / len(named)
        is_met &= share >= 0.95
        print(f"{'start and end within 0.5 s':44} {len(named):4} {0.95:6.0%} {share:7.1%}")
    spent = sorted(row["cpu_s"] for row in rows)
    print(f"median CPU of one song, decoding to verdict: {spent[len(spent) // 2]:.2f} s")
    return is_met


def main(arguments: Iterable[str] | None = None) -> int:
    """Make songs, verify them, print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--cache", type=Path, default=os.environ.get("CORPUS_DIR", DEFAULT_CACHE))
    parser.add_argument("--work", type=Path, default=DEFAULT_WORK)
    parser.add_argument("--songs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1001)
    options = parser.parse_args(None if arguments is None else list(arguments))
    options.cache = Path(options.cache)
    if not (options.cache / "corpus.jsonl").exists():
        print(f"no corpus in {options.cache}: run `make corpus` first", file=sys.stderr)
        return 2
    is_met = print_table(list(iter_rows(options)))
    return 1 if os.environ.get("STRICT") == "1" and not is_met else 0


if __name__ == "__main__":
    sys.exit(main())
