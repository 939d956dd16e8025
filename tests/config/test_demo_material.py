"""The demo music: complete, readable, small, and each file a different sound."""

import csv
import hashlib
import itertools
from pathlib import Path

import numpy as np
import pytest
import soundfile

from config.demo.compose.tables import REFERENCE_COLUMNS, STEM_COLUMNS

CATALOG = Path(__file__).parents[2] / "config" / "demo" / "catalog"
AUDIO = CATALOG / "audio"
VOCAL = CATALOG / "vocal.ogg"

# The budget of the repository for all demo audio, in bytes.
MAX_TOTAL_BYTES = 4_000_000
ROLES = {
    "lead_vocal",
    "backing_vocal",
    "drums",
    "bass",
    "guitar",
    "keys",
    "strings",
    "synth",
    "fx",
    "other",
}
# Two different parts of one piece share a tempo, never their samples.
MAX_CORRELATION = 0.5
# Full scale 1: below this nothing is heard.
SILENCE_RMS = 0.003
LONGEST_SILENCE_S = 3.0


def read_rows(name: str) -> list[dict[str, str]]:
    with (CATALOG / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


STEMS = read_rows("stems.csv")
REFERENCES = read_rows("references.csv")
FILES = [AUDIO / row["file"] for row in STEMS + REFERENCES] + [VOCAL]


def read_samples(path: Path) -> tuple[np.ndarray, int]:
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return samples, rate


def test_all_audio_together_stays_under_its_budget():
    found = sorted(CATALOG.rglob("*.ogg"))
    assert sum(path.stat().st_size for path in found) < MAX_TOTAL_BYTES
    assert sorted(FILES) == found


@pytest.mark.parametrize(
    ("rows", "columns"),
    [(STEMS, STEM_COLUMNS), (REFERENCES, REFERENCE_COLUMNS)],
    ids=["stems", "references"],
)
def test_tables_have_their_columns_filled_and_unique_ids(rows, columns):
    assert all(tuple(row) == columns for row in rows)
    assert all(value for row in rows for value in row.values())
    identifiers = [row["external_id"] for row in rows]
    assert len(set(identifiers)) == len(identifiers)


def test_stems_belong_to_three_pieces_of_different_tempo_and_key():
    pieces = {(row["isrc"], row["artist"], row["bpm"], row["key"]) for row in STEMS}
    assert len(STEMS) >= 14
    assert len(pieces) == 3
    assert [len(set(values)) for values in zip(*pieces, strict=True)] == [3, 3, 3, 3]


def test_stem_roles_are_known_and_every_vocal_role_has_a_voice():
    assert {row["role"] for row in STEMS} <= ROLES
    voiced = {row["external_id"] for row in STEMS if row["has_voice"] == "true"}
    assert voiced == {row["external_id"] for row in STEMS if row["role"].endswith("_vocal")}
    assert voiced


def test_references_share_no_recording_with_the_stems():
    assert len(REFERENCES) == 2
    assert {row["isrc"] for row in REFERENCES}.isdisjoint(row["isrc"] for row in STEMS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_recording_decodes_to_music_of_the_promised_length_and_level(path):
    samples, rate = read_samples(path)
    assert rate == 44_100
    assert samples.shape[1] == 2
    assert 20.0 <= len(samples) / rate <= 45.0
    assert 0.07 <= float(np.sqrt(np.mean(samples**2))) <= 0.2
    assert float(np.abs(samples).max()) < 0.95


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_recording_never_falls_silent_for_long(path):
    samples, rate = read_samples(path)
    frame = rate // 10
    frames = samples[: len(samples) // frame * frame].reshape(-1, frame * 2)
    silent = np.sqrt(np.mean(frames**2, axis=1)) < SILENCE_RMS
    runs = [sum(1 for _ in run) for quiet, run in itertools.groupby(silent) if quiet]
    assert max(runs, default=0) * 0.1 <= LONGEST_SILENCE_S


def test_no_two_recordings_hold_the_same_samples():
    digests = [hashlib.sha256(read_samples(path)[0].tobytes()).hexdigest() for path in FILES]
    assert len(set(digests)) == len(FILES)


def test_no_two_recordings_are_nearly_the_same():
    # Mono at an eighth of the rate is plenty to see a copy, and quick.
    sounds = [read_samples(path)[0].mean(axis=1)[::8] for path in FILES]
    for (first, a), (second, b) in itertools.combinations(zip(FILES, sounds, strict=True), 2):
        size = min(len(a), len(b))
        left, right = a[:size], b[:size]
        share = abs(float(left @ right)) / float(np.linalg.norm(left) * np.linalg.norm(right))
        assert share < MAX_CORRELATION, f"{first.stem} and {second.stem}: {share:.2f}"
