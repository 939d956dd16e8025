"""One immutable part of the index: memory-mapped arrays in a directory, with a checksummed list.

Landmarks: `hashes` (distinct, ascending) and `starts` give for every hash its slice of `postings`;
a posting is item (18 bits) and time in 46 ms ticks (14 bits).  Recordings longer than 12 minutes
take several items.  Chromaprint: `chroma` holds all sub-fingerprints end to end, `probe_words`
(ascending) and `probe_places` find candidates by exact equality of every eighth one.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from compliance.audio.fingerprinting import FINGERPRINT_VERSION, RecordingFingerprint
from compliance.audio.landmarks import FRAMES_PER_TICK

SEGMENT_FORMAT = 1
TIME_BITS = 14
MAX_TICKS = 1 << TIME_BITS
MAX_ITEMS = 1 << (32 - TIME_BITS)
# Every so many sub-fingerprints one is findable: 1 s.
PROBE_STEP = 8

MANIFEST_NAME = "segment.json"
ARRAYS: Mapping[str, type[np.generic]] = {
    "hashes": np.uint32,
    "starts": np.uint64,
    "postings": np.uint32,
    "item_recording": np.uint32,
    "item_tick": np.uint32,
    "chroma": np.uint32,
    "chroma_starts": np.uint64,
    "probe_words": np.uint32,
    "probe_places": np.uint64,
}


class InvalidSegment(Exception):
    """The directory does not hold an intact segment of the current version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """An opened segment; its arrays are memory-mapped and shared between processes."""

    keys: tuple[str, ...]
    durations_s: npt.NDArray[np.float32]
    hashes: npt.NDArray[np.uint32]
    starts: npt.NDArray[np.uint64]
    postings: npt.NDArray[np.uint32]
    item_recording: npt.NDArray[np.uint32]
    item_tick: npt.NDArray[np.uint32]
    chroma: npt.NDArray[np.uint32]
    chroma_starts: npt.NDArray[np.uint64]
    probe_words: npt.NDArray[np.uint32]
    probe_places: npt.NDArray[np.uint64]


def build_segment(
    directory: Path, items: Iterable[tuple[str, RecordingFingerprint]]
) -> tuple[str, ...]:
    """Write a segment of the given recordings; return its keys in order.

    The directory appears under its name only when everything in it is complete.

    Raises
    ------
    InvalidSegment : if it would be too large, or if a key comes twice
    """
    arrays, keys, durations = _collect(items)
    partial = directory.with_name(f".{directory.name}.{os.getpid()}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    files = {}
    for name, array in arrays.items():
        path = partial / f"{name}.npy"
        np.save(path, array)
        files[path.name] = {"bytes": path.stat().st_size, "blake2b": _digest(path)}
    manifest = {
        "format": SEGMENT_FORMAT,
        "fingerprint_version": FINGERPRINT_VERSION,
        "keys": keys,
        "durations_s": durations,
        "files": files,
    }
    body = json.dumps(manifest)
    seal = hashlib.blake2b(body.encode(), digest_size=16).hexdigest()
    with (partial / MANIFEST_NAME).open("w") as file:
        file.write(json.dumps({"seal": seal, "body": body}))
        file.flush()
        os.fsync(file.fileno())
    partial.rename(directory)
    return tuple(keys)


def open_segment(directory: Path, *, is_verified: bool = False) -> Segment:
    """Return the segment in a directory; with `is_verified`, read and check every byte.

    Raises
    ------
    InvalidSegment : if anything is missing, damaged or of another version
    """
    try:
        sealed = json.loads((directory / MANIFEST_NAME).read_text())
        body = sealed["body"]
        seal = sealed["seal"]
        manifest = json.loads(body)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InvalidSegment(f"{directory.name}: {error}") from error
    if hashlib.blake2b(body.encode(), digest_size=16).hexdigest() != seal:
        raise InvalidSegment(f"{directory.name}: the list of files is damaged")
    if (manifest["format"], manifest["fingerprint_version"]) != (
        SEGMENT_FORMAT,
        FINGERPRINT_VERSION,
    ):
        raise InvalidSegment(f"{directory.name}: made by another version")
    arrays = {}
    for name in ARRAYS:
        path = directory / f"{name}.npy"
        facts = manifest["files"][path.name]
        if not path.exists() or path.stat().st_size != facts["bytes"]:
            raise InvalidSegment(f"{directory.name}: {path.name} is missing or cut off")
        if is_verified and _digest(path) != facts["blake2b"]:
            raise InvalidSegment(f"{directory.name}: {path.name} is damaged")
        arrays[name] = np.load(path, mmap_mode="r", allow_pickle=False)
    return Segment(
        keys=tuple(manifest["keys"]),
        durations_s=np.array(manifest["durations_s"], np.float32),
        **arrays,
    )


def _collect(
    items: Iterable[tuple[str, RecordingFingerprint]],
) -> tuple[dict[str, npt.NDArray[np.generic]], list[str], list[float]]:
    keys: list[str] = []
    durations: list[float] = []
    packed: list[npt.NDArray[np.uint64]] = []
    chroma: list[npt.NDArray[np.uint32]] = []
    item_recording: list[int] = []
    item_tick: list[int] = []
    for number, (key, fingerprint) in enumerate(items):
        keys.append(key)
        durations.append(fingerprint.duration_s)
        chroma.append(fingerprint.chromaprint)
        tick = fingerprint.landmark_frames.astype(np.int64) // FRAMES_PER_TICK
        parts = int(tick.max()) // MAX_TICKS + 1 if len(tick) else 1
        for part in range(parts):
            inside = (tick // MAX_TICKS) == part
            item = np.uint64(len(item_recording) << TIME_BITS)
            hashes = fingerprint.landmark_hashes[inside].astype(np.uint64) << np.uint64(32)
            local = (tick[inside] - part * MAX_TICKS).astype(np.uint64)
            packed.append(np.unique(hashes | item | local))
            item_recording.append(number)
            item_tick.append(part * MAX_TICKS)
    if len(set(keys)) < len(keys):
        raise InvalidSegment("a key comes twice")
    if len(item_recording) > MAX_ITEMS:
        raise InvalidSegment(f"expected at most {MAX_ITEMS} items, got {len(item_recording)}")
    all_packed = np.concatenate(packed) if packed else np.zeros(0, np.uint64)
    all_packed.sort()
    hashes_sorted = (all_packed >> np.uint64(32)).astype(np.uint32)
    first = np.flatnonzero(np.diff(hashes_sorted, prepend=np.uint32(0xFFFFFFFF)))
    words = np.concatenate(chroma) if chroma else np.zeros(0, np.uint32)
    lengths = np.array([len(one) for one in chroma], np.int64)
    chroma_starts = np.concatenate(([0], np.cumsum(lengths)))
    within = np.arange(len(words)) - np.repeat(chroma_starts[:-1], lengths)
    places = np.flatnonzero(within % PROBE_STEP == 0)
    order = np.argsort(words[places], kind="stable")
    arrays: dict[str, npt.NDArray[np.generic]] = {
        "hashes": hashes_sorted[first],
        "starts": np.append(first, len(hashes_sorted)),
        "postings": all_packed,
        "item_recording": np.array(item_recording),
        "item_tick": np.array(item_tick),
        "chroma": words,
        "chroma_starts": chroma_starts,
        "probe_words": words[places][order],
        "probe_places": places[order],
    }
    # The lower half of a packed word is its posting.
    return {name: array.astype(ARRAYS[name]) for name, array in arrays.items()}, keys, durations


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
