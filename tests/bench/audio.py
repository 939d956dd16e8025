"""What audio verification costs: `python -m tests.bench.audio [--stems 1000,10000]`.

One core, CPU seconds with child processes, medians.  Songs come from the corpus; large catalogs
are made of real fingerprints moved in frequency and time, so that the skew of hashes is kept.
With STRICT=1 a missed bar makes the exit code 1.
"""

import argparse
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import soundfile as sf

from compliance.audio.decoding import DecodingLimits
from compliance.audio.fingerprinting import RecordingFingerprint, fingerprint_recording
from compliance.audio.index import build_segment, open_index
from compliance.audio.landmarks import QUERY_DENSITY, RATE_HZ, find_peaks, hash_peaks
from compliance.audio.manifest import parse_manifest
from compliance.audio.signal import AudioSignal, resample
from compliance.audio.verification import verify_song
from tests.corpus.build import DEFAULT_CACHE
from tests.corpus.mix import Corpus, SongMaker, open_corpus

# Bars: catalog size -> CPU seconds for the landmarks of a 60 s song.
QUERY_BARS_S = {1_000: 0.05, 10_000: 0.2, 100_000: 1.0}
SONG_BAR_S = 1.5
MEMORY_BAR_MB = 600
INGEST_BAR = 150
# A moved fingerprint keeps its own song's length; frames are rotated inside it.
MAX_SHIFT_BINS = 40


def spend() -> float:
    """Return CPU seconds used so far, children included."""
    return sum(os.times()[:4])


def report(name: str, value: float, unit: str, bar: float, *, is_met: bool) -> bool:
    print(f"{name:52} {value:9.3f} {unit:10} bar {bar:g}{'' if is_met else '  MISSED'}")
    return is_met


def bench_ingest(corpus: Corpus) -> tuple[bool, list[RecordingFingerprint]]:
    """Measure how many seconds of audio one CPU second fingerprints."""
    prints, audio_s, cpu_s = [], 0.0, 0.0
    for stem in sorted(corpus.stems)[:24]:
        samples, rate = sf.read(corpus.get_path(stem), dtype="float32", always_2d=True)
        signal = AudioSignal(samples=samples, rate_hz=rate)
        before = spend()
        prints.append(fingerprint_recording(signal))
        cpu_s += spend() - before
        audio_s += signal.duration_s
    speed = audio_s / cpu_s
    return report("ingest", speed, "x realtime", INGEST_BAR, is_met=speed >= INGEST_BAR), prints


def multiply(
    prints: list[RecordingFingerprint], count: int
) -> Iterator[tuple[str, RecordingFingerprint]]:
    """Yield `count` recordings made of real fingerprints, each moved by its own amounts."""
    rng = np.random.default_rng(1)
    for number in range(count):
        one = prints[number % len(prints)]
        hashes = one.landmark_hashes.astype(np.int64)
        first = np.clip((hashes >> 13) + rng.integers(-MAX_SHIFT_BINS, MAX_SHIFT_BINS), 8, 511)
        moved = (first << 13) | (hashes & 0x1FFF)
        rotated = (one.landmark_frames + rng.integers(0, one.frame_count)) % one.frame_count
        yield (
            f"stem:{number}",
            RecordingFingerprint(
                chromaprint=rng.permutation(one.chromaprint),
                landmark_hashes=moved.astype(np.uint32),
                landmark_frames=rotated.astype(np.int32),
                duration_s=one.duration_s,
                pcm_sha256="",
            ),
        )


def bench_query(
    prints: list[RecordingFingerprint], song: AudioSignal, sizes: Iterable[int], directory: Path
) -> bool:
    """Measure the search of one song in catalogs of several sizes."""
    narrow = resample(song.mono, from_hz=song.rate_hz, to_hz=RATE_HZ)
    landmarks = hash_peaks(find_peaks(narrow, density=QUERY_DENSITY), fan=QUERY_DENSITY.fan)
    is_met = True
    for size in sizes:
        target = directory / str(size)
        started = time.perf_counter()
        build_segment(target, multiply(prints, size))
        built_s = time.perf_counter() - started
        index = open_index([target])
        spent = []
        for _ in range(5):
            before = spend()
            index.search_landmarks(landmarks, query_s=song.duration_s, min_score=20)
            spent.append(spend() - before)
        megabytes = sum(path.stat().st_size for path in target.iterdir()) / 1e6
        bar = QUERY_BARS_S.get(size, 1.0)
        value = statistics.median(spent)
        name = f"query, {size} stems ({megabytes:.0f} MB, built in {built_s:.0f} s)"
        is_met &= report(name, value, "CPU s", bar, is_met=value <= bar)
    return is_met


def bench_song(corpus: Corpus, directory: Path) -> tuple[bool, Path]:
    """Measure whole verifications of a clean song in three codecs."""
    maker = SongMaker(corpus, directory, seconds=60.0)
    cases = list(maker.make_song(7, codecs=("mp3_128", "ogg_96", "wav"), kinds=("clean",)))
    names = {row["stem"] for case in cases for row in case["manifest"]["placements"]}
    paths = {stem: corpus.get_path(stem) for stem in sorted(corpus.stems)[:100]}
    paths |= {name: corpus.get_path(name) for name in names}
    build_segment(
        directory / "catalog",
        (
            (f"stem:{name}", fingerprint_recording(_read(path)))
            for name, path in sorted(paths.items())
        ),
    )
    index = open_index([directory / "catalog"])
    is_met = True
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
        value = statistics.median(spent)
        name = f"60 s song, {len(names)} stems and vocal, {case['codec']}"
        is_met &= report(name, value, "CPU s", SONG_BAR_S, is_met=value <= SONG_BAR_S)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    is_met &= report(
        "peak memory of the process", peak_mb, "MB", MEMORY_BAR_MB, is_met=peak_mb <= MEMORY_BAR_MB
    )
    return is_met, Path(cases[-1]["audio"])


def _read(path: Path) -> AudioSignal:
    samples, rate = sf.read(path, dtype="float32", always_2d=True)
    return AudioSignal(samples=samples, rate_hz=rate)


def main(arguments: Iterable[str] | None = None) -> int:
    """Print every cost beside its bar."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--cache", type=Path, default=os.environ.get("CORPUS_DIR", DEFAULT_CACHE))
    parser.add_argument("--stems", default="1000,10000")
    options = parser.parse_args(None if arguments is None else list(arguments))
    cache = Path(options.cache)
    if not (cache / "corpus.jsonl").exists():
        print(f"no corpus in {cache}: run `make corpus` first", file=sys.stderr)
        return 2
    corpus = open_corpus(cache)
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        is_song_met, song = bench_song(corpus, directory)
        is_ingest_met, prints = bench_ingest(corpus)
        sizes = [int(size) for size in options.stems.split(",")]
        is_query_met = bench_query(prints, _read(song), sizes, directory)
    is_met = is_song_met and is_ingest_met and is_query_met
    return 1 if os.environ.get("STRICT") == "1" and not is_met else 0


if __name__ == "__main__":
    sys.exit(main())
