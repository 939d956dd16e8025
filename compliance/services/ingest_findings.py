"""Tell the catalog what the audio of its recordings says: how loud a stem is, and what it shares audio with.

The catalog may not ask compliance, so compliance tells it, through its services.
"""

import datetime as dt
import time

import structlog
from django.db.models import QuerySet

from catalog.queries.audio_sources import AudioSource
from catalog.services.twins import FoundTwin, TwinKind, record_measurements, record_twins
from compliance.audio.fingerprinting import FINGERPRINT_VERSION, RecordingFingerprint
from compliance.audio.index import RecordingIndex
from compliance.audio.measurements import measure_loudness
from compliance.audio.shared_audio import SharedAudio, find_shared_audio
from compliance.audio.signal import AudioSignal
from compliance.models import AudioFingerprint, Collection

logger = structlog.get_logger(__name__)

STEM = "stem:"


def tell_loudness(*, source: AudioSource, signal: AudioSignal) -> None:
    """Measure a stem and enter it in the catalog; references have no loudness there."""
    if source.kind != "stem":
        return
    loudness_lufs, true_peak_db = measure_loudness(signal)
    record_measurements(
        stem=source.external_id,
        file_sha256=source.file_sha256,
        loudness_lufs=loudness_lufs,
        true_peak_db=true_peak_db,
    )


def compare_new_recordings(
    *, index: RecordingIndex, now: dt.datetime, budget_s: float | None = None
) -> int:
    """Find what published recordings that were not compared yet share audio with, and tell the catalog; return how many."""
    started_s = time.monotonic()
    searchable = set(index.list_keys())
    n_compared = 0
    for pk in list(list_uncompared().order_by("pk").values_list("pk", flat=True)):
        if budget_s is not None and time.monotonic() - started_s > budget_s:
            break
        row = AudioFingerprint.objects.get(pk=pk)
        if row.key in searchable:
            found = find_shared_audio(
                RecordingFingerprint.from_bytes(bytes(row.data)), index=index, own_key=row.key
            )
            _tell_shared(row, found)
        AudioFingerprint.objects.filter(pk=pk).update(compared_at=now)
        n_compared += 1
    return n_compared


def list_uncompared() -> QuerySet[AudioFingerprint]:
    """Return the published recordings that wait to be compared."""
    return AudioFingerprint.objects.filter(
        collection=Collection.RECORDINGS, version=FINGERPRINT_VERSION, error="", compared_at=None
    ).exclude(segment="")


def _tell_shared(row: AudioFingerprint, found: tuple[SharedAudio, ...]) -> None:
    if row.key.startswith(STEM):
        told = [_describe(one.key, one) for one in found]
        record_twins(stem=row.key.removeprefix(STEM), file_sha256=row.file_sha256, found=told)
    else:
        # A reference that came later than a stem is entered with the stem.
        for one in found:
            if one.key.startswith(STEM):
                _tell_of_stem(one, reference=row.key)
    if found:
        logger.info("index.shared_audio", key=row.key, others=[one.key for one in found][:20])


def _tell_of_stem(one: SharedAudio, *, reference: str) -> None:
    newest = AudioFingerprint.objects.filter(key=one.key, version=FINGERPRINT_VERSION)
    file_sha256 = newest.order_by("-pk").values_list("file_sha256", flat=True).first()
    record_twins(
        stem=one.key.removeprefix(STEM),
        file_sha256=file_sha256 or "",
        found=[_describe(reference, one)],
    )


def _describe(other: str, one: SharedAudio) -> FoundTwin:
    kind = TwinKind.NEAR_IDENTICAL if one.is_copy else TwinKind.SHARES_AUDIO
    return FoundTwin(other=other, kind=kind, score=one.share)
