"""How the audio index grows: `python -m tests.bench.audio_index [--stems 1000,10000,100000] [--recordings 1000000]`.

CPU seconds, medians of five, one thread.  Large catalogs are made of real fingerprints of the
corpus, each moved in frequency and time, so that the skew of hashes is kept; a song of 60 s, mixed
of corpus stems, is searched in them.  Segments of 10,000 are built and merged, as the worker does.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import soundfile as sf

from compliance.audio.fingerprinting import (
    CHROMAPRINT_STEP_S,
    RecordingFingerprint,
    fingerprint_recording,
)
from compliance.audio.index import build_segment, open_index, open_segment
from compliance.audio.landmarks import QUERY_DENSITY, RATE_HZ, Landmarks, find_peaks, hash_peaks
from compliance.audio.segment_building import merge_segments
from compliance.audio.signal import AudioSignal, Samples, resample
from tests.bench.machine import describe_machine
from tests.corpus.build import DEFAULT_CACHE
from tests.corpus.mix import Corpus, open_corpus

# Bars: catalog size -> CPU seconds for the landmarks of a 60 s song.
QUERY_BARS_S = {1_000: 0.05, 10_000: 0.2, 100_000: 1.0}
IDENTITY_BAR_S = 0.02
BATCH = 10_000
SONG_S = 60.0
# A moved fingerprint keeps its own song's length; frames are rotated inside it.
MAX_SHIFT_BINS = 40
# The stem that has to be found again sounds so far below the rest of the song, in dB.
PLANTED_DB = -6.0
# A stored song has lost so many of its Chromaprint bits to another encoding.
FLIPPED_SHARE = 0.03
# Seconds of a made song, and the share of them in which a quarter of the bits is changed.
SECONDS, CHANGED_SHARE = 61, 0.85
REPEATS = 5


def read_signal(path: Path) -> AudioSignal:
    samples, rate = sf.read(path, dtype="float32", always_2d=True)
    return AudioSignal(samples=samples, rate_hz=rate)


def fingerprint_sources(corpus: Corpus, names: list[str], count: int) -> list[RecordingFingerprint]:
    """Return fingerprints of evenly chosen recordings, those without landmarks left out."""
    chosen = names[:: max(1, len(names) // count)][:count]
    prints = [fingerprint_recording(read_signal(corpus.get_path(name))) for name in chosen]
    return [one for one in prints if len(one.landmark_hashes)]


def move_landmarks(
    prints: list[RecordingFingerprint], numbers: range
) -> Iterator[tuple[str, RecordingFingerprint]]:
    """Yield recordings made of real fingerprints, each moved by its own amounts, without identity."""
    for number in numbers:
        rng = np.random.default_rng(number)
        one = prints[number % len(prints)]
        hashes = one.landmark_hashes.astype(np.int64)
        first = np.clip((hashes >> 13) + rng.integers(-MAX_SHIFT_BINS, MAX_SHIFT_BINS), 8, 511)
        rotated = (one.landmark_frames + rng.integers(0, one.frame_count)) % one.frame_count
        yield (
            f"stem:{number}",
            RecordingFingerprint(
                chromaprint=np.zeros(0, np.uint32),
                landmark_hashes=((first << 13) | (hashes & 0x1FFF)).astype(np.uint32),
                landmark_frames=rotated.astype(np.int32),
                duration_s=one.duration_s,
                pcm_sha256="",
            ),
        )


def move_chromaprints(
    prints: list[RecordingFingerprint], numbers: range
) -> Iterator[tuple[str, RecordingFingerprint]]:
    """Yield songs of 60 s made of real Chromaprints: rotated, and most of their seconds changed.

    What stays makes sub-fingerprints of different songs equal as often as those of different
    full recordings of the corpus are (5.5 of 10 million pairs).
    """
    length = round(SONG_S / CHROMAPRINT_STEP_S)
    for number in numbers:
        rng = np.random.default_rng(number)
        words = prints[number % len(prints)].chromaprint
        words = np.roll(np.resize(words, length), int(rng.integers(length)))
        flips = rng.integers(0, 1 << 32, SECONDS, np.uint64) & rng.integers(
            0, 1 << 32, SECONDS, np.uint64
        )
        flips[rng.random(SECONDS) >= CHANGED_SHARE] = 0
        words = words ^ np.repeat(flips, 8)[:length].astype(np.uint32)
        yield (
            f"song:{number}",
            RecordingFingerprint(
                chromaprint=words,
                landmark_hashes=np.zeros(0, np.uint32),
                landmark_frames=np.zeros(0, np.int32),
                duration_s=SONG_S,
                pcm_sha256="",
            ),
        )


def mix_song(corpus: Corpus) -> tuple[Landmarks, Samples]:
    """Return the landmarks of a song of six stems, and the audio of the quietest one, at 11 025 Hz."""
    names = sorted(corpus.stems)
    parts = []
    for name in names[1 :: max(1, len(names) // 6)][:6]:
        signal = read_signal(corpus.get_path(name))
        narrow = resample(signal.mono, from_hz=signal.rate_hz, to_hz=RATE_HZ)
        one = np.resize(narrow, int(SONG_S * RATE_HZ))
        parts.append(one / max(float(np.sqrt(np.mean(one**2))), 1e-6))
    song = np.sum(parts[:-1], axis=0)
    planted = parts[-1] * float(np.sqrt(np.mean(song**2)) * 10 ** (PLANTED_DB / 20))
    mixed = ((song + planted) * 0.05).astype(np.float32)
    peaks = find_peaks(mixed, density=QUERY_DENSITY)
    return hash_peaks(peaks, fan=QUERY_DENSITY.fan), parts[-1].astype(np.float32)


def build_in_batches(
    directory: Path,
    size: int,
    make: Callable[[range], Iterator[tuple[str, RecordingFingerprint]]],
) -> float:
    """Build and merge segments; return the CPU seconds that took, without making the material."""
    spent_s, folders = 0.0, []
    for start in range(0, size, BATCH):
        items = list(make(range(start, min(size, start + BATCH))))
        before = time.process_time()
        folders.append(directory.with_name(f"{directory.name}-{start}"))
        build_segment(folders[-1], items)
        spent_s += time.process_time() - before
    if len(folders) == 1:
        folders[0].rename(directory)
        return spent_s
    before = time.process_time()
    opened = [open_segment(folder) for folder in folders]
    merge_segments(directory, [(one, np.ones(len(one.keys), bool)) for one in opened])
    for folder in folders:
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
    return spent_s + time.process_time() - before


def measure(query: Callable[[], object]) -> tuple[float, float]:
    """Return the median CPU seconds of a query, and the memory it takes at most, in MB."""
    spent = []
    for _ in range(REPEATS):
        before = time.process_time()
        query()
        spent.append(time.process_time() - before)
    tracemalloc.start()
    query()
    peak_mb = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return statistics.median(spent), peak_mb


def count_megabytes(directory: Path) -> float:
    return sum(path.stat().st_size for path in directory.iterdir()) / 1e6


def bench_landmarks(
    corpus: Corpus, prints: list[RecordingFingerprint], sizes: Iterable[int], directory: Path
) -> bool:
    """Print what the search of one song costs in catalogs of several sizes."""
    landmarks, planted = mix_song(corpus)
    print(f"\nLandmark index: a song of {SONG_S:.0f} s, {len(landmarks.hashes):,} hashes")
    print("     stems     postings  index MB  build CPU s  query CPU s      bar  query MB  score")
    extra = [
        (
            "stem:planted",
            fingerprint_recording(AudioSignal(samples=planted[:, None], rate_hz=RATE_HZ)),
        )
    ]
    build_segment(directory / "planted", extra)
    is_met = True
    for size in sizes:
        target = directory / f"stems-{size}"
        built_s = build_in_batches(target, size, lambda numbers: move_landmarks(prints, numbers))
        index = open_index([target, directory / "planted"])
        query = partial(index.search_landmarks, landmarks, query_s=SONG_S, min_score=8)
        value, peak_mb = measure(query)
        found = [one.score for one in query() if one.key == "stem:planted"]
        bar = QUERY_BARS_S.get(size, 1.0)
        missed = "" if value <= bar else "  MISSED"
        is_met &= not missed
        print(
            f"{size:10,} {len(index.segments[0].postings):12,} {count_megabytes(target):9.0f}"
            f" {built_s:12.1f} {value:12.3f} {bar:8.2f} {peak_mb:9.0f} {max(found, default=0):6.0f}"
            f"{missed}"
        )
    return is_met


def bench_identity(
    prints: list[RecordingFingerprint], sizes: Iterable[int], directory: Path
) -> bool:
    """Print what the comparison of one song with many earlier ones costs."""
    print(f"\nIdentity index: songs of {SONG_S:.0f} s, Chromaprint")
    print("     songs  index MB  build CPU s  query CPU s      bar  query MB  found  wrong")
    is_met = True
    for size in sizes:
        target = directory / f"songs-{size}"
        built_s = build_in_batches(target, size, lambda numbers: move_chromaprints(prints, numbers))
        index = open_index([target])
        rng = np.random.default_rng(5)
        stored = dict(
            one
            for number in rng.integers(0, size, 20).tolist()
            for one in move_chromaprints(prints, range(number, number + 1))
        )
        values, peaks, n_found, n_wrong = [], [], 0, 0
        for key, fingerprint in stored.items():
            bits = rng.random((len(fingerprint.chromaprint), 32)) < FLIPPED_SHARE
            noise = np.packbits(bits, axis=1).view("<u4")[:, 0]

            query = partial(
                index.search_identity, fingerprint.chromaprint ^ noise, max_bit_error_rate=0.12
            )

            value, peak_mb = measure(query)
            values.append(value)
            peaks.append(peak_mb)
            keys = [match.key for match in query()]
            n_found += key in keys
            n_wrong += sum(one != key for one in keys)
        value = statistics.median(values)
        missed = "" if value <= IDENTITY_BAR_S else "  MISSED"
        is_met &= not missed
        print(
            f"{size:10,} {count_megabytes(target):9.0f} {built_s:12.1f} {value:12.4f}"
            f" {IDENTITY_BAR_S:8.2f} {max(peaks):9.1f} {n_found:3}/{len(stored)} {n_wrong:6}{missed}"
        )
    return is_met


def add_sizes(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say how large the catalogs are."""
    parser.add_argument("--stems", default="1000,10000,100000")
    parser.add_argument("--recordings", default="10000,100000,1000000")
    parser.add_argument("--work", type=Path, help="folder for the indexes (up to 5 GB)")


def bench_indexes(corpus: Corpus, options: argparse.Namespace) -> bool:
    """Print how both indexes grow."""
    stems, recordings = (
        [int(size) for size in text.split(",") if size]
        for text in (options.stems, options.recordings)
    )
    with tempfile.TemporaryDirectory(dir=options.work) as name:
        mixed = fingerprint_sources(corpus, sorted(corpus.stems), 96)
        is_met = bench_landmarks(corpus, mixed, stems, Path(name))
        recorded = fingerprint_sources(corpus, sorted(corpus.full), 80)
        is_met &= bench_identity(recorded, recordings, Path(name))
    return is_met


def main(arguments: Iterable[str] | None = None) -> int:
    """Print how both indexes grow, without the songs."""
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
    is_met = bench_indexes(open_corpus(cache), options)
    return 1 if os.environ.get("STRICT") == "1" and not is_met else 0


if __name__ == "__main__":
    sys.exit(main())
