"""Search in segments: landmarks for parts of a mix, Chromaprint for whole recordings."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from compliance.audio.fingerprinting import CHROMAPRINT_STEP_S
from compliance.audio.landmarks import FRAMES_PER_TICK, TICK_S, Landmarks
from compliance.audio.segment import TIME_BITS, Segment, build_segment, open_segment

__all__ = [
    "IdentityMatch",
    "LandmarkMatch",
    "RecordingIndex",
    "build_segment",
    "open_index",
    "open_segment",
]

# Ticks that song time may exceed recording time, and the other way round; 2**15 ticks are 25 min.
OFFSET_BITS = 16
OFFSET_ZERO = 1 << 15
# Hashes with more postings than this per segment say little and are skipped.
MAX_POSTINGS_PER_HASH = 4000
# Hits at one offset further apart than this are two matches, in seconds.
MAX_MATCH_GAP_S = 4.0
# Identity is compared over windows of this many sub-fingerprints: 10 s.
IDENTITY_WINDOW = 81
# A window with fewer distinct sub-fingerprints than this is silence or a held tone.
MIN_DISTINCT_WORDS = 20
# Probe words found more often than this (silence) are skipped.
MAX_PLACES_PER_PROBE = 2000
MAX_IDENTITY_CANDIDATES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class LandmarkMatch:
    """A stretch of the query whose landmarks line up with a recording.

    Attributes
    ----------
    score : -log10 of the probability that so many landmarks line up by chance
    source_start_s : time in the recording that sounds at `song_start_s`
    pitch_ratio, time_ratio : how the query's peaks were moved to find it
    """

    key: str
    score: float
    hit_count: int
    song_start_s: float
    song_end_s: float
    source_start_s: float
    pitch_ratio: float = 1.0
    time_ratio: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityMatch:
    """A stretch of the query that is the same recording, in any encoding.

    Attributes
    ----------
    bit_error_rate : share of differing Chromaprint bits over the stretch, in [0, 1]
    """

    key: str
    bit_error_rate: float
    song_start_s: float
    song_end_s: float
    source_start_s: float


class RecordingIndex:
    """Several segments searched as one; later segments win over earlier ones for the same key."""

    def __init__(self, segments: Sequence[Segment], *, removed_keys: Collection[str]) -> None:
        """Take opened segments, oldest first, and the keys that no longer count."""
        self.segments = tuple(segments)
        newest: dict[str, int] = {}
        for number, segment in enumerate(self.segments):
            newest.update(dict.fromkeys(segment.keys, number))
        self._live = tuple(
            np.array(
                [newest[key] == number and key not in removed_keys for key in segment.keys], bool
            )
            for number, segment in enumerate(self.segments)
        )

    def list_keys(self) -> tuple[str, ...]:
        """Return every key that can be found."""
        return tuple(
            key
            for segment, live in zip(self.segments, self._live, strict=True)
            for key, is_live in zip(segment.keys, live, strict=True)
            if is_live
        )

    def search_landmarks(
        self,
        landmarks: Landmarks,
        *,
        query_s: float,
        min_score: float,
        keys: Collection[str] | None = None,
    ) -> tuple[LandmarkMatch, ...]:
        """Return the recordings whose landmarks line up, best first.

        Parameters
        ----------
        query_s : length of the query in seconds
        keys : look among these alone
        """
        matches: list[LandmarkMatch] = []
        for segment, live in zip(self.segments, self._live, strict=True):
            wanted = live
            if keys is not None:
                wanted = live & np.array([key in keys for key in segment.keys], bool)
            if wanted.any():
                matches += _search_segment(segment, wanted, landmarks, query_s, min_score)
        return tuple(sorted(matches, key=lambda match: -match.score))

    def search_identity(
        self, chromaprint: npt.NDArray[np.uint32], *, max_bit_error_rate: float
    ) -> tuple[IdentityMatch, ...]:
        """Return the recordings that the query repeats for 10 s or more, best first."""
        matches: list[IdentityMatch] = []
        for segment, live in zip(self.segments, self._live, strict=True):
            for recording, shift in _find_identity_candidates(segment, live, chromaprint):
                match = _compare_identity(
                    segment, recording, shift, chromaprint, max_bit_error_rate
                )
                if match is not None:
                    matches.append(match)
        best: dict[str, IdentityMatch] = {}
        for match in sorted(matches, key=lambda match: match.bit_error_rate):
            best.setdefault(match.key, match)
        return tuple(best.values())


def open_index(
    directories: Iterable[Path], *, removed_keys: Collection[str] = frozenset()
) -> RecordingIndex:
    """Open the segments in the given directories, oldest first.

    Raises
    ------
    InvalidSegment : if one of them is missing or damaged
    """
    return RecordingIndex(
        [open_segment(directory) for directory in directories], removed_keys=removed_keys
    )


def _gather(
    sorted_values: npt.NDArray[np.uint32],
    wanted: npt.NDArray[np.uint32],
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return (place in sorted_values, place in wanted) for the wanted values that exist."""
    place = np.searchsorted(sorted_values, wanted)
    place = np.minimum(place, max(len(sorted_values) - 1, 0))
    found = np.flatnonzero(sorted_values[place] == wanted) if len(sorted_values) else place[:0]
    return place[found], found


def _expand(starts: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the concatenation of the ranges [start, start + length)."""
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    expanded = np.arange(total)
    expanded += np.repeat(starts - (ends - lengths), lengths)
    return expanded


def _search_segment(
    segment: Segment,
    wanted: npt.NDArray[np.bool_],
    landmarks: Landmarks,
    query_s: float,
    min_score: float,
) -> list[LandmarkMatch]:
    tick = landmarks.frames // FRAMES_PER_TICK
    query = np.unique(landmarks.hashes.astype(np.uint64) << np.uint64(32) | tick.astype(np.uint64))
    hashes = (query >> np.uint64(32)).astype(np.uint32)
    ticks = (query & np.uint64(0xFFFFFFFF)).astype(np.int64)
    place, found = _gather(segment.hashes, hashes)
    starts = segment.starts[place].astype(np.int64)
    lengths = segment.starts[place + 1].astype(np.int64) - starts
    short = lengths <= MAX_POSTINGS_PER_HASH
    starts, lengths, found = starts[short], lengths[short], found[short]
    postings = segment.postings[_expand(starts, lengths)]
    song_tick = np.repeat(ticks[found], lengths)
    item = (postings >> TIME_BITS).astype(np.int64)
    shift = (postings & ((1 << TIME_BITS) - 1)).astype(np.int64) - song_tick + OFFSET_ZERO
    live = wanted[segment.item_recording[item]]
    item, shift, song_tick = item[live], shift[live], song_tick[live]
    if not len(item):
        return []
    hits_per_item = np.bincount(item, minlength=len(segment.item_recording))
    place_key = (item << OFFSET_BITS) | shift
    order = np.argsort(place_key, kind="stable")
    place_key, song_tick = place_key[order], song_tick[order]
    first = np.flatnonzero(np.diff(place_key, prepend=-1))
    counts = np.diff(np.append(first, len(place_key)))
    distinct = place_key[first]
    # Two neighboring offsets are one: rounding spreads a match over both.
    joined = counts.copy()
    neighbors = np.flatnonzero(np.diff(distinct) == 1)
    joined[neighbors] += counts[neighbors + 1]
    place_item = distinct >> OFFSET_BITS
    recording = segment.item_recording[place_item]
    recording_ticks = segment.durations_s[recording] / TICK_S
    query_ticks = query_s / TICK_S
    score = _score_hits(joined, hits_per_item[place_item], query_ticks, recording_ticks)
    matches = []
    for number in _pick_places(score, distinct, min_score):
        stop = first[number] + joined[number]
        tick_start = int(segment.item_tick[place_item[number]])
        offset = int(distinct[number] & ((1 << OFFSET_BITS) - 1)) - OFFSET_ZERO + tick_start
        matches += _describe_matches(
            segment.keys[recording[number]],
            float(score[number]),
            np.sort(song_tick[first[number] : stop]),
            offset,
        )
    return matches


def _score_hits(
    counts: npt.NDArray[np.int64],
    item_hits: npt.NDArray[np.int64],
    query_ticks: float,
    recording_ticks: npt.NDArray[np.float32],
) -> npt.NDArray[np.float64]:
    """Return -log10 of the Poisson probability of at least `counts` hits at one offset."""
    offsets = np.maximum(1.0, (query_ticks + recording_ticks) / 2)
    expected = item_hits * 2 / offsets + 0.3
    log_tail = counts * np.log(expected) - expected - gammaln(counts + 1.0)
    log_tail -= np.log1p(-np.minimum(expected / (counts + 1.0), 0.999))
    return np.where(counts > expected, np.maximum(0.0, -log_tail / np.log(10)), 0.0)


# At most this many offsets are reported of one recording: a loop has as many as it repeats.
MAX_PLACES_PER_RECORDING = 12


def _pick_places(
    score: npt.NDArray[np.float64], distinct: npt.NDArray[np.int64], min_score: float
) -> list[int]:
    """Return the places of the offsets that count, best first, no two of them neighbors."""
    strong = np.flatnonzero(score >= min_score)
    strong = strong[np.argsort(-score[strong], kind="stable")]
    taken: set[int] = set()
    per_item: dict[int, int] = {}
    picked = []
    for number in strong.tolist():
        place = int(distinct[number])
        item = place >> OFFSET_BITS
        if {place - 1, place, place + 1} & taken:
            continue
        if per_item.get(item, 0) >= MAX_PLACES_PER_RECORDING:
            continue
        per_item[item] = per_item.get(item, 0) + 1
        taken.add(place)
        picked.append(number)
    return picked


def _describe_matches(
    key: str, score: float, ticks: npt.NDArray[np.int64], offset: int
) -> list[LandmarkMatch]:
    """Return the dense stretch of hits at one offset as a match."""
    breaks = np.flatnonzero(np.diff(ticks) * TICK_S > MAX_MATCH_GAP_S) + 1
    stretch = max(np.split(ticks, breaks), key=len)
    start, end = int(stretch[0]), int(stretch[-1])
    return [
        LandmarkMatch(
            key=key,
            score=round(score, 2),
            hit_count=len(stretch),
            song_start_s=round(start * TICK_S, 3),
            song_end_s=round((end + 1) * TICK_S, 3),
            source_start_s=round((start + offset + 0.5) * TICK_S, 3),
        )
    ]


def _find_identity_candidates(
    segment: Segment, live: npt.NDArray[np.bool_], chromaprint: npt.NDArray[np.uint32]
) -> list[tuple[int, int]]:
    """Return (recording, shift in steps) pairs that share several exact sub-fingerprints."""
    if not len(segment.probe_words) or not len(chromaprint):
        return []
    left = np.searchsorted(segment.probe_words, chromaprint, side="left")
    lengths = np.searchsorted(segment.probe_words, chromaprint, side="right") - left
    lengths[lengths > MAX_PLACES_PER_PROBE] = 0
    places = segment.probe_places[_expand(left, lengths)].astype(np.int64)
    step = np.repeat(np.arange(len(chromaprint)), lengths)
    recording = np.searchsorted(segment.chroma_starts, places, side="right") - 1
    kept = live[recording] if len(recording) else np.zeros(0, bool)
    recording, places, step = recording[kept], places[kept], step[kept]
    shift = places - segment.chroma_starts[recording].astype(np.int64) - step
    pairs, votes = np.unique(np.stack([recording, shift], axis=1), axis=0, return_counts=True)
    best = np.argsort(-votes, kind="stable")[:MAX_IDENTITY_CANDIDATES]
    return [(int(pairs[n, 0]), int(pairs[n, 1])) for n in best if votes[n] > 1]


def _compare_identity(
    segment: Segment,
    recording: int,
    shift: int,
    chromaprint: npt.NDArray[np.uint32],
    max_bit_error_rate: float,
) -> IdentityMatch | None:
    start, end = (int(segment.chroma_starts[recording + n]) for n in (0, 1))
    theirs = segment.chroma[start:end]
    first = max(0, -shift)
    count = min(len(chromaprint) - first, len(theirs) - first - shift)
    if count < IDENTITY_WINDOW:
        return None
    ours = chromaprint[first : first + count]
    errors = np.bitwise_count(ours ^ theirs[first + shift : first + shift + count]) / 32.0
    totals = np.concatenate(([0.0], np.cumsum(errors)))
    windows = (totals[IDENTITY_WINDOW:] - totals[:-IDENTITY_WINDOW]) / IDENTITY_WINDOW
    good = np.flatnonzero(windows <= max_bit_error_rate)
    if not len(good):
        return None
    begin, stop = int(good[0]), int(good[-1]) + IDENTITY_WINDOW
    if len(np.unique(ours[begin:stop])) < MIN_DISTINCT_WORDS:
        return None
    return IdentityMatch(
        key=segment.keys[recording],
        bit_error_rate=round(float(windows[good].mean()), 4),
        song_start_s=round((first + begin) * CHROMAPRINT_STEP_S, 3),
        song_end_s=round((first + stop) * CHROMAPRINT_STEP_S, 3),
        source_start_s=round((first + begin + shift) * CHROMAPRINT_STEP_S, 3),
    )
