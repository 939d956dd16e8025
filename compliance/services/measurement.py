"""Measure one song and judge it: what the worker, the commands and the re-verification have in common."""

import time
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from catalog.queries.audio_sources import describe_sources, list_kin
from compliance.audio.decoding import DecodingLimits
from compliance.audio.evidence import SongEvidence
from compliance.audio.manifest import Placement
from compliance.audio.siblings import add_known_siblings
from compliance.audio.timeline import draw_timeline
from compliance.audio.verification import verify_song
from compliance.certificates.certificate import SongFingerprint
from compliance.services.indexing import CurrentIndex
from compliance.services.song_fingerprint import describe_fingerprint
from compliance.services.source_files import CatalogFiles
from compliance.verdict import Outcome, Verdict, decide_verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """A verdict with everything it rests on, ready to be stored."""

    verdict: Verdict
    evidence: SongEvidence
    report: dict[str, Any]
    timeline_svg: str
    index_version: str
    duration_s: float
    # Public ids of earlier submissions that are nearly the same recording: for reviewers, not for the generator.
    repeated_songs: tuple[str, ...] = ()


def measure_song(
    *, song: Path, vocal: Path | None, placements: Sequence[Placement], current: CurrentIndex
) -> Measurement:
    """Return the verdict on a local audio file; seconds long, touches no row.

    An unreadable song is a verdict with a reason, never an exception.
    """
    started_s = time.monotonic()
    limits = DecodingLimits(max_duration_s=settings.MAX_AUDIO_DURATION_S)
    evidence = verify_song(
        song=song,
        placements=placements,
        stem_files=CatalogFiles("stem"),
        reference_files=CatalogFiles("reference"),
        index=current.index,
        vocal=vocal,
        limits=limits,
    )
    kin = list_kin({match.key for match in evidence.matches})
    evidence = add_known_siblings(
        evidence,
        copies={key: one.copies for key, one in kin.items()},
        sharing={key: one.sharing for key, one in kin.items()},
    )
    verdict = decide_verdict(evidence)
    fingerprint = None
    # Only what may still be approved is certified one day.
    if evidence.refusal is None and verdict.outcome != Outcome.REJECTED:
        fingerprint = describe_fingerprint(evidence.chromaprint_sha256)
    duration_s = time.monotonic() - started_s
    return Measurement(
        verdict=verdict,
        evidence=evidence,
        report=build_report(
            verdict=verdict,
            evidence=evidence,
            fingerprint=fingerprint,
            current=current,
            duration_s=duration_s,
        ),
        timeline_svg=draw_timeline(evidence, verdict),
        index_version=current.version,
        duration_s=duration_s,
    )


def build_report(
    *,
    verdict: Verdict,
    evidence: SongEvidence,
    fingerprint: SongFingerprint | None,
    current: CurrentIndex,
    duration_s: float,
) -> dict[str, Any]:
    """Return the full report: verdict first, then everything measured, every number with its unit in its name."""
    return {
        **verdict.to_json(),
        "names": name_recordings({match.key for match in evidence.matches}),
        "evidence": evidence.to_json(),
        "fingerprint": asdict(fingerprint) if fingerprint else None,
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
