"""Find recordings in a signal: landmarks propose, whitened correlation confirms and refines."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np

from compliance.audio.alignment import correlate_whitened
from compliance.audio.evidence import MatchEvidence, MatchKind
from compliance.audio.extent import find_ends
from compliance.audio.index import LandmarkMatch, RecordingIndex
from compliance.audio.landmark_extent import find_landmark_extent
from compliance.audio.landmarks import (
    QUERY_DENSITY,
    RATE_HZ,
    Landmarks,
    Peaks,
    find_peaks,
    hash_peaks,
)
from compliance.audio.phase_agreement import compare_phases
from compliance.audio.signal import Samples
from compliance.audio.spectral_agreement import compare_spectra

# Matches below this score are not looked at.  Source: prototype, DEV, wrong recordings reach 10 on
# the residual of clean songs; confirmation decides between 8 and the verdict's limit.
MIN_CANDIDATE_SCORE = 8.0
# Candidates are confirmed from this score on, at most so many recordings, the best first.
MIN_CONFIRMATION_SCORE = 8.0
MAX_CONFIRMED_RECORDINGS = 6
# A deep search, where the song holds sound that has no name yet, goes down to this score.
DEEP_CANDIDATE_SCORE = 4.0
DEEP_RECORDINGS = 24
# Confirmation looks this far around the proposed offset, and at no more than this much audio.
CONFIRMATION_SLACK_S = 0.12
MAX_CONFIRMATION_S = 10.0
# A single note correlates with itself anywhere, so no less than this is compared, in seconds.
MIN_CONFIRMATION_S = 4.0
# From this confirmation on the offset is exact enough to look for the ends of the match.
MIN_EXTENT_Z = 8.0
# Part of the spectrum that is correlated: 80 Hz to 4.4 kHz at 11 025 Hz.
LOW_SHARE, HIGH_SHARE = 80 / (RATE_HZ / 2), 4400 / (RATE_HZ / 2)
# Matches whose intervals overlap and whose scores are at least this part of the best are siblings.
SIBLING_SCORE_SHARE = 0.5

Span = tuple[float, float]
ReadSources = Callable[[Collection[str]], Mapping[str, Samples]]


def find_dense_landmarks(samples: Samples) -> Landmarks:
    """Return as many landmarks of a recording as of a query at 11 025 Hz; an index holds fewer."""
    return hash_peaks(find_query_peaks(samples), fan=QUERY_DENSITY.fan)


def find_query_peaks(samples: Samples) -> Peaks:
    """Return the dense peaks of a query at 11 025 Hz."""
    return find_peaks(samples, density=QUERY_DENSITY)


def search_recordings(
    samples: Samples,
    *,
    index: RecordingIndex,
    kind: MatchKind,
    read_sources: ReadSources,
    min_confirmation_score: float = MIN_CONFIRMATION_SCORE,
    find_declared: Callable[[LandmarkMatch], Span | None] = lambda _: None,
    keys: Collection[str] | None = None,
    is_deep: bool = False,
) -> tuple[MatchEvidence, ...]:
    """Return the recordings found in the signal, best first, confirmed where audio is at hand.

    A deep search also tries candidates that landmarks alone would never propose.

    Parameters
    ----------
    samples : ndarray of float32, shape (n,), mono at 11 025 Hz
    read_sources : gives the audio behind keys at 11 025 Hz, as far as it is at hand
    find_declared : gives from where to where a match is declared in seconds, if it lies inside: those are taken as its
        ends, as nobody asks for more exact ones
    """
    landmarks = find_dense_landmarks(samples)
    candidates = index.search_landmarks(
        landmarks,
        query_s=len(samples) / RATE_HZ,
        min_score=DEEP_CANDIDATE_SCORE if is_deep else MIN_CANDIDATE_SCORE,
        keys=keys,
    )
    least = DEEP_CANDIDATE_SCORE if is_deep else min_confirmation_score
    most = DEEP_RECORDINGS if is_deep else MAX_CONFIRMED_RECORDINGS
    strong = [one.key for one in candidates if one.score >= least]
    sources = read_sources(list(dict.fromkeys(strong))[:most])
    found: list[MatchEvidence] = []
    for candidate in candidates:
        # A loop matches at many offsets in one place; its best one is enough.
        if not any(_covers(match, candidate) for match in found):
            source = sources.get(candidate.key)
            found.append(
                _confirm(
                    samples,
                    landmarks,
                    source,
                    candidate,
                    kind=kind,
                    declared=find_declared(candidate),
                )
            )
    return join_siblings(found)


def _confirm(
    samples: Samples,
    landmarks: Landmarks,
    source: Samples | None,
    candidate: LandmarkMatch,
    *,
    kind: MatchKind,
    declared: Span | None,
) -> MatchEvidence:
    match = MatchEvidence(
        kind=kind,
        key=candidate.key,
        start_s=candidate.song_start_s,
        end_s=min(candidate.song_end_s, round(len(samples) / RATE_HZ, 3)),
        source_start_s=max(0.0, candidate.source_start_s),
        score=candidate.score,
    )
    if source is None:
        return match
    hits_s = candidate.song_end_s - candidate.song_start_s
    length_s = min(MAX_CONFIRMATION_S, max(MIN_CONFIRMATION_S, hits_s + 1.0))
    middle_s = (candidate.song_start_s + candidate.song_end_s) / 2
    start_s = max(0.0, middle_s - length_s / 2)
    ours = _cut(samples, start_s, length_s)
    theirs_s = start_s + candidate.source_start_s - candidate.song_start_s
    theirs = _cut(source, theirs_s, length_s)
    if len(theirs) < RATE_HZ or len(ours) < RATE_HZ or not np.any(theirs) or not np.any(ours):
        return replace(match, confirmation_z=0.0)
    slack = int(CONFIRMATION_SLACK_S * RATE_HZ)
    early = int(max(0.0, -theirs_s) * RATE_HZ)
    peak = correlate_whitened(
        ours,
        theirs,
        min_lag=early - slack,
        max_lag=early + slack,
        low_share=LOW_SHARE,
        high_share=HIGH_SHARE,
    )
    offset_s = candidate.source_start_s - candidate.song_start_s - (peak.lag - early) / RATE_HZ
    first_s, last_s = declared or (match.start_s, match.end_s)
    if declared is None and peak.z >= MIN_EXTENT_Z:
        place = {"offset_s": offset_s, "start_s": first_s, "end_s": last_s}
        first_s, last_s = _find_extent(samples, landmarks, source, **place)
    return replace(
        match,
        confirmation_z=round(peak.z, 2),
        start_s=round(first_s, 3),
        end_s=round(min(last_s, len(samples) / RATE_HZ), 3),
        source_start_s=round(max(0.0, first_s + offset_s), 4),
    )


def _find_extent(samples: Samples, landmarks: Landmarks, source: Samples, **place: float) -> Span:
    compared = (compare(samples, source, **place) for compare in (compare_phases, compare_spectra))
    agreements = [one for one in compared if one is not None]
    ends = find_ends(agreements, start_s=place["start_s"], end_s=place["end_s"])
    return ends or find_landmark_extent(landmarks, find_dense_landmarks(source), **place)


def _covers(match: MatchEvidence, candidate: LandmarkMatch) -> bool:
    """Tell whether the recording is already found in most of the candidate's place."""
    common_s = min(match.end_s, candidate.song_end_s) - max(match.start_s, candidate.song_start_s)
    length_s = candidate.song_end_s - candidate.song_start_s
    return match.key == candidate.key and common_s > 0.5 * length_s


def _cut(samples: Samples, start_s: float, length_s: float) -> Samples:
    begin = max(0, int(start_s * RATE_HZ))
    return samples[begin : max(begin, int((start_s + length_s) * RATE_HZ))]


def join_siblings(matches: Sequence[MatchEvidence]) -> tuple[MatchEvidence, ...]:
    """Name for every match the other recordings found in the same place."""
    joined = []
    for match in matches:
        siblings = {
            other.key
            for other in matches
            if other.key != match.key
            and other.score >= SIBLING_SCORE_SHARE * match.score
            and min(other.end_s, match.end_s) - max(other.start_s, match.start_s)
            > 0.5 * (match.end_s - match.start_s)
        }
        joined.append(replace(match, siblings=tuple(sorted(siblings))))
    return tuple(joined)
