"""Find recordings that share audio with one: copies of it, and those with the same loops or notes.

Two recordings that sound alike are found under each other's name in a song, so their relation is
kept.  Limits were set on 300 stems of the DEV corpus and on 40 re-encoded copies of them: of copies
at least 0.156 of the landmarks line up and 0.44 of the time is the same by Chromaprint; of
different stems at most 0.1 and 0.16.
"""

from dataclasses import dataclass

from compliance.audio.fingerprinting import RecordingFingerprint
from compliance.audio.index import RecordingIndex
from compliance.audio.landmarks import Landmarks

# Of a copy no less lines up than this: landmarks at one offset, and time by Chromaprint.
MIN_COPY_LANDMARKS, MIN_COPY_TIME = 0.12, 0.3
MAX_COPY_BIT_ERROR_RATE = 0.12
# Landmarks of two recordings line up by more than chance from this score (-log10 p) on.
MIN_SHARED_SCORE = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedAudio:
    """A recording that shares audio with another.

    Attributes
    ----------
    share : part of the landmarks that line up at the best offset, in [0, 1]
    is_copy : it is the same recording, encoded or edited anew
    """

    key: str
    share: float
    is_copy: bool


def find_shared_audio(
    fingerprint: RecordingFingerprint, *, index: RecordingIndex, own_key: str
) -> tuple[SharedAudio, ...]:
    """Return the recordings of the index that share audio with the given one, most shared first."""
    total = len(fingerprint.landmark_hashes)
    if not total:
        return ()
    landmarks = Landmarks(hashes=fingerprint.landmark_hashes, frames=fingerprint.landmark_frames)
    shares: dict[str, float] = {}
    for match in index.search_landmarks(
        landmarks, query_s=fingerprint.duration_s, min_score=MIN_SHARED_SCORE
    ):
        share = min(1.0, match.hit_count / total)
        shares[match.key] = max(share, shares.get(match.key, 0.0))
    same_s = {
        match.key: match.song_end_s - match.song_start_s
        for match in index.search_identity(
            fingerprint.chromaprint, max_bit_error_rate=MAX_COPY_BIT_ERROR_RATE
        )
    }
    found = [
        SharedAudio(
            key=key,
            share=round(share, 3),
            is_copy=share >= MIN_COPY_LANDMARKS
            and same_s.get(key, 0.0) >= MIN_COPY_TIME * fingerprint.duration_s,
        )
        for key, share in shares.items()
        if key != own_key
    ]
    return tuple(sorted(found, key=lambda one: (-one.share, one.key)))
