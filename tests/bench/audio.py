"""What audio verification costs: `python -m tests.bench.audio [--stems 1000,10000,100000]`.

One core, CPU seconds with child processes, medians.  Songs come from the corpus; how the indexes
grow is shown by tests/bench/audio_index.py.  With STRICT=1 a missed bar makes the exit code 1.
"""

import argparse
import os
import re
import statistics
import sys
import tempfile
from collections.abc import Iterable
from multiprocessing import get_context
from pathlib import Path

from compliance.audio.decoding import DecodingLimits, decode_audio
from compliance.audio.fingerprinting import fingerprint_recording
from compliance.audio.index import build_segment, open_index
from compliance.audio.manifest import parse_manifest
from compliance.audio.measurements import measure_loudness
from compliance.audio.verification import verify_song
from tests.bench.audio_index import add_sizes, bench_indexes, read_signal
from tests.bench.machine import describe_machine
from tests.corpus.build import DEFAULT_CACHE
from tests.corpus.mix import Case, Corpus, SongMaker, open_corpus

SONG_BAR_S = 1.5
MEMORY_BAR_MB = 600
INGEST_BAR = 150


def spend() -> float:
    """Return CPU seconds used so far, children included."""
    return sum(os.times()[:4])


def report(name: str, value: float, unit: str, bar: float, *, is_met: bool) -> bool:
    print(f"{name:52} {value:9.3f} {unit:10} bar {bar:g}{'' if is_met else '  MISSED'}")
    return is_met


def bench_ingest(corpus: Corpus) -> bool:
    """Measure how many seconds of audio one CPU second takes in: decoded, fingerprinted, loudness measured."""
    audio_s, cpu_s = 0.0, 0.0
    for stem in sorted(corpus.stems)[:24]:
        before = spend()
        signal = decode_audio(corpus.get_path(stem), limits=DecodingLimits())
        fingerprint_recording(signal)
        measure_loudness(signal)
        cpu_s += spend() - before
        audio_s += signal.duration_s
    speed = audio_s / cpu_s
    return report("ingest", speed, "x realtime", INGEST_BAR, is_met=speed >= INGEST_BAR)


def bench_song(corpus: Corpus, directory: Path) -> bool:
    """Measure whole verifications of a clean song in three codecs."""
    maker = SongMaker(corpus, directory, seconds=60.0)
    cases = list(maker.make_song(7, codecs=("mp3_128", "ogg_96", "wav"), kinds=("clean",)))
    names = {row["stem"] for case in cases for row in case["manifest"]["placements"]}
    paths = {stem: corpus.get_path(stem) for stem in sorted(corpus.stems)[:100]}
    paths |= {name: corpus.get_path(name) for name in names}
    build_segment(
        directory / "catalog",
        (
            (f"stem:{name}", fingerprint_recording(read_signal(path)))
            for name, path in sorted(paths.items())
        ),
    )
    # In a process of its own, so that its memory is that of verifications.
    with get_context("spawn").Pool(1) as pool:
        spent, peak_mb = pool.apply(_verify_cases, (cases, paths, directory / "catalog"))
    is_met = True
    for case, value in zip(cases, spent, strict=True):
        name = f"60 s song, {len(names)} stems and vocal, {case['codec']}"
        is_met &= report(name, value, "CPU s", SONG_BAR_S, is_met=value <= SONG_BAR_S)
    is_met &= report(
        "peak memory of the process", peak_mb, "MB", MEMORY_BAR_MB, is_met=peak_mb <= MEMORY_BAR_MB
    )
    return is_met


def _verify_cases(
    cases: list[Case], paths: dict[str, Path], segment: Path
) -> tuple[list[float], float]:
    """Return the median CPU seconds of each case, and the peak memory of this process in MB."""
    index = open_index([segment])
    medians = []
    for case in cases:
        spent = []
        for _ in range(3):
            before = spend()
            verify_song(
                song=Path(case["audio"]),
                placements=parse_manifest(case["manifest"]),
                stem_files=paths,
                reference_files={},
                index=index,
                vocal=Path(case["vocal"]),
                limits=DecodingLimits(),
            )
            spent.append(spend() - before)
        medians.append(statistics.median(spent))
    return medians, read_peak_mb()


def read_peak_mb() -> float:
    """Return the most memory this process had, in MB; getrusage would count what its parent had before it."""
    status = Path("/proc/self/status").read_text()
    found = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    assert found is not None
    return int(found[1]) / 1000


def main(arguments: Iterable[str] | None = None) -> int:
    """Print every cost beside its bar."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--cache", type=Path, default=os.environ.get("CORPUS_DIR", DEFAULT_CACHE))
    add_sizes(parser)
    options = parser.parse_args(None if arguments is None else list(arguments))
    cache = Path(options.cache)
    if not (cache / "corpus.jsonl").exists():
        print(f"no corpus in {cache}: run `make corpus` first", file=sys.stderr)
        return 2
    print(describe_machine(), flush=True)
    corpus = open_corpus(cache)
    with tempfile.TemporaryDirectory() as name:
        is_met = bench_song(corpus, Path(name))
    is_met &= bench_ingest(corpus)
    is_met &= bench_indexes(corpus, options)
    return 1 if os.environ.get("STRICT") == "1" and not is_met else 0


if __name__ == "__main__":
    sys.exit(main())
