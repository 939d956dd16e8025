"""Publish fingerprints as segments, and merge segments: each step is complete or has not happened.

A segment gets its name in storage when every byte of it is there; a row then makes it part of the index. Whoever dies in
between leaves a folder that no row names, which is removed later, and fingerprints that the next attempt publishes.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import structlog
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from compliance.audio.fingerprinting import FINGERPRINT_VERSION, RecordingFingerprint
from compliance.audio.index import RecordingIndex, open_index
from compliance.audio.segment import INDEX_STAMP, MAX_ITEMS
from compliance.audio.segment_building import build_segment, merge_segments
from compliance.models import AudioFingerprint, Collection, IndexGeneration
from compliance.services.segment_files import (
    fetch_segment,
    list_segments,
    make_work_folder,
    name_segment,
    prune_cache,
    publish_segment,
    remove_segment,
)

logger = structlog.get_logger(__name__)

# Recordings in one new segment: 5,000 take about 1 GB while they are sorted.
BATCH_RECORDINGS = 5_000
# Rows named in one statement.
ROWS_AT_ONCE = 500
# The newest segments are merged with the one before them until that is so many times larger: their number grows with
# the logarithm of the catalog, and so does how often a recording is copied.
GROWTH = 8
# Segments that no index needs any more stay for so long: somebody may just be opening them.
GRACE = dt.timedelta(hours=1)


class _Published(NamedTuple):
    """Which file of a recording searches find, and where."""

    file_sha256: str
    place: int  # of the segment in the generation


def find_generation(collection: Collection) -> IndexGeneration | None:
    """Return the index in use, None if there is none that this code can read."""
    return IndexGeneration.objects.filter(collection=collection, stamp=INDEX_STAMP).first()


def publish_fingerprints(
    *, collection: Collection, current: Mapping[str, str] | None
) -> IndexGeneration | None:
    """Publish fingerprints that searches do not find; return the new generation, or None if there was nothing to do.

    Parameters
    ----------
    current : digest of the file of every recording there is, by key; None if files are never removed or replaced
    """
    previous = find_generation(collection)
    kept = list(previous.segments) if previous else []
    if current is None:
        loose = list(list_unpublished(collection).values_list("pk", flat=True))
        n_recordings = len(loose) + (previous.n_recordings if previous else 0)
    else:
        rows = _list_rows(collection)
        published = _find_published(rows, kept)
        wanted = [
            (pk, key, file_sha256)
            for pk, key, file_sha256, _ in rows
            if current.get(key) == file_sha256
        ]
        loose = [
            pk
            for pk, key, file_sha256 in wanted
            if key not in published or published[key].file_sha256 != file_sha256
        ]
        n_recordings = len(wanted)
    if not loose and previous is not None:
        return None
    names: dict[str, Sequence[int]] = {}
    for ids in _split(loose, BATCH_RECORDINGS) if loose else ([],):
        name = name_segment(previous.pk if previous else 0, len(names))
        folder = make_work_folder() / name
        build_segment(folder, _read_fingerprints(ids))
        publish_segment(folder, name=name)
        folder.parent.rmdir()
        names[name] = ids
    generation = _add_generation(
        collection=collection, previous=previous, segments=[*kept, *names],
        n_recordings=n_recordings, moved=names,
    )  # fmt: skip
    if generation is not None:
        logger.info(
            "index.published",
            version=generation.version,
            added=len(loose),
            segments=len(generation.segments),
        )
    return generation or find_generation(collection)


def merge_newest_segments(
    *, collection: Collection, current: Mapping[str, str] | None
) -> IndexGeneration | None:
    """Merge the newest segments if they are many and small; return the new generation, None if there was nothing to do."""
    previous = find_generation(collection)
    if previous is None:
        return None
    index = open_generation(
        tuple(previous.segments), removed_keys=find_hidden_keys(previous, current=current)
    )
    n_merged = _count_mergeable(
        [len(segment.keys) for segment in index.segments],
        [len(segment.item_recording) for segment in index.segments],
    )
    if n_merged < 2:
        return None
    kept, merged = previous.segments[:-n_merged], previous.segments[-n_merged:]
    name = name_segment(previous.pk, 0)
    folder = make_work_folder() / name
    sources = zip(index.segments, index.live_masks, strict=True)
    keys = merge_segments(folder, list(sources)[-n_merged:])
    publish_segment(folder, name=name)
    folder.parent.rmdir()
    rows = _list_rows(collection, segments=merged)
    published = _find_published(rows, merged)
    live = set(keys)
    moved = [
        pk
        for pk, key, file_sha256, _ in rows
        if key in live and published[key].file_sha256 == file_sha256
    ]
    generation = _add_generation(
        collection=collection, previous=previous, segments=[*kept, name],
        n_recordings=previous.n_recordings, moved={name: moved}, replaced=merged,
    )  # fmt: skip
    if generation is not None:
        logger.info(
            "index.merged", version=generation.version, merged=n_merged, recordings=len(keys)
        )
    return generation


def _count_mergeable(sizes: Sequence[int], items: Sequence[int]) -> int:
    """Return how many of the newest segments belong together: one alone stays as it is."""
    count, total, n_items = 1, sizes[-1], items[-1]
    for size, more in zip(reversed(sizes[:-1]), reversed(items[:-1]), strict=True):
        if size > GROWTH * max(total, 1) or n_items + more > MAX_ITEMS:
            break
        count, total, n_items = count + 1, total + size, n_items + more
    return count


def find_hidden_keys(
    generation: IndexGeneration, *, current: Mapping[str, str] | None
) -> frozenset[str]:
    """Return keys whose published fingerprint is not of their current file: removed or replaced recordings."""
    if current is None:
        return frozenset()
    searchable = list_searchable(generation)
    searched = open_generation(tuple(generation.segments)).list_keys()
    return frozenset(
        key
        for key in searched
        if key not in current or (key in searchable and current[key] != searchable[key])
    )


def list_searchable(generation: IndexGeneration | None) -> dict[str, str]:
    """Return the digest of the file that searches find, by key."""
    if generation is None:
        return {}
    published = _find_published(_list_rows(Collection(generation.collection)), generation.segments)
    return {key: one.file_sha256 for key, one in published.items()}


@lru_cache(maxsize=4)
def open_generation(
    segments: tuple[str, ...], *, removed_keys: frozenset[str] = frozenset()
) -> RecordingIndex:
    """Open segments once per process: they are memory-mapped and never change."""
    return open_index([fetch_segment(name) for name in segments], removed_keys=removed_keys)


def remove_unused_segments(*, now: dt.datetime) -> int:
    """Remove segments that no index needs, and folders of builders that died; return how many."""
    needed = _list_needed_segments(now=now)
    unused = set(list_segments(older_than=now - GRACE)) - needed
    for name in sorted(unused):
        remove_segment(name)
    return len(unused)


def prune_segment_cache(*, now: dt.datetime) -> None:
    """Remove from this machine the copies of segments that no index needs."""
    prune_cache(needed=_list_needed_segments(now=now), older_than=now - GRACE)


def _list_needed_segments(*, now: dt.datetime) -> set[str]:
    recent = list(IndexGeneration.objects.filter(created_at__gte=now - GRACE))
    for collection in Collection:
        recent += IndexGeneration.objects.filter(collection=collection)[:2]
    return {name for row in recent for name in row.segments}


def list_unpublished(collection: Collection) -> QuerySet[AudioFingerprint]:
    """Return the usable fingerprints that the index in use does not hold."""
    generation = find_generation(collection)
    return AudioFingerprint.objects.filter(
        collection=collection, version=FINGERPRINT_VERSION, error=""
    ).exclude(segment__in=generation.segments if generation else ())


def _list_rows(
    collection: Collection, *, segments: Sequence[str] | None = None
) -> list[tuple[int, str, str, str]]:
    """Return (id, key, digest of the file, segment) of every usable fingerprint, or of those in given segments."""
    usable = AudioFingerprint.objects.filter(
        collection=collection, version=FINGERPRINT_VERSION, error=""
    )
    if segments is not None:
        usable = usable.filter(segment__in=segments)
    return list(usable.order_by("key", "pk").values_list("pk", "key", "file_sha256", "segment"))


def _find_published(
    rows: Iterable[tuple[int, str, str, str]], segments: Sequence[str]
) -> dict[str, _Published]:
    """Return what searches in the given segments find, by key: of several files the one in the latest segment."""
    places = {name: place for place, name in enumerate(segments)}
    published: dict[str, _Published] = {}
    for _, key, file_sha256, segment in rows:
        place = places.get(segment, -1)
        if place >= 0 and (key not in published or published[key].place < place):
            published[key] = _Published(file_sha256, place)
    return published


def _split(ids: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


def _read_fingerprints(ids: Sequence[int]) -> Iterable[tuple[str, RecordingFingerprint]]:
    for part in _split(ids, ROWS_AT_ONCE):
        rows = AudioFingerprint.objects.filter(pk__in=part).order_by("key")
        for row in rows:
            yield row.key, RecordingFingerprint.from_bytes(bytes(row.data))


def _add_generation(
    *,
    collection: Collection,
    previous: IndexGeneration | None,
    segments: Sequence[str],
    n_recordings: int,
    moved: Mapping[str, Sequence[int]],
    replaced: Sequence[str] = (),
) -> IndexGeneration | None:
    """Make segments the index in use; None if somebody else published first: what is left out is found again."""
    try:
        with transaction.atomic():
            generation = IndexGeneration.objects.create(
                collection=collection, stamp=INDEX_STAMP, segments=list(segments),
                n_recordings=n_recordings, previous=previous,
            )  # fmt: skip
            AudioFingerprint.objects.filter(segment__in=replaced).update(segment="")
            for name, ids in moved.items():
                for part in _split(ids, ROWS_AT_ONCE):
                    AudioFingerprint.objects.filter(pk__in=part).update(segment=name)
    except IntegrityError:
        return None
    return generation
