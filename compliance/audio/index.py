"""Several segments searched as one: landmarks for parts of a mix, Chromaprint for recordings."""

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from compliance.audio import identity_search, landmark_search
from compliance.audio.identity_search import IdentityMatch
from compliance.audio.landmark_search import LandmarkMatch
from compliance.audio.landmarks import Landmarks
from compliance.audio.segment import Segment, open_segment
from compliance.audio.segment_building import build_segment

__all__ = [
    "IdentityMatch",
    "LandmarkMatch",
    "RecordingIndex",
    "build_segment",
    "open_index",
    "open_segment",
]


class RecordingIndex:
    """Several segments searched as one; later segments win over earlier ones for the same key."""

    def __init__(self, segments: Sequence[Segment], *, removed_keys: Collection[str]) -> None:
        """Take opened segments, oldest first, and the keys that no longer count."""
        self.segments = tuple(segments)
        newest: dict[str, int] = {}
        for number, segment in enumerate(self.segments):
            newest.update(dict.fromkeys(segment.keys, number))
        self.live_masks = tuple(
            np.array(
                [newest[key] == number and key not in removed_keys for key in segment.keys], bool
            )
            for number, segment in enumerate(self.segments)
        )

    def list_keys(self) -> tuple[str, ...]:
        """Return every key that can be found."""
        return tuple(
            key
            for segment, live in zip(self.segments, self.live_masks, strict=True)
            for key, is_live in zip(segment.keys, live, strict=True)
            if is_live
        )

    def count_keys(self) -> int:
        """Return how many recordings can be found."""
        return sum(int(live.sum()) for live in self.live_masks)

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
        for segment, live in zip(self.segments, self.live_masks, strict=True):
            wanted = live
            if keys is not None:
                wanted = live & np.array([key in keys for key in segment.keys], bool)
            if wanted.any():
                matches += landmark_search.search_segment(
                    segment, wanted, landmarks, query_s=query_s, min_score=min_score
                )
        return tuple(sorted(matches, key=lambda match: -match.score))

    def search_identity(
        self, chromaprint: npt.NDArray[np.uint32], *, max_bit_error_rate: float
    ) -> tuple[IdentityMatch, ...]:
        """Return the recordings that the query repeats for 10 s or more, best first."""
        matches: list[IdentityMatch] = []
        for segment, live in zip(self.segments, self.live_masks, strict=True):
            matches += identity_search.search_segment(
                segment, live, chromaprint, max_bit_error_rate=max_bit_error_rate
            )
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
