"""Search one segment for whole recordings: Chromaprint, in any encoding.

Equal sub-fingerprints propose (recording, shift) pairs, the rarest ones first and no more than a
fixed number, so a query costs the same few milliseconds in any catalog; the bit error rate of
windows of 10 s decides.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from compliance.audio.fingerprinting import CHROMAPRINT_STEP_S
from compliance.audio.landmark_search import expand_ranges
from compliance.audio.segment import PROBE_STEP, Segment

# Identity is compared over windows of this many sub-fingerprints: 10 s.
IDENTITY_WINDOW = 81
# Only sub-fingerprints that differ from the one before are compared: silence and held notes are
# alike everywhere.  A window with fewer of them says nothing.  Source: DEV, sparse stems of
# different pieces agreed over 74 s of silence.
MIN_CHANGES = 20
# Places of equal sub-fingerprints that are looked at for one query.
MAX_PLACES_READ = 60_000
MAX_CANDIDATES = 50
# Equal sub-fingerprints at one shift that make a candidate.
MIN_VOTES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityMatch:
    """A stretch of the query that begins and ends with the same recording, in any encoding.

    Attributes
    ----------
    bit_error_rate : share of differing Chromaprint bits where they are the same, in [0, 1]
    same_s : how much of the stretch is not something else, in seconds
    """

    key: str
    bit_error_rate: float
    song_start_s: float
    song_end_s: float
    source_start_s: float
    same_s: float


def search_segment(
    segment: Segment,
    wanted: npt.NDArray[np.bool_],
    chromaprint: npt.NDArray[np.uint32],
    *,
    max_bit_error_rate: float,
) -> list[IdentityMatch]:
    """Return the wanted recordings that the query repeats for 10 s or more.

    Parameters
    ----------
    wanted : ndarray of bool, one for each recording of the segment
    chromaprint : ndarray of uint32, shape (n_steps,)
    """
    compared = [
        _compare(segment, recording, shift, chromaprint, max_bit_error_rate)
        for recording, shift in _find_candidates(segment, wanted, chromaprint)
    ]
    return [match for match in compared if match is not None]


def _find_candidates(
    segment: Segment, wanted: npt.NDArray[np.bool_], chromaprint: npt.NDArray[np.uint32]
) -> Sequence[tuple[int, int]]:
    """Return (recording, shift in steps) pairs that share several equal sub-fingerprints."""
    if not len(segment.probe_words) or not len(chromaprint):
        return ()
    words, of_step = np.unique(chromaprint, return_inverse=True)
    left = np.searchsorted(segment.probe_words, words, side="left")
    lengths = np.searchsorted(segment.probe_words, words, side="right") - left
    left, lengths = left[of_step], lengths[of_step]
    steps = np.flatnonzero(lengths)
    rarest = steps[np.argsort(lengths[steps], kind="stable")]
    read = rarest[np.cumsum(lengths[rarest]) <= MAX_PLACES_READ]
    places = segment.probe_places[expand_ranges(left[read], lengths[read])].astype(np.int64)
    places *= PROBE_STEP
    # Recordings lie end to end, so a place minus its step in the query names recording and shift.
    diagonals = places - np.repeat(read, lengths[read])
    order = np.argsort(diagonals)
    diagonals, places = diagonals[order], places[order]
    if len(diagonals) < MIN_VOTES:
        return ()
    repeated = diagonals[MIN_VOTES - 1 :] == diagonals[: len(diagonals) - MIN_VOTES + 1]
    kept = np.isin(diagonals, diagonals[: len(repeated)][repeated])
    diagonals, places = diagonals[kept], places[kept]
    recording = np.searchsorted(segment.chroma_starts, places.astype(np.uint64), side="right") - 1
    shift = diagonals - segment.chroma_starts[recording].astype(np.int64)
    live = wanted[recording]
    pairs, votes = np.unique(
        np.stack([recording[live], shift[live]], axis=1), axis=0, return_counts=True
    )
    best = np.argsort(-votes, kind="stable")[:MAX_CANDIDATES]
    return [(int(pairs[n, 0]), int(pairs[n, 1])) for n in best if votes[n] >= MIN_VOTES]


def _compare(
    segment: Segment,
    recording: int,
    shift: int,
    chromaprint: npt.NDArray[np.uint32],
    max_bit_error_rate: float,
) -> IdentityMatch | None:
    start = int(segment.chroma_starts[recording])
    theirs = segment.chroma[start : start + int(segment.chroma_lengths[recording])]
    first = max(0, -shift)
    count = min(len(chromaprint) - first, len(theirs) - first - shift)
    if count < IDENTITY_WINDOW:
        return None
    ours = chromaprint[first : first + count]
    theirs = theirs[first + shift : first + shift + count]
    counted = _find_changes(ours) | _find_changes(theirs)
    errors = np.bitwise_count(ours ^ theirs) / 32.0
    changes = _sum_windows(counted)
    rates = _sum_windows(errors * counted) / np.maximum(changes, 1)
    speaks = changes >= MIN_CHANGES
    good = np.flatnonzero((rates <= max_bit_error_rate) & speaks)
    if not len(good):
        return None
    begin, stop = int(good[0]), int(good[-1]) + IDENTITY_WINDOW
    # What lies between the same and is something else; silence and held notes are neither.
    others = np.cumsum((rates > max_bit_error_rate) & speaks)
    gaps = np.maximum(np.diff(good) - IDENTITY_WINDOW, 0)
    differing = int(gaps[np.diff(others[good]) > 0].sum())
    return IdentityMatch(
        key=segment.keys[recording],
        bit_error_rate=round(float(rates[good].mean()), 4),
        song_start_s=round((first + begin) * CHROMAPRINT_STEP_S, 3),
        song_end_s=round((first + stop) * CHROMAPRINT_STEP_S, 3),
        source_start_s=round((first + begin + shift) * CHROMAPRINT_STEP_S, 3),
        same_s=round((stop - begin - differing) * CHROMAPRINT_STEP_S, 3),
    )


def _find_changes(words: npt.NDArray[np.uint32]) -> npt.NDArray[np.bool_]:
    return np.asarray(np.diff(words, prepend=~words[:1]) != 0)


def _sum_windows(values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    totals = np.concatenate(([0.0], np.cumsum(values)))
    return totals[IDENTITY_WINDOW:] - totals[:-IDENTITY_WINDOW]
