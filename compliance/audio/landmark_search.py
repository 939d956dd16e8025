"""Search one segment for parts of a mix: many landmarks that agree on one offset.

Every posting of every hash of the query becomes one number, (item, offset).  Sorting brings equal
offsets together, and a place that can reach the wanted score shows as a run of numbers that differ
by at most one; only such places are scored.  Nothing is sampled, so nothing is lost.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from compliance.audio.landmarks import FRAMES_PER_TICK, TICK_S, Landmarks
from compliance.audio.segment import MAX_TICKS, TIME_BITS, Segment

# Postings read for one query: the longest lists, which say least, are left out beyond.  100,000
# stems need 34 million for a song of 60 s, so this is a guard and no part of the method.
MAX_POSTINGS_READ = 64_000_000
# Postings turned into numbers at a time, to bound memory.
CHUNK_POSTINGS = 1 << 20
# Hits at one offset further apart than this are two matches, in seconds.
MAX_MATCH_GAP_S = 4.0
# Chance hits that are expected at any offset, however sparse the recording.
LEAST_EXPECTED_HITS = 0.3
# At most this many offsets are reported of one recording: a loop has as many as it repeats.
MAX_PLACES_PER_RECORDING = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class LandmarkMatch:
    """A stretch of the query whose landmarks line up with a recording.

    Attributes
    ----------
    score : -log10 of the probability that so many landmarks line up by chance
    source_start_s : time in the recording that sounds at `song_start_s`
    """

    key: str
    score: float
    hit_count: int
    song_start_s: float
    song_end_s: float
    source_start_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hits:
    """Hits of a query: (item << offset_bits) + offset of each, with the lists they came from."""

    places: npt.NDArray[Any]  # uint32, or uint64 where that is too small
    list_ends: npt.NDArray[np.int64]
    list_ticks: npt.NDArray[np.int64]
    offset_bits: int
    last_tick: int


def search_segment(
    segment: Segment,
    wanted: npt.NDArray[np.bool_],
    landmarks: Landmarks,
    *,
    query_s: float,
    min_score: float,
) -> list[LandmarkMatch]:
    """Return the wanted recordings whose landmarks line up with the query.

    Parameters
    ----------
    wanted : ndarray of bool, one for each recording of the segment
    """
    hits = _collect_hits(segment, landmarks)
    if hits is None:
        return []
    ordered = np.sort(hits.places)
    least = _find_least_count(min_score)
    if len(ordered) < least:
        return []
    runs = ordered[least - 1 :] - ordered[: len(ordered) - least + 1] <= 1
    # Two neighboring offsets are one: rounding spreads a match over both.
    place = np.unique(ordered[: len(runs)][runs]).astype(np.int64)
    item = place >> hits.offset_bits
    kept = wanted[segment.item_recording[item]]
    place, item = place[kept], item[kept]
    dtype = ordered.dtype.type
    counts = np.searchsorted(ordered, (place + 2).astype(dtype)) - np.searchsorted(
        ordered, place.astype(dtype)
    )
    item_start = (item << hits.offset_bits).astype(dtype)
    item_end = (item << hits.offset_bits) + ((1 << hits.offset_bits) - 1)
    item_hits = np.searchsorted(ordered, item_end.astype(dtype)) - np.searchsorted(
        ordered, item_start
    )
    recording = segment.item_recording[item]
    score = _score_hits(
        counts, item_hits, query_s / TICK_S, segment.durations_s[recording] / TICK_S
    )
    picked = _pick_places(score, place, item, min_score)
    ticks = _find_ticks(hits, place[picked])
    return [
        _describe_match(
            segment.keys[recording[number]],
            float(score[number]),
            ticks[int(place[number])],
            (int(place[number]) & ((1 << hits.offset_bits) - 1))
            - hits.last_tick
            + int(segment.item_tick[item[number]]),
        )
        for number in picked
    ]


def _collect_hits(segment: Segment, landmarks: Landmarks) -> _Hits | None:
    """Return every posting of every hash of the query, None if there is none."""
    tick = landmarks.frames // FRAMES_PER_TICK
    query = np.unique(landmarks.hashes.astype(np.uint64) << np.uint64(32) | tick.astype(np.uint64))
    hashes = (query >> np.uint64(32)).astype(np.uint32)
    ticks = (query & np.uint64(0xFFFFFFFF)).astype(np.int64)
    if not len(hashes) or not len(segment.hashes):
        return None
    found_at = np.searchsorted(segment.hashes, hashes)
    found_at[found_at == len(segment.hashes)] = 0
    known = np.flatnonzero(segment.hashes[found_at] == hashes)
    starts = segment.starts[found_at[known]].astype(np.int64)
    lengths = segment.starts[found_at[known] + 1].astype(np.int64) - starts
    ticks = ticks[known]
    if lengths.sum() > MAX_POSTINGS_READ:
        shortest = np.argsort(lengths, kind="stable")
        shortest = shortest[np.cumsum(lengths[shortest]) <= MAX_POSTINGS_READ]
        shortest.sort()
        starts, lengths, ticks = starts[shortest], lengths[shortest], ticks[shortest]
    if not len(lengths):
        return None
    last_tick = int(ticks.max())
    # One offset more than there are keeps the last of one item from the first of the next.
    offset_bits = (MAX_TICKS + last_tick + 1).bit_length()
    n_items = len(segment.item_recording)
    dtype = np.uint32 if (n_items << offset_bits) <= 1 << 32 else np.uint64
    ends = np.cumsum(lengths)
    places: npt.NDArray[Any] = np.empty(int(ends[-1]), dtype)
    first, done = 0, 0
    while first < len(lengths):
        last = max(first + 1, int(np.searchsorted(ends, done + CHUNK_POSTINGS, side="right")))
        postings = segment.postings[expand_ranges(starts[first:last], lengths[first:last])]
        chunk = places[done : done + len(postings)]
        chunk[:] = postings >> np.uint32(TIME_BITS)
        chunk <<= dtype(offset_bits)
        chunk += postings & np.uint32(MAX_TICKS - 1)
        chunk += np.repeat((last_tick - ticks[first:last]).astype(dtype), lengths[first:last])
        first, done = last, done + len(postings)
    return _Hits(
        places=places,
        list_ends=ends,
        list_ticks=ticks,
        offset_bits=offset_bits,
        last_tick=last_tick,
    )


def expand_ranges(
    starts: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Return the concatenation of the ranges [start, start + length)."""
    ends = np.cumsum(lengths)
    expanded = np.arange(int(ends[-1]) if len(ends) else 0)
    expanded += np.repeat(starts - (ends - lengths), lengths)
    return expanded


def _find_least_count(min_score: float) -> int:
    """Return the fewest hits at one offset that can reach a score."""
    counts = np.arange(1, 1000)
    expected = np.full(len(counts), LEAST_EXPECTED_HITS)
    reached = _compute_score(counts, expected) >= min_score
    return int(counts[np.argmax(reached)]) if reached.any() else len(counts)


def _score_hits(
    counts: npt.NDArray[np.int64],
    item_hits: npt.NDArray[np.int64],
    query_ticks: float,
    recording_ticks: npt.NDArray[np.float32],
) -> npt.NDArray[np.float64]:
    """Return -log10 of the Poisson probability of at least `counts` hits at one offset."""
    offsets = np.maximum(1.0, (query_ticks + recording_ticks) / 2)
    return _compute_score(counts, item_hits * 2 / offsets + LEAST_EXPECTED_HITS)


def _compute_score(
    counts: npt.NDArray[np.int64], expected: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    log_tail = counts * np.log(expected) - expected - gammaln(counts + 1.0)
    log_tail -= np.log1p(-np.minimum(expected / (counts + 1.0), 0.999))
    return np.where(counts > expected, np.maximum(0.0, -log_tail / np.log(10)), 0.0)


def _pick_places(
    score: npt.NDArray[np.float64],
    place: npt.NDArray[np.int64],
    item: npt.NDArray[np.int64],
    min_score: float,
) -> list[int]:
    """Return the numbers of the places that count, best first, no two of them neighbors."""
    strong = np.flatnonzero(score >= min_score)
    strong = strong[np.argsort(-score[strong], kind="stable")]
    taken: set[int] = set()
    per_item: dict[int, int] = {}
    picked = []
    for number in strong.tolist():
        here, owner = int(place[number]), int(item[number])
        if {here - 1, here, here + 1} & taken:
            continue
        if per_item.get(owner, 0) >= MAX_PLACES_PER_RECORDING:
            continue
        per_item[owner] = per_item.get(owner, 0) + 1
        taken.add(here)
        picked.append(number)
    return picked


def _find_ticks(hits: _Hits, picked: npt.NDArray[np.int64]) -> dict[int, npt.NDArray[np.int64]]:
    """Return the times in the query, in ticks, of the hits at each picked place."""
    if not len(picked):
        return {}
    dtype = hits.places.dtype.type
    is_near = np.zeros(int(picked.max() >> hits.offset_bits) + 1, bool)
    is_near[picked >> hits.offset_bits] = True
    near = []
    for start in range(0, len(hits.places), CHUNK_POSTINGS):
        items = hits.places[start : start + CHUNK_POSTINGS] >> dtype(hits.offset_bits)
        np.minimum(items, dtype(len(is_near)), out=items)
        near.append(start + np.flatnonzero(np.append(is_near, False)[items]))
    numbers = np.concatenate(near)
    places = hits.places[numbers].astype(np.int64)
    order = np.argsort(places, kind="stable")
    numbers, places = numbers[order], places[order]
    first = np.searchsorted(places, picked)
    last = np.searchsorted(places, picked + 2)
    return {
        int(place): np.sort(
            hits.list_ticks[np.searchsorted(hits.list_ends, numbers[begin:end], side="right")]
        )
        for place, begin, end in zip(picked, first, last, strict=True)
    }


def _describe_match(
    key: str, score: float, ticks: npt.NDArray[np.int64], offset: int
) -> LandmarkMatch:
    """Return the dense stretch of hits at one offset as a match."""
    breaks = np.flatnonzero(np.diff(ticks) * TICK_S > MAX_MATCH_GAP_S) + 1
    stretch = max(np.split(ticks, breaks), key=len)
    start, end = int(stretch[0]), int(stretch[-1])
    return LandmarkMatch(
        key=key,
        score=round(score, 2),
        hit_count=len(stretch),
        song_start_s=round(start * TICK_S, 3),
        song_end_s=round((end + 1) * TICK_S, 3),
        source_start_s=round((start + offset + 0.5) * TICK_S, 3),
    )
