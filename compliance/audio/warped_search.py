"""Find recordings whose speed, pitch or tempo was changed: the query's peaks are moved back, so audio is analyzed once."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from compliance.audio.evidence import MatchEvidence, MatchKind
from compliance.audio.extent import find_ends
from compliance.audio.index import RecordingIndex
from compliance.audio.landmark_extent import find_landmark_extent
from compliance.audio.landmark_search import expand_ranges
from compliance.audio.landmarks import (
    FRAMES_PER_S,
    QUERY_DENSITY,
    RATE_HZ,
    Landmarks,
    Peaks,
    hash_peaks,
)
from compliance.audio.search import (
    ReadSources,
    find_dense_landmarks,
    find_query_peaks,
    join_siblings,
)
from compliance.audio.signal import Samples
from compliance.audio.spectral_agreement import compare_spectra

# Speed, pitch and tempo are searched up to 8 % in steps of 1 %, and where something is found in steps of 0.25 %.
WARP_STEPS = tuple(step / 100 for step in range(-8, 9) if step)
FINE_STEPS = tuple(step / 400 for step in range(-3, 4))
# The audio of so many of the best recordings is read, to say from where to where they are heard.
MAX_REFINED_RECORDINGS = 6
# The finest change moves the offset by no more than this while the recording is heard, in seconds.
MAX_OFFSET_CHANGE_S = 0.6
# A recording that has nearly as many landmarks as it is was not changed: in a few seconds small changes make no difference.
MIN_UNCHANGED_SHARE = 0.9
# Landmarks within so many frames of one offset agree.
AGREEING_FRAMES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Warp:
    """How the peaks of the query are moved to undo a change of the source."""

    pitch_ratio: float
    time_ratio: float

    def iter_near(self) -> Iterator["Warp"]:
        """Yield first no change at all, then this one and those of its kind that are a little larger and smaller.

        A loud recording that nobody changed scores under small changes too.
        """
        yield Warp(pitch_ratio=1.0, time_ratio=1.0)
        for step in FINE_STEPS:
            yield Warp(
                pitch_ratio=self.pitch_ratio
                if self.pitch_ratio == 1
                else self.pitch_ratio * (1 - step),
                time_ratio=self.time_ratio
                if self.time_ratio == 1
                else self.time_ratio * (1 + step),
            )


WARPS = (
    *(Warp(pitch_ratio=1 / (1 + step), time_ratio=1 + step) for step in WARP_STEPS),  # speed
    *(Warp(pitch_ratio=1 / (1 + step), time_ratio=1.0) for step in WARP_STEPS),  # pitch
    *(Warp(pitch_ratio=1.0, time_ratio=1 + step) for step in WARP_STEPS),  # tempo
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a recording is heard under a change; times are on the clock of the moved query."""

    warp: Warp
    start_s: float
    end_s: float
    offset_s: float
    score: float


def search_warped(
    samples: Samples, *, index: RecordingIndex, read_sources: ReadSources, min_score: float
) -> tuple[MatchEvidence, ...]:
    """Return the recordings found after changes of speed, pitch or tempo, best first.

    Where the audio of a recording is at hand, the change is refined by its landmarks, and its ends are found in it.
    """
    peaks = find_query_peaks(samples)
    best: dict[str, _Place] = {}
    for warp in WARPS:
        landmarks = _move(peaks, warp)
        seconds = len(samples) / RATE_HZ * warp.time_ratio
        for one in index.search_landmarks(landmarks, query_s=seconds, min_score=min_score):
            if one.key not in best or one.score > best[one.key].score:
                best[one.key] = _Place(
                    warp=warp,
                    start_s=one.song_start_s,
                    end_s=one.song_end_s,
                    offset_s=one.source_start_s - one.song_start_s,
                    score=one.score,
                )
    ranked = sorted(best.items(), key=lambda item: -item[1].score)
    sources = read_sources([key for key, _ in ranked[:MAX_REFINED_RECORDINGS]])
    return join_siblings(
        [
            _describe(
                key, _refine(place, samples, peaks, sources[key]) if key in sources else place
            )
            for key, place in ranked
        ]
    )


def _move(peaks: Peaks, warp: Warp) -> Landmarks:
    return hash_peaks(
        peaks, fan=QUERY_DENSITY.fan, pitch_ratio=warp.pitch_ratio, time_ratio=warp.time_ratio
    )


def _refine(place: _Place, samples: Samples, peaks: Peaks, source: Samples) -> _Place:
    """Return the place under the change that fits best, with its ends."""
    recording = find_dense_landmarks(source)
    middle_s = (place.start_s + place.end_s) / 2 / place.warp.time_ratio
    tried = []
    for warp in place.warp.iter_near():
        query = _move(peaks, warp)
        # The middle of what was found stays where it is.
        moved_s = middle_s * (warp.time_ratio - place.warp.time_ratio)
        count, offset_s = _count_agreeing(query, recording, near_s=place.offset_s - moved_s)
        tried.append((count, offset_s, warp, query))
    as_it_is, *changed = tried
    best = max(changed, key=lambda one: one[0])
    if as_it_is[0] >= MIN_UNCHANGED_SHARE * best[0]:
        best = as_it_is
    _, offset_s, warp, query = best
    heard_s = place.start_s / place.warp.time_ratio, place.end_s / place.warp.time_ratio
    agreement = compare_spectra(
        samples,
        source,
        pitch_ratio=warp.pitch_ratio,
        time_ratio=warp.time_ratio,
        offset_s=offset_s,
        start_s=heard_s[0],
        end_s=heard_s[1],
    )
    extent_s = find_ends(
        [] if agreement is None else [agreement], start_s=heard_s[0], end_s=heard_s[1]
    )
    if extent_s is not None:
        start_s, end_s = (one * warp.time_ratio for one in extent_s)
    else:
        start_s, end_s = find_landmark_extent(
            query,
            recording,
            offset_s=offset_s,
            start_s=heard_s[0] * warp.time_ratio,
            end_s=heard_s[1] * warp.time_ratio,
        )
    return _Place(warp=warp, start_s=start_s, end_s=end_s, offset_s=offset_s, score=place.score)


def _count_agreeing(query: Landmarks, recording: Landmarks, *, near_s: float) -> tuple[int, float]:
    """Return how many landmarks agree on one offset near the given one, and that offset in seconds."""
    offsets = _join(query, recording) - round(near_s * FRAMES_PER_S)
    most = int(MAX_OFFSET_CHANGE_S * FRAMES_PER_S)
    counts = np.bincount(offsets[np.abs(offsets) <= most] + most, minlength=2 * most + 1)
    agreeing = np.convolve(counts, np.ones(AGREEING_FRAMES, int), mode="same")
    best = int(np.argmax(agreeing))
    return int(agreeing[best]), near_s + (best - most) / FRAMES_PER_S


def _join(query: Landmarks, recording: Landmarks) -> npt.NDArray[np.int64]:
    """Return the frame in the recording minus the frame in the query of every pair of equal landmarks."""
    order = np.argsort(recording.hashes, kind="stable")
    hashes = recording.hashes[order]
    first = np.searchsorted(hashes, query.hashes)
    counts = np.searchsorted(hashes, query.hashes, side="right") - first
    partners = order[expand_ranges(first, counts)]
    joined: npt.NDArray[Any] = recording.frames[partners].astype(np.int64) - np.repeat(
        query.frames.astype(np.int64), counts
    )
    return joined


def _describe(key: str, place: _Place) -> MatchEvidence:
    warp = place.warp
    return MatchEvidence(
        kind=MatchKind.WARPED,
        key=key,
        start_s=round(place.start_s / warp.time_ratio, 3),
        end_s=round(place.end_s / warp.time_ratio, 3),
        source_start_s=round(max(0.0, place.start_s + place.offset_s), 4),
        score=place.score,
        pitch_ratio=round(1 / warp.pitch_ratio, 4),
        time_ratio=round(warp.time_ratio, 4),
    )
