"""Measure one song and judge it: what the worker, the commands and the re-verification have in common."""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage

from catalog.queries.audio_sources import (
    describe_sources,
    get_reference_files,
    get_stem_files,
    list_audio_sources,
)
from compliance.audio.decoding import DecodingLimits
from compliance.audio.evidence import SongEvidence
from compliance.audio.manifest import Placement
from compliance.audio.verification import verify_song
from compliance.services.indexing import CurrentIndex
from compliance.verdict import Verdict, decide_verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """A verdict with everything it rests on, ready to be stored."""

    verdict: Verdict
    evidence: SongEvidence
    report: dict[str, Any]
    timeline_svg: str
    index_version: str
    duration_s: float


def measure_song(
    *, song: Path, vocal: Path | None, placements: Sequence[Placement], current: CurrentIndex
) -> Measurement:
    """Return the verdict on a local audio file; seconds long, touches no row.

    An unreadable song is a verdict with a reason, never an exception.
    """
    started_s = time.monotonic()
    sources = list_audio_sources()
    evidence = verify_song(
        song=song,
        placements=placements,
        stem_files=locate(get_stem_files([s.external_id for s in sources if s.kind == "stem"])),
        reference_files=locate(
            get_reference_files([s.external_id for s in sources if s.kind == "reference"])
        ),
        index=current.index,
        vocal=vocal,
        limits=DecodingLimits(max_duration_s=settings.MAX_AUDIO_DURATION_S),
    )
    verdict = decide_verdict(evidence)
    duration_s = time.monotonic() - started_s
    return Measurement(
        verdict=verdict,
        evidence=evidence,
        report=build_report(
            verdict=verdict, evidence=evidence, current=current, duration_s=duration_s
        ),
        timeline_svg="",
        index_version=current.version,
        duration_s=duration_s,
    )


def locate(names: dict[str, str]) -> dict[str, Path]:
    """Return the local path of stored audio, by external id."""
    return {external_id: Path(default_storage.path(name)) for external_id, name in names.items()}


def build_report(
    *, verdict: Verdict, evidence: SongEvidence, current: CurrentIndex, duration_s: float
) -> dict[str, Any]:
    """Return the full report: verdict first, then everything measured, every number with its unit in its name."""
    return {
        **verdict.to_json(),
        "names": name_recordings({match.key for match in evidence.matches}),
        "evidence": evidence.to_json(),
        "index": {
            "version": current.version,
            "n_recordings": current.n_recordings,
            "n_missing": current.n_missing,
        },
        "duration_s": round(duration_s, 3),
    }


def name_recordings(keys: Collection[str]) -> dict[str, Any]:
    """Return title, artist and ISRC of the recordings a report names."""
    return dict(describe_sources(keys))
