"""Make segments: of fingerprints, or of other segments, in memory or in a directory.

A merge walks the hashes in ranges, so its memory does not grow with the index.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

from compliance.audio.fingerprinting import FINGERPRINT_VERSION, RecordingFingerprint
from compliance.audio.landmarks import FRAMES_PER_TICK
from compliance.audio.segment import (
    ARRAYS,
    MANIFEST_NAME,
    MAX_ITEMS,
    MAX_TICKS,
    PROBE_STEP,
    SEGMENT_FORMAT,
    TIME_BITS,
    InvalidSegment,
    Segment,
    compute_digest,
    compute_seal,
)

# So many postings are sorted at a time while segments are merged: about 64 MB.
MERGED_AT_ONCE = 4_000_000
LAST_KEY = (1 << 32) - 1

Words = npt.NDArray[np.uint32]
# Pairs of a key (upper half) and a value: hashes with postings, or probe words with places.
Packed = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lists:
    """Sorted (key, value) pairs of one segment that is merged, and what becomes of its values."""

    keys: npt.NDArray[np.uint32]
    starts: npt.NDArray[np.uint64] | None  # None: every key has one value
    values: npt.NDArray[np.uint32]
    renumber: Callable[[Words], tuple[Packed, npt.NDArray[np.intp]]]

    def cut(self, low: int, high: int) -> Packed:
        """Return the pairs with keys in [low, high), with new values, in no order."""
        first = int(np.searchsorted(self.keys, np.uint32(low)))
        last = len(self.keys)
        if high <= LAST_KEY:
            last = int(np.searchsorted(self.keys, np.uint32(high)))
        keys = self.keys[first:last]
        if self.starts is None:
            values = self.values[first:last]
        else:
            bounds = self.starts[first : last + 1].astype(np.int64)
            values = self.values[bounds[0] : bounds[-1]] if last > first else self.values[:0]
            keys = np.repeat(keys, np.diff(bounds)) if last > first else keys
        renumbered, kept = self.renumber(values)
        return (keys[kept].astype(np.uint64) << np.uint64(32)) | renumbered


def build_segment(
    directory: Path, items: Iterable[tuple[str, RecordingFingerprint]]
) -> tuple[str, ...]:
    """Write a segment of the given recordings; return its keys in order.

    The directory appears under its name only when everything in it is complete.

    Raises
    ------
    InvalidSegment : if it would be too large, or if a key comes twice
    """
    segment = make_segment(items)
    with _SegmentWriter(directory) as writer:
        for name in ARRAYS:
            writer.append(name, getattr(segment, name))
        writer.finish(segment.keys, segment.durations_s.tolist())
    return segment.keys


def make_segment(items: Iterable[tuple[str, RecordingFingerprint]]) -> Segment:
    """Return a segment in memory.

    Raises
    ------
    InvalidSegment : if it would be too large, or if a key comes twice
    """
    keys: list[str] = []
    durations: list[float] = []
    packed: list[Packed] = []
    chroma: list[Words] = []
    item_recording: list[int] = []
    item_tick: list[int] = []
    for number, (key, fingerprint) in enumerate(items):
        keys.append(key)
        durations.append(fingerprint.duration_s)
        chroma.append(fingerprint.chromaprint)
        tick = fingerprint.landmark_frames.astype(np.int64) // FRAMES_PER_TICK
        parts = int(tick.max()) // MAX_TICKS + 1 if len(tick) else 0
        for part in range(parts):
            inside = (tick // MAX_TICKS) == part
            item = np.uint64(len(item_recording) << TIME_BITS)
            hashes = fingerprint.landmark_hashes[inside].astype(np.uint64) << np.uint64(32)
            local = (tick[inside] - part * MAX_TICKS).astype(np.uint64)
            packed.append(np.unique(hashes | item | local))
            item_recording.append(number)
            item_tick.append(part * MAX_TICKS)
    _check_size(keys, len(item_recording))
    all_packed = np.concatenate(packed) if packed else np.zeros(0, np.uint64)
    all_packed.sort()
    hashes_sorted = (all_packed >> np.uint64(32)).astype(np.uint32)
    first = np.flatnonzero(np.diff(hashes_sorted, prepend=np.uint32(0xFFFFFFFF)))
    lengths = np.array([len(one) for one in chroma], np.int64)
    starts = _pad_starts(lengths)
    words = np.zeros(int(starts[-1]), np.uint32)
    for start, one in zip(starts, chroma, strict=False):
        words[start : start + len(one)] = one
    probes = (words[::PROBE_STEP].astype(np.uint64) << np.uint64(32)) | np.arange(
        len(words) // PROBE_STEP, dtype=np.uint64
    )
    probes.sort()
    arrays = {
        "hashes": hashes_sorted[first],
        "starts": np.append(first, len(hashes_sorted)),
        "postings": all_packed,  # the lower half of a packed word is its posting
        "item_recording": np.array(item_recording),
        "item_tick": np.array(item_tick),
        "chroma": words,
        "chroma_starts": starts,
        "chroma_lengths": lengths,
        "probe_words": probes >> np.uint64(32),
        "probe_places": probes,
    }
    return Segment(
        keys=tuple(keys),
        durations_s=np.array(durations, np.float32),
        **{name: array.astype(ARRAYS[name]) for name, array in arrays.items()},
    )


def merge_segments(
    directory: Path,
    sources: Sequence[tuple[Segment, npt.NDArray[np.bool_]]],
) -> tuple[str, ...]:
    """Write one segment of what is kept of several; return its keys in order.

    Parameters
    ----------
    sources : segments, each with a mask over its recordings: which of them are kept

    Raises
    ------
    InvalidSegment : if it would be too large, or if a key comes twice
    """
    recordings = [np.flatnonzero(mask) for _, mask in sources]
    keys = [
        segment.keys[n]
        for (segment, _), kept in zip(sources, recordings, strict=True)
        for n in kept
    ]
    durations = [
        segment.durations_s[kept] for (segment, _), kept in zip(sources, recordings, strict=True)
    ]
    kept_items = [mask[segment.item_recording] for segment, mask in sources]
    _check_size(keys, sum(int(kept.sum()) for kept in kept_items))
    landmarks, probes = [], []
    n_recordings, n_items, n_words = 0, 0, 0
    with _SegmentWriter(directory) as writer:
        for (segment, mask), kept, kept_item in zip(sources, recordings, kept_items, strict=True):
            new_recording = n_recordings + np.cumsum(mask) - 1
            writer.append("item_recording", new_recording[segment.item_recording[kept_item]])
            writer.append("item_tick", segment.item_tick[kept_item])
            landmarks.append(_renumber_landmarks(segment, kept_item, n_items))
            starts = _pad_starts(segment.chroma_lengths[kept].astype(np.int64)) + n_words
            writer.append("chroma_starts", starts[:-1])
            writer.append("chroma_lengths", segment.chroma_lengths[kept])
            _copy_chroma(writer, segment, kept)
            probes.append(_renumber_probes(segment, mask, kept, starts))
            n_recordings, n_items, n_words = (
                n_recordings + len(kept), n_items + int(kept_item.sum()), int(starts[-1]),
            )  # fmt: skip
        writer.append("chroma_starts", np.array([n_words]))
        writer.append("starts", np.zeros(1))
        n_postings = 0
        for packed in _merge_lists(landmarks):
            hashes = packed >> np.uint64(32)
            first = np.flatnonzero(np.diff(hashes, prepend=np.uint64(1 << 40)))
            ends = np.append(first[1:], len(packed)) + n_postings
            n_postings += len(packed)
            writer.append("hashes", hashes[first])
            writer.append("starts", ends)
            writer.append("postings", packed)
        for packed in _merge_lists(probes):
            writer.append("probe_words", packed >> np.uint64(32))
            writer.append("probe_places", packed)
        writer.finish(keys, np.concatenate([*durations, np.zeros(0)]).tolist())
    return tuple(keys)


def _check_size(keys: Sequence[str], n_items: int) -> None:
    if len(set(keys)) < len(keys):
        raise InvalidSegment("a key comes twice")
    if n_items > MAX_ITEMS:
        raise InvalidSegment(f"expected at most {MAX_ITEMS} items, got {n_items}")


def _pad_starts(lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return where each recording starts, and the end of the last, in multiples of a probe."""
    padded = -(-lengths // PROBE_STEP) * PROBE_STEP
    return np.concatenate(([0], np.cumsum(padded)))


def _renumber_landmarks(segment: Segment, kept_item: npt.NDArray[np.bool_], n_items: int) -> _Lists:
    new_item = (np.cumsum(kept_item) - 1 + n_items).astype(np.uint64)

    def renumber(postings: Words) -> tuple[Packed, npt.NDArray[np.intp]]:
        item = postings >> np.uint32(TIME_BITS)
        kept = np.flatnonzero(kept_item[item])
        tick = (postings[kept] & np.uint32(MAX_TICKS - 1)).astype(np.uint64)
        return (new_item[item[kept]] << np.uint64(TIME_BITS)) | tick, kept

    return _Lists(
        keys=segment.hashes, starts=segment.starts, values=segment.postings, renumber=renumber
    )


def _renumber_probes(
    segment: Segment,
    mask: npt.NDArray[np.bool_],
    kept_recordings: npt.NDArray[np.intp],
    new_starts: npt.NDArray[np.int64],
) -> _Lists:
    moves = np.zeros(len(segment.keys), np.int64)
    moves[kept_recordings] = new_starts[:-1] - segment.chroma_starts[kept_recordings].astype(
        np.int64
    )
    moves //= PROBE_STEP
    firsts = segment.chroma_starts[:-1] // np.uint64(PROBE_STEP)

    def renumber(places: Words) -> tuple[Packed, npt.NDArray[np.intp]]:
        recording = np.searchsorted(firsts, places, side="right") - 1
        kept = np.flatnonzero(mask[recording])
        return (places[kept] + moves[recording[kept]]).astype(np.uint64), kept

    return _Lists(
        keys=segment.probe_words, starts=None, values=segment.probe_places, renumber=renumber
    )


def _copy_chroma(writer: "_SegmentWriter", segment: Segment, kept: npt.NDArray[np.intp]) -> None:
    """Append the sub-fingerprints of the kept recordings; neighbors go in one piece."""
    breaks = np.flatnonzero(np.diff(kept) > 1) + 1
    for run in np.split(kept, breaks) if len(kept) else ():
        start, stop = segment.chroma_starts[run[0]], segment.chroma_starts[run[-1] + 1]
        writer.append("chroma", segment.chroma[int(start) : int(stop)])


def _merge_lists(lists: Sequence[_Lists]) -> Iterator[Packed]:
    """Yield the pairs of all lists in the order of their keys, some of them at a time."""
    total = sum(len(one.values) for one in lists)
    if not total:
        return
    for low, high in _split_keys(lists, -(-total // MERGED_AT_ONCE)):
        packed = np.concatenate([one.cut(low, high) for one in lists])
        packed.sort()
        if len(packed):
            yield packed


def _split_keys(lists: Sequence[_Lists], n_parts: int) -> Iterator[tuple[int, int]]:
    """Yield ranges of keys that hold about as many pairs each: quantiles of the longest list."""
    longest = max(lists, key=lambda one: len(one.values))
    places = np.linspace(0, len(longest.values), n_parts + 1)[1:-1].astype(np.int64)
    if longest.starts is not None:
        places = np.searchsorted(longest.starts, places, side="right") - 1
    bounds = sorted({0, LAST_KEY + 1, *longest.keys[places].tolist()})
    yield from pairwise(bounds)


class _SegmentWriter:
    """Writes arrays piece by piece into a folder that gets its name when it is complete."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.partial = directory.with_name(f".{directory.name}.{os.getpid()}.partial")
        self.files: dict[str, IO[bytes]] = {}

    def __enter__(self) -> "_SegmentWriter":
        shutil.rmtree(self.partial, ignore_errors=True)
        self.partial.mkdir(parents=True)
        self.files = {name: (self.partial / f"{name}.bin").open("wb") for name in ARRAYS}
        return self

    def __exit__(self, *error: object) -> None:
        for file in self.files.values():
            file.close()
        shutil.rmtree(self.partial, ignore_errors=True)

    def append(self, name: str, array: npt.NDArray[np.generic]) -> None:
        """Append numbers to an array."""
        np.ascontiguousarray(array.astype(ARRAYS[name], copy=False)).tofile(self.files[name])

    def finish(self, keys: Sequence[str], durations_s: Sequence[float]) -> None:
        """Seal the folder and give it its name."""
        facts = {}
        for name, file in self.files.items():
            file.flush()
            os.fsync(file.fileno())
            path = self.partial / f"{name}.bin"
            facts[path.name] = {"bytes": path.stat().st_size, "blake2b": compute_digest(path)}
        manifest = {
            "format": SEGMENT_FORMAT,
            "fingerprint_version": FINGERPRINT_VERSION,
            "keys": list(keys),
            "durations_s": [round(float(value), 3) for value in durations_s],
            "files": facts,
        }
        body = json.dumps(manifest)
        with (self.partial / MANIFEST_NAME).open("w") as manifest_file:
            manifest_file.write(json.dumps({"seal": compute_seal(body), "body": body}))
            manifest_file.flush()
            os.fsync(manifest_file.fileno())
        self.partial.rename(self.directory)
