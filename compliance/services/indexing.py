"""Keep the audio index up with the catalog: fingerprint what is new, publish it as one more segment.

The catalog tells nobody; this asks "what has no fingerprint of its current file by the current algorithm?", which covers a new
stem, a replaced file and a new algorithm with one question. What was removed or replaced is hidden from searches at once.
"""

import datetime as dt
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import structlog
from django.db import IntegrityError, transaction

from catalog.queries.audio_sources import AudioSource, list_audio_sources
from compliance.audio.decoding import DecodingLimits, UnreadableAudio, decode_audio
from compliance.audio.fingerprinting import (
    FINGERPRINT_VERSION,
    RecordingFingerprint,
    fingerprint_recording,
)
from compliance.audio.index import RecordingIndex, open_index
from compliance.audio.segment import build_segment
from compliance.models import AudioFingerprint, IndexGeneration, Job
from compliance.services.jobs import enqueue_job
from compliance.services.segment_files import fetch_segment, make_work_folder, publish_segment
from compliance.services.song_files import open_local_copy

logger = structlog.get_logger(__name__)

INDEX_JOB = "build_index"
INDEX_SUBJECT = "catalog"
# How long one job fingerprints before it publishes what it has, in seconds; upkeep queues the next one.
JOB_BUDGET_S = 120.0
# With more segments than this they are merged: each costs every search a look-up.
MAX_SEGMENTS = 8
# So many missing fingerprints are made up for at once before a verification; with more it is postponed.
MAX_CATCH_UP = 64
# Catalog recordings may be longer than songs.
SOURCE_LIMITS = DecodingLimits(max_duration_s=1800.0)

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentIndex:
    """The index as one verification uses it."""

    index: RecordingIndex
    version: str
    n_recordings: int
    n_missing: int


def find_missing_sources(sources: Sequence[AudioSource]) -> list[AudioSource]:
    """Return the recordings whose current file has no fingerprint by the current algorithm."""
    made = set(
        AudioFingerprint.objects.filter(version=FINGERPRINT_VERSION).values_list(
            "key", "file_sha256"
        )
    )
    return [source for source in sources if (source.key, source.file_sha256) not in made]


def update_index(*, budget_s: float | None = None, progress: Progress | None = None) -> int:
    """Fingerprint what is missing (for at most `budget_s` seconds) and publish it; return how many were made."""
    sources = list_audio_sources()
    missing = find_missing_sources(sources)
    started_s = time.monotonic()
    n_made = 0
    for source in missing:
        if budget_s is not None and time.monotonic() - started_s > budget_s:
            break
        _make_fingerprint(source)
        n_made += 1
        if progress:
            progress(n_made, len(missing))
    publish_fingerprints(sources)
    return n_made


def drop_fingerprints() -> None:
    """Forget every fingerprint, so that the next update makes all of them anew; searches go on with the published index."""
    AudioFingerprint.objects.all().delete()


def _make_fingerprint(source: AudioSource) -> None:
    error, data, duration_s = "", b"", 0.0
    try:
        with open_local_copy(source.file_name) as path:
            fingerprint = fingerprint_recording(decode_audio(path, limits=SOURCE_LIMITS))
        data, duration_s = fingerprint.to_bytes(), fingerprint.duration_s
    except UnreadableAudio as unreadable:
        error = str(unreadable)
        logger.warning("index.unreadable", key=source.key, error=error)
    AudioFingerprint.objects.get_or_create(
        key=source.key, file_sha256=source.file_sha256, version=FINGERPRINT_VERSION,
        defaults={"data": data, "duration_s": duration_s, "error": error},
    )  # fmt: skip


def publish_fingerprints(sources: Sequence[AudioSource]) -> IndexGeneration | None:
    """Publish fingerprints that no segment holds; return the new generation, or None if there was nothing to do."""
    current = {(source.key, source.file_sha256) for source in sources}
    usable = AudioFingerprint.objects.filter(version=FINGERPRINT_VERSION, error="")
    previous = IndexGeneration.objects.first()
    kept = list(previous.segments) if previous else []
    hidden = _find_hidden_keys(
        sources
    )  # among them: files replaced by one that was published long ago
    rows = [
        row
        for row in usable.only("key", "file_sha256", "segment")
        if (row.key, row.file_sha256) in current
    ]
    loose = [row.pk for row in rows if not row.segment or row.key in hidden]
    if not loose and previous is not None:
        return None
    if len(kept) >= MAX_SEGMENTS:
        kept, loose = [], [row.pk for row in rows]
    # Segments sort in the order of their making: a later one wins.
    name = f"{previous.pk if previous else 0:08d}-{secrets.token_hex(4)}"
    folder = make_work_folder() / name
    build_segment(folder, _read_fingerprints(loose))
    publish_segment(folder, name=name)
    folder.parent.rmdir()
    try:
        with transaction.atomic():
            generation = IndexGeneration.objects.create(
                segments=[*kept, name], n_recordings=len(rows), previous=previous
            )
            AudioFingerprint.objects.filter(pk__in=loose).update(segment=name)
    except IntegrityError:  # another builder published first; what it left out is found again
        return IndexGeneration.objects.first()
    logger.info(
        "index.published",
        version=generation.version,
        added=len(loose),
        segments=len(generation.segments),
    )
    return generation


def _read_fingerprints(ids: Sequence[int]) -> Iterable[tuple[str, RecordingFingerprint]]:
    for row in AudioFingerprint.objects.filter(pk__in=ids).order_by("key").iterator(chunk_size=200):
        yield row.key, RecordingFingerprint.from_bytes(bytes(row.data))


def open_current_index() -> CurrentIndex:
    """Return the index for one verification, made up to date first if little is missing."""
    sources = list_audio_sources()
    missing = find_missing_sources(sources)
    generation = IndexGeneration.objects.first()
    if generation is None or 0 < len(missing) <= MAX_CATCH_UP:
        update_index(budget_s=JOB_BUDGET_S)
        missing = find_missing_sources(sources)
        generation = IndexGeneration.objects.first()
    if generation is None:
        generation = publish_fingerprints(sources)
    assert generation is not None  # noqa: S101 - the first publication always makes one
    return CurrentIndex(
        index=_open(tuple(generation.segments), removed_keys=_find_hidden_keys(sources)),
        version=generation.version,
        n_recordings=generation.n_recordings,
        n_missing=len(missing),
    )


def _find_hidden_keys(sources: Sequence[AudioSource]) -> frozenset[str]:
    """Return keys whose published fingerprint is not of their current file: removed or replaced recordings."""
    current = {source.key: source.file_sha256 for source in sources}
    published = AudioFingerprint.objects.exclude(segment="").filter(version=FINGERPRINT_VERSION)
    newest = dict(published.order_by("segment").values_list("key", "file_sha256"))
    return frozenset(key for key, file_sha256 in newest.items() if current.get(key) != file_sha256)


@lru_cache(maxsize=2)
def _open(segments: tuple[str, ...], *, removed_keys: frozenset[str]) -> RecordingIndex:
    """Open segments once per process: they are memory-mapped and never change."""
    return open_index([fetch_segment(name) for name in segments], removed_keys=removed_keys)


def enqueue_index_build_if_behind(*, now: dt.datetime) -> bool:
    """Queue a build if recordings miss their fingerprint; an open build is enough."""
    if IndexGeneration.objects.exists() and not find_missing_sources(list_audio_sources()):
        return False
    try:
        with transaction.atomic():
            enqueue_job(kind=INDEX_JOB, subject=INDEX_SUBJECT, now=now)
    except IntegrityError:  # one is queued or running
        return False
    return True


def build_index_job(job: Job) -> Callable[[], None]:  # noqa: ARG001 - one index, one job
    """Do one index job; segments and generations are published as it goes, so there is nothing left to record."""
    update_index(budget_s=JOB_BUDGET_S)
    return lambda: None


def bury_index_build(job: Job) -> None:
    """Leave a trace; upkeep queues the next build while recordings are missing."""
    logger.error("index.build_failed", job_id=str(job.pk), error=job.error)
