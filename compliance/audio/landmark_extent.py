"""From where to where is a known recording heard?  Its landmarks are found while it is.

Phases and spectra say it better (`compliance.audio.extent`); landmarks are found where those are too weak to say anything.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from compliance.audio.landmarks import FRAMES_PER_S, Landmarks

# A landmark is found when the query holds it so near to where it is expected, in frames of 23 ms.
SLACK_FRAMES = 3
# Chance is measured at these wrong offsets, in seconds: far from the right one and from a beat.
WRONG_OFFSETS_S = (-7.3, -5.1, -3.7, 3.7, 5.1, 7.3)
# Fewer landmarks found inside the match say nothing about its ends.
MIN_FOUND = 8
# What is found by chance, at least: a recording of few notes has few wrong places.
MIN_CHANCE = 0.002
# The ends are moved out by the mean gap between landmarks that are found, at most so far.
MAX_GAP_S = 0.25

Ints = npt.NDArray[np.int64]


def find_landmark_extent(
    query: Landmarks, recording: Landmarks, *, offset_s: float, start_s: float, end_s: float
) -> tuple[float, float]:
    """Return the first and last second of the query at which the recording is heard.

    Parameters
    ----------
    query, recording : landmarks on one clock, the query moved by the change it is searched under
    offset_s : time in the recording minus time in the query
    start_s, end_s : a stretch of the query in which the recording is known to be heard

    Notes
    -----
    Each landmark of the recording is found in the query or is not; it is likelier found inside than by chance.  Each end
    is the most likely point of change between the two, given by the sum of the log-likelihood ratios: rests of the
    recording have no landmarks and so no say.
    """
    expected = recording.frames.astype(np.int64) - round(offset_s * FRAMES_PER_S)
    is_found = _find(query, recording.hashes, expected)
    by_chance = [
        _find(query, recording.hashes, expected + round(wrong_s * FRAMES_PER_S)).mean()
        for wrong_s in WRONG_OFFSETS_S
    ]
    chance = max(MIN_CHANCE, float(np.mean(by_chance)))
    gaps = (recording.hashes & 63).astype(np.int64)
    begins_s, ends_s = expected / FRAMES_PER_S, (expected + gaps) / FRAMES_PER_S
    inside = (begins_s >= start_s) & (ends_s <= end_s)
    if is_found[inside].sum() < MIN_FOUND:
        return start_s, end_s
    usual = min(0.99, float(is_found[inside].mean()))
    if usual < 2 * chance:
        return start_s, end_s
    found_gain, missed_gain = np.log(usual / chance), np.log((1 - usual) / (1 - chance))
    gains = np.full(len(is_found), missed_gain)
    gains[is_found] = found_gain
    middle_s = (start_s + end_s) / 2
    # The first and the last that are found lie inside: by one gap, as the ends of a sample do.
    gap_s = min(MAX_GAP_S, (end_s - start_s) / int(is_found[inside].sum()))
    first_s = -_climb(-begins_s, gains, from_s=-middle_s) - gap_s
    last_s = _climb(ends_s, gains, from_s=middle_s) + gap_s
    return max(0.0, -offset_s, first_s), last_s


def _find(query: Landmarks, hashes: npt.NDArray[np.uint32], expected: Ints) -> npt.NDArray[Any]:
    """Tell of each hash whether the query holds it near the expected frame."""
    # Frames are moved so that none is negative, however far before the query it is expected.
    moved = 1 << 22
    held = np.sort(query.hashes.astype(np.int64) << 32 | (query.frames.astype(np.int64) + moved))
    asked = hashes.astype(np.int64) << 32
    low = np.searchsorted(held, asked + expected + moved - SLACK_FRAMES)
    high = np.searchsorted(held, asked + expected + moved + SLACK_FRAMES, side="right")
    return np.asarray(high > low)


def _climb(times_s: npt.NDArray[Any], gains: npt.NDArray[Any], *, from_s: float) -> float:
    """Return the time after `from_s` up to which the gains add up to most."""
    order = np.argsort(times_s, kind="stable")
    later = order[times_s[order] >= from_s]
    if not len(later):
        return from_s
    sums = np.cumsum(gains[later])
    best = int(np.argmax(sums))
    return float(times_s[later[best]]) if sums[best] > 0 else from_s
