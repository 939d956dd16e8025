"""One immutable part of the index: memory-mapped arrays in a directory, with a checksummed list.

Landmarks: `hashes` (distinct, ascending) and `starts` give for every hash its slice of `postings`;
a posting is item (18 bits) and time in 46 ms ticks (14 bits).  Recordings longer than 12 minutes
take several items.  Chromaprint: `chroma` holds all sub-fingerprints end to end, each recording
padded to a multiple of `PROBE_STEP`; `probe_words` (ascending) and `probe_places` (in units of
`PROBE_STEP`) find candidates by exact equality.  Arrays are stored as raw little-endian numbers.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from compliance.audio.fingerprinting import FINGERPRINT_VERSION

SEGMENT_FORMAT = 2
# An index is of use to the code that has the same stamp.
INDEX_STAMP = f"{SEGMENT_FORMAT}.{FINGERPRINT_VERSION}"
TIME_BITS = 14
MAX_TICKS = 1 << TIME_BITS
MAX_ITEMS = 1 << (32 - TIME_BITS)
# Every so many sub-fingerprints one is findable: 0.5 s.
PROBE_STEP = 4

MANIFEST_NAME = "segment.json"
ARRAYS: Mapping[str, np.dtype[np.generic]] = {
    "hashes": np.dtype("<u4"),
    "starts": np.dtype("<u8"),
    "postings": np.dtype("<u4"),
    "item_recording": np.dtype("<u4"),
    "item_tick": np.dtype("<u4"),
    "chroma": np.dtype("<u4"),
    "chroma_starts": np.dtype("<u8"),
    "chroma_lengths": np.dtype("<u4"),
    "probe_words": np.dtype("<u4"),
    "probe_places": np.dtype("<u4"),
}


class InvalidSegment(Exception):
    """The directory does not hold an intact segment of the current version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """An opened segment; arrays that come from files are memory-mapped and shared by processes."""

    keys: tuple[str, ...]
    durations_s: npt.NDArray[np.float32]
    hashes: npt.NDArray[np.uint32]
    starts: npt.NDArray[np.uint64]
    postings: npt.NDArray[np.uint32]
    item_recording: npt.NDArray[np.uint32]
    item_tick: npt.NDArray[np.uint32]
    chroma: npt.NDArray[np.uint32]
    chroma_starts: npt.NDArray[np.uint64]
    chroma_lengths: npt.NDArray[np.uint32]
    probe_words: npt.NDArray[np.uint32]
    probe_places: npt.NDArray[np.uint32]


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
    if compute_seal(body) != seal:
        raise InvalidSegment(f"{directory.name}: the list of files is damaged")
    if (manifest["format"], manifest["fingerprint_version"]) != (
        SEGMENT_FORMAT,
        FINGERPRINT_VERSION,
    ):
        raise InvalidSegment(f"{directory.name}: made by another version")
    arrays = {}
    for name, dtype in ARRAYS.items():
        path = directory / f"{name}.bin"
        facts = manifest["files"][path.name]
        if not path.exists() or path.stat().st_size != facts["bytes"]:
            raise InvalidSegment(f"{directory.name}: {path.name} is missing or cut off")
        if is_verified and compute_digest(path) != facts["blake2b"]:
            raise InvalidSegment(f"{directory.name}: {path.name} is damaged")
        # An empty file cannot be mapped.
        mapped = np.memmap(path, dtype, mode="r") if facts["bytes"] else np.zeros(0, dtype)
        arrays[name] = np.asarray(mapped)
    return Segment(
        keys=tuple(manifest["keys"]),
        durations_s=np.array(manifest["durations_s"], np.float32),
        **arrays,
    )


def compute_seal(body: str) -> str:
    """Return the digest that guards the list of files."""
    return hashlib.blake2b(body.encode(), digest_size=16).hexdigest()


def compute_digest(path: Path) -> str:
    """Return the digest of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
