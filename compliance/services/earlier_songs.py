"""Compare a song with those submitted before: it may be nearly the same recording as one of them.

The fingerprints of songs are an index of their own. What was not published yet is searched in memory, so the song of a minute
ago counts.
"""

from dataclasses import asdict, dataclass, replace

import numpy as np

from compliance.audio.fingerprinting import FINGERPRINT_VERSION, RecordingFingerprint
from compliance.audio.identity_search import IdentityMatch
from compliance.audio.index import RecordingIndex
from compliance.audio.segment_building import make_segment
from compliance.audio.timeline import draw_timeline
from compliance.models import AudioFingerprint, Collection, Submission, SubmissionStatus
from compliance.services.index_publication import (
    find_generation,
    list_unpublished,
    merge_newest_segments,
    open_generation,
    publish_fingerprints,
)
from compliance.services.measurement import Measurement
from compliance.verdict import Outcome, Reason

PREFIX = "song:"
# Chromaprint bits in which the same song differs after encoding it again.  Source: `tests.evaluation.repeated_songs`, at most
# 0.035 for one song in another codec; the same stems under another voice, 6 dB quieter, differ in 0.194 and more.
MAX_BIT_ERROR_RATE = 0.05
# Part of the shorter of two songs that must be the same.
MIN_SAME_SHARE = 0.8
# With more unpublished songs than this the worker publishes them: until then each search reads them, 2 kB a song.
MAX_UNPUBLISHED = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarSong:
    """An earlier submission that is nearly the same recording."""

    submission: str
    is_own: bool  # by the same generator
    bit_error_rate: float
    start_s: float
    end_s: float


def remember_song(*, submission: Submission, measurement: Measurement) -> None:
    """Keep the fingerprint of a song for comparison with later ones."""
    evidence = measurement.evidence
    if not evidence.chromaprint:
        return
    fingerprint = RecordingFingerprint.of_song(evidence.chromaprint, duration_s=evidence.duration_s)
    AudioFingerprint.objects.get_or_create(
        key=f"{PREFIX}{submission.public_id}", file_sha256=submission.audio_sha256,
        version=FINGERPRINT_VERSION,
        defaults={
            "collection": Collection.SONGS, "data": fingerprint.to_bytes(), "duration_s": evidence.duration_s,
        },
    )  # fmt: skip


def find_similar_songs(
    *, submission: Submission, measurement: Measurement
) -> tuple[SimilarSong, ...]:
    """Return the songs of other clearances, approved or in review, that are nearly the same recording, most alike first."""
    evidence = measurement.evidence
    words = np.frombuffer(evidence.chromaprint, "<u4").astype(np.uint32)
    matches = {
        match.key.removeprefix(PREFIX): match
        for index in _open_indexes()
        for match in index.search_identity(words, max_bit_error_rate=MAX_BIT_ERROR_RATE)
    }
    counted = Submission.objects.filter(
        public_id__in=list(matches),
        status__in=[SubmissionStatus.APPROVED, SubmissionStatus.IN_REVIEW],
    ).exclude(clearance_id=submission.clearance_id)
    durations_s = dict(
        AudioFingerprint.objects.filter(
            key__in=[f"{PREFIX}{public_id}" for public_id in matches]
        ).values_list("key", "duration_s")
    )
    similar = []
    for public_id, generator_id in counted.values_list("public_id", "generator_id"):
        match = matches[public_id]
        shorter_s = min(evidence.duration_s, durations_s[f"{PREFIX}{public_id}"])
        if match.same_s >= MIN_SAME_SHARE * shorter_s:
            similar.append(
                _describe(match, public_id, is_own=generator_id == submission.generator_id)
            )
    return tuple(sorted(similar, key=lambda one: (one.bit_error_rate, one.submission)))


def note_similar_songs(*, submission: Submission, measurement: Measurement) -> Measurement:
    """Return the measurement with the earlier songs it repeats.

    Repeating somebody else's song is a reason for a person to look; a generator that repeats its own is only told. The ids of
    others' songs stay out of what the generator reads.
    """
    similar = find_similar_songs(submission=submission, measurement=measurement)
    if not similar:
        return measurement
    reasons = [_make_reason(one, duration_s=measurement.evidence.duration_s) for one in similar[:1]]
    foreign = [one for one in similar if not one.is_own]
    if foreign and similar[0].is_own:
        reasons.append(_make_reason(foreign[0], duration_s=measurement.evidence.duration_s))
    verdict = measurement.verdict
    outcome = verdict.outcome
    if foreign and outcome == Outcome.APPROVED:
        outcome = Outcome.NEEDS_REVIEW
    verdict = replace(verdict, outcome=outcome, reasons=(*verdict.reasons, *reasons))
    own = [asdict(one) for one in similar if one.is_own]
    return replace(
        measurement,
        verdict=verdict,
        report={**measurement.report, **verdict.to_json(), "repeats": own},
        timeline_svg=draw_timeline(measurement.evidence, verdict),
        repeated_songs=tuple(one.submission for one in similar),
    )


def publish_songs() -> None:
    """Publish the songs that were remembered since, and merge what has become many small segments."""
    publish_fingerprints(collection=Collection.SONGS, current=None)
    while merge_newest_segments(collection=Collection.SONGS, current=None) is not None:
        pass


def are_songs_waiting() -> bool:
    """Tell whether so many songs are unpublished that searches become slow."""
    return bool(list_unpublished(Collection.SONGS).count() > MAX_UNPUBLISHED)


def _open_indexes() -> list[RecordingIndex]:
    generation = find_generation(Collection.SONGS)
    loose = make_segment(
        (row.key, RecordingFingerprint.from_bytes(bytes(row.data)))
        for row in list_unpublished(Collection.SONGS)
    )
    published = [open_generation(tuple(generation.segments))] if generation else []
    return [*published, RecordingIndex([loose], removed_keys=())]


def _describe(match: IdentityMatch, public_id: str, *, is_own: bool) -> SimilarSong:
    return SimilarSong(
        submission=public_id,
        is_own=is_own,
        bit_error_rate=match.bit_error_rate,
        start_s=match.song_start_s,
        end_s=match.song_end_s,
    )


def _make_reason(one: SimilarSong, *, duration_s: float) -> Reason:
    whose = (
        f"your submission {one.submission}"
        if one.is_own
        else "a song that another client submitted"
    )
    return Reason(
        code="audio.repeated_song",
        text=f"The song is nearly the same recording as {whose}.",
        outcome=Outcome.APPROVED if one.is_own else Outcome.NEEDS_REVIEW,
        start_s=one.start_s,
        end_s=min(one.end_s, round(duration_s, 3)),
        score=one.bit_error_rate,
        limit=MAX_BIT_ERROR_RATE,
        unit="share of differing bits",
    )
