"""Segments and searches on made fingerprints: merging changes no answer, searching misses no hit."""

import random
import subprocess
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import poisson

from compliance.audio.fingerprinting import CHROMAPRINT_STEP_S, RecordingFingerprint
from compliance.audio.index import RecordingIndex, build_segment, open_segment
from compliance.audio.landmark_search import LEAST_EXPECTED_HITS
from compliance.audio.landmarks import FRAMES_PER_TICK, TICK_S, Landmarks
from compliance.audio.segment import ARRAYS, InvalidSegment
from compliance.audio.segment_building import make_segment, merge_segments

LENGTH_S = 60.0
ROOT = Path(__file__).parents[3]


def make_fingerprint(seed: int, *, n_landmarks: int = 800, n_words: int = 480):
    """Random hashes, so few that recordings have many in common by chance."""
    rng = np.random.default_rng(seed)
    return RecordingFingerprint(
        chromaprint=rng.integers(0, 1 << 32, n_words, np.uint32),
        landmark_hashes=rng.integers(0, 400, n_landmarks).astype(np.uint32),
        landmark_frames=rng.integers(0, int(LENGTH_S * 43), n_landmarks).astype(np.int32),
        duration_s=LENGTH_S,
        pcm_sha256="",
    )


CATALOG = {f"stem:{seed}": make_fingerprint(seed) for seed in range(40)}


def make_query(seed: int) -> Landmarks:
    """Forty landmarks of one recording, moved in time, among random ones."""
    rng = np.random.default_rng(1000 + seed)
    source = CATALOG[f"stem:{seed}"]
    part = np.argsort(source.landmark_frames)[100:140]
    moved = source.landmark_frames[part] - int(source.landmark_frames[part].min()) + 200
    return Landmarks(
        hashes=np.concatenate(
            [source.landmark_hashes[part], rng.integers(0, 400, 4000, np.uint32)]
        ),
        frames=np.concatenate([moved, rng.integers(0, 2600, 4000).astype(np.int32)]),
    )


def list_pairs(hashes, frames) -> set[tuple[int, int]]:
    ticks = (frames // FRAMES_PER_TICK).tolist()
    return set(zip(hashes.tolist(), ticks, strict=True))


def count_by_hand(landmarks: Landmarks, source: RecordingFingerprint) -> tuple[int, int]:
    """Return (hits at the best pair of neighboring offsets, hits at any offset)."""
    ours = defaultdict(list)
    for hash_, tick in list_pairs(landmarks.hashes, landmarks.frames):
        ours[hash_].append(tick)
    at = Counter(
        there - here
        for hash_, there in list_pairs(source.landmark_hashes, source.landmark_frames)
        for here in ours[hash_]
    )
    return max(at[offset] + at[offset + 1] for offset in list(at)), sum(at.values())


def search(index: RecordingIndex, landmarks: Landmarks, min_score: float = 3.0):
    return index.search_landmarks(landmarks, query_s=LENGTH_S, min_score=min_score)


def merge(directory, index: RecordingIndex):
    merge_segments(directory, list(zip(index.segments, index.live_masks, strict=True)))
    return RecordingIndex([open_segment(directory, is_verified=True)], removed_keys=())


@pytest.mark.parametrize("seed", range(3))
def test_search_finds_every_recording_that_counting_by_hand_finds(seed):
    landmarks = make_query(seed)
    scores = {}
    for key, source in CATALOG.items():
        most, everywhere = count_by_hand(landmarks, source)
        expected = everywhere * 2 / (LENGTH_S / TICK_S) + LEAST_EXPECTED_HITS
        scores[key] = round(-poisson.logsf(most - 1, expected) / np.log(10), 1)
    found = search(RecordingIndex([make_segment(CATALOG.items())], removed_keys=()), landmarks, 1.0)
    best = {}
    for match in found:
        best.setdefault(match.key, round(match.score, 1))
    assert len({score for score in scores.values() if score < 5}) > 5
    strong = {key for key, score in scores.items() if score >= 1.3}
    assert strong <= set(best)
    assert all(best[key] == pytest.approx(scores[key], abs=0.25) for key in strong)
    assert max(best, key=best.get) == f"stem:{seed}"


@pytest.mark.parametrize("parts", [1, 2, 5])
def test_merged_segments_answer_as_the_parts_did(tmp_path, parts, monkeypatch):
    monkeypatch.setattr("compliance.audio.segment_building.MERGED_AT_ONCE", 1000)
    names = list(CATALOG)
    segments = [
        make_segment((name, CATALOG[name]) for name in names[number::parts])
        for number in range(parts)
    ]
    index = RecordingIndex(segments, removed_keys=())
    merged = merge(tmp_path / "merged", index)
    assert sorted(merged.list_keys()) == sorted(names)
    for seed in range(5):
        assert set(search(merged, make_query(seed))) == set(search(index, make_query(seed)))
        words = CATALOG[f"stem:{seed}"].chromaprint[100:300]
        (match,) = merged.search_identity(words, max_bit_error_rate=0.1)
        assert match.key == f"stem:{seed}"
        assert match.source_start_s == pytest.approx(100 * CHROMAPRINT_STEP_S, abs=0.001)


def test_merging_leaves_out_what_was_removed_or_replaced(tmp_path):
    old = make_segment(list(CATALOG.items())[:10])
    new = make_segment([("stem:3", make_fingerprint(99)), ("stem:50", make_fingerprint(50))])
    index = RecordingIndex([old, new], removed_keys={"stem:4", "stem:0"})
    merged = merge(tmp_path / "merged", index)
    assert sorted(merged.list_keys()) == sorted(index.list_keys())
    assert {"stem:4", "stem:0"}.isdisjoint(merged.list_keys())
    for fingerprint, key in ((make_fingerprint(99), "stem:3"), (CATALOG["stem:9"], "stem:9")):
        (match,) = merged.search_identity(fingerprint.chromaprint, max_bit_error_rate=0.1)
        assert (match.key, match.source_start_s) == (key, 0.0)
    for gone in ("stem:3", "stem:4"):
        assert not merged.search_identity(CATALOG[gone].chromaprint, max_bit_error_rate=0.1)
    assert set(search(merged, make_query(3))) == set(search(index, make_query(3)))


def test_merging_nothing_and_recordings_without_sound_works(tmp_path):
    silent = make_segment([("stem:silent", make_fingerprint(1, n_landmarks=0, n_words=0))])
    merged = merge(tmp_path / "one", RecordingIndex([silent, make_segment([])], removed_keys=()))
    assert merged.list_keys() == ("stem:silent",)
    assert search(merged, make_query(0)) == ()
    empty = merge(tmp_path / "none", RecordingIndex([silent], removed_keys={"stem:silent"}))
    assert empty.list_keys() == ()
    assert not empty.search_identity(CATALOG["stem:1"].chromaprint, max_bit_error_rate=0.1)


def test_a_segment_is_the_same_in_memory_and_on_disk(tmp_path):
    build_segment(tmp_path / "disk", CATALOG.items())
    disk, memory = open_segment(tmp_path / "disk"), make_segment(CATALOG.items())
    assert disk.keys == memory.keys
    for name in ARRAYS:
        assert np.array_equal(getattr(disk, name), getattr(memory, name)), name


def test_merging_refuses_a_key_that_comes_twice_and_leaves_nothing(tmp_path):
    one = make_segment([("stem:1", CATALOG["stem:1"])])
    with pytest.raises(InvalidSegment):
        merge_segments(tmp_path / "twice", [(one, np.ones(1, bool))] * 2)
    assert list(tmp_path.iterdir()) == []


def test_identity_is_found_through_thirty_percent_of_changed_words():
    rng = np.random.default_rng(3)
    index = RecordingIndex([make_segment(CATALOG.items())], removed_keys=())
    words = CATALOG["stem:7"].chromaprint[200:300].copy()
    changed = rng.choice(len(words), 30, replace=False)
    words[changed] ^= rng.integers(0, 1 << 8, 30).astype(np.uint32)
    (match,) = index.search_identity(words, max_bit_error_rate=0.1)
    assert match.key == "stem:7"
    assert match.source_start_s == pytest.approx(200 * CHROMAPRINT_STEP_S, abs=0.001)


BUILDER = """
import sys
from itertools import count
from pathlib import Path
import numpy as np
from compliance.audio.index import build_segment, open_segment
from compliance.audio.segment_building import merge_segments
from tests.compliance.audio.test_segments import make_fingerprint

folder = Path(sys.argv[1])
for number in count():
    one, two, both = (folder / f"{number}-{name}" for name in ("one", "two", "both"))
    build_segment(one, ((f"stem:{n}", make_fingerprint(n)) for n in range(60)))
    build_segment(two, ((f"stem:{n}", make_fingerprint(n)) for n in range(60, 120)))
    merge_segments(both, [(open_segment(part), np.ones(60, bool)) for part in (one, two)])
"""


@pytest.mark.slow
def test_a_builder_killed_with_9_leaves_whole_segments_or_none(tmp_path):
    rng = random.Random(7)
    n_whole = 0
    for turn in range(6):
        folder = tmp_path / str(turn)
        folder.mkdir()
        with subprocess.Popen([sys.executable, "-c", BUILDER, folder], cwd=ROOT) as builder:
            deadline_s = time.monotonic() + 60
            while not any(folder.iterdir()) and time.monotonic() < deadline_s:
                time.sleep(0.01)
            time.sleep(rng.uniform(0, 1.5))
            builder.kill()
        for path in folder.iterdir():
            if path.name.startswith("."):
                continue  # what was being written has no name yet
            segment = open_segment(path, is_verified=True)
            assert len(segment.keys) == (120 if path.name.endswith("both") else 60)
            n_whole += 1
    assert n_whole
