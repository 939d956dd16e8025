"""Keep the audio index up with the catalog: fingerprint what is new, publish it as one more segment.

The catalog tells nobody; this asks "what has no fingerprint of its current file by the current algorithm?", which covers a new
stem, a replaced file and a new algorithm with one question. What was removed or replaced is hidden from searches at once.
"""

import datetime as dt
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import structlog

from catalog.queries.audio_sources import AudioSource, get_sources_version, list_audio_sources
from compliance.audio.decoding import DecodingLimits, UnreadableAudio, decode_audio
from compliance.audio.fingerprinting import FINGERPRINT_VERSION, fingerprint_recording
from compliance.audio.index import RecordingIndex
from compliance.models import AudioFingerprint, Collection, IndexGeneration
from compliance.services.index_publication import (
    find_generation,
    find_hidden_keys,
    list_searchable,
    merge_newest_segments,
    open_generation,
    publish_fingerprints,
    remove_unused_segments,
)
from compliance.services.ingest_findings import (
    compare_new_recordings,
    list_uncompared,
    tell_loudness,
)
from compliance.services.song_files import open_local_copy

logger = structlog.get_logger(__name__)

# How long one job fingerprints before it publishes what it has, in seconds; upkeep queues the next one.
JOB_BUDGET_S = 120.0
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


def find_unsearchable_sources(
    sources: Sequence[AudioSource], generation: IndexGeneration | None
) -> list[AudioSource]:
    """Return the recordings whose current file searches do not find yet; what cannot be read is not waited for."""
    unreadable = set(
        AudioFingerprint.objects.filter(version=FINGERPRINT_VERSION)
        .exclude(error="")
        .values_list("key", "file_sha256")
    )
    searchable = list_searchable(generation)
    return [
        source
        for source in sources
        if searchable.get(source.key) != source.file_sha256
        and (source.key, source.file_sha256) not in unreadable
    ]


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
    publish_fingerprints(collection=Collection.RECORDINGS, current=_list_files(sources))
    return n_made


def tidy_index(*, now: dt.datetime, budget_s: float | None = None) -> None:
    """Merge small segments, remove those that no index needs, and compare (for at most `budget_s` seconds) what is new."""
    current = _list_files(list_audio_sources())
    while merge_newest_segments(collection=Collection.RECORDINGS, current=current) is not None:
        pass
    remove_unused_segments(now=now)
    generation = find_generation(Collection.RECORDINGS)
    if generation is not None and list_uncompared().exists():
        compare_new_recordings(index=_open(generation).index, now=now, budget_s=budget_s)


def drop_fingerprints() -> None:
    """Forget every fingerprint, so that the next update makes all of them anew; searches go on with the published index."""
    AudioFingerprint.objects.filter(collection=Collection.RECORDINGS).delete()


def _list_files(sources: Sequence[AudioSource]) -> Mapping[str, str]:
    return {source.key: source.file_sha256 for source in sources}


def _make_fingerprint(source: AudioSource) -> None:
    error, data, duration_s = "", b"", 0.0
    try:
        with open_local_copy(source.file_name) as path:
            signal = decode_audio(path, limits=SOURCE_LIMITS)
        fingerprint = fingerprint_recording(signal)
        tell_loudness(source=source, signal=signal)
        data, duration_s = fingerprint.to_bytes(), fingerprint.duration_s
    except UnreadableAudio as unreadable:
        error = str(unreadable)
        logger.warning("index.unreadable", key=source.key, error=error)
    AudioFingerprint.objects.get_or_create(
        key=source.key, file_sha256=source.file_sha256, version=FINGERPRINT_VERSION,
        defaults={"data": data, "duration_s": duration_s, "error": error},
    )  # fmt: skip


def open_current_index() -> CurrentIndex:
    """Return the index for one verification, made up to date first if little is missing."""
    generation = find_generation(Collection.RECORDINGS)
    if generation is not None:
        current = _open_cached(get_sources_version(), generation.pk, tuple(generation.segments))
        if current.n_missing == 0:
            return current
        _open_cached.cache_clear()
        if current.n_missing > MAX_CATCH_UP:
            return current
    update_index(budget_s=JOB_BUDGET_S)
    generation = find_generation(Collection.RECORDINGS)
    assert generation is not None  # noqa: S101 - the first publication always makes one
    return _open(generation)


@lru_cache(maxsize=2)
def _open_cached(
    sources_version: str,  # noqa: ARG001 - part of the key
    generation_id: int,
    segments: tuple[str, ...],  # noqa: ARG001 - part of the key
) -> CurrentIndex:
    """Return the index; what is complete stays so until the catalog or the generation changes."""
    return _open(IndexGeneration.objects.get(pk=generation_id))


def _open(generation: IndexGeneration) -> CurrentIndex:
    sources = list_audio_sources()
    hidden = find_hidden_keys(generation, current=_list_files(sources))
    return CurrentIndex(
        index=open_generation(tuple(generation.segments), removed_keys=hidden),
        version=generation.version,
        n_recordings=generation.n_recordings,
        n_missing=len(find_unsearchable_sources(sources, generation)),
    )
