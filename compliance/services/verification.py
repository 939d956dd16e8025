"""Verify submissions: measure outside any transaction, record once inside one."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

import structlog
from django.urls import reverse
from django.utils import timezone

from compliance.audio.manifest import parse_manifest
from compliance.models import Job, Submission, SubmissionStatus, Verification
from compliance.services import decisions
from compliance.services.actors import SYSTEM
from compliance.services.earlier_songs import note_similar_songs, remember_song
from compliance.services.indexing import open_current_index
from compliance.services.jobs import Postponed
from compliance.services.measurement import Measurement, measure_song
from compliance.services.sandbox import practice_verification
from compliance.services.song_files import open_local_copy
from compliance.verdict import Outcome

logger = structlog.get_logger(__name__)

# While a large import is being fingerprinted songs wait: a verdict by half an index would approve what it cannot see.
INDEX_PAUSE_S = 15.0


def verify_submission_job(job: Job) -> Callable[[], None]:
    """Measure the song a job names and return what records the verdict; a decided song is left as it is."""
    submission = Submission.objects.select_related("clearance", "generator").get(
        public_id=job.subject
    )
    if submission.status != SubmissionStatus.RECEIVED:
        return lambda: None
    if submission.generator.is_sandbox:
        return practice_verification(submission, now=timezone.now())
    current = open_current_index()
    if current.n_missing:
        raise Postponed(
            why=f"{current.n_missing} recordings are not searchable yet", pause_s=INDEX_PAUSE_S
        )
    with ExitStack() as files:
        song = files.enter_context(open_local_copy(str(submission.audio.name)))
        vocal = (
            files.enter_context(open_local_copy(str(submission.vocal.name)))
            if submission.vocal
            else None
        )
        measurement = measure_song(
            song=song,
            vocal=vocal,
            placements=parse_manifest(submission.manifest),
            current=current,
        )
    measurement = note_similar_songs(submission=submission, measurement=measurement)
    logger.info(
        "song.measured",
        outcome=measurement.verdict.outcome,
        duration_s=round(measurement.duration_s, 2),
    )
    return lambda: record_verdict(submission=submission, measurement=measurement)


def record_verdict(*, submission: Submission, measurement: Measurement) -> None:
    """Store the snapshot and move the submission; call inside the transaction that ends the job."""
    now = timezone.now()
    reasons = measurement.report["reasons"]
    Verification.objects.create(
        submission=submission,
        outcome=measurement.verdict.outcome,
        reasons=reasons,
        report=measurement.report,
        timeline_svg=measurement.timeline_svg,
        engine_version=measurement.evidence.engine_version,
        index_version=measurement.index_version,
        duration_s=measurement.duration_s,
    )
    remember_song(submission=submission, measurement=measurement)
    match measurement.verdict.outcome:
        case Outcome.APPROVED:
            decisions.approve_submission(
                submission=submission, actor=SYSTEM, reasons=reasons, now=now
            )
        case Outcome.REJECTED:
            decisions.reject_submission(
                submission=submission, actor=SYSTEM, reasons=reasons, now=now
            )
        case Outcome.NEEDS_REVIEW:
            decisions.refer_submission(
                submission=submission, actor=SYSTEM, reasons=reasons,
                evidence=build_evidence(
                    submission, repeated_songs=measurement.repeated_songs
                ),
                now=now,
            )  # fmt: skip


def bury_verification(job: Job) -> None:
    """Give a song that could not be verified to a person, with what went wrong."""
    submission = Submission.objects.select_related("clearance", "generator").get(
        public_id=job.subject
    )
    if submission.status != SubmissionStatus.RECEIVED:
        return
    reason = {
        "code": "ops.verification_failed",
        "text": f"The song could not be verified in {job.attempts} attempts; the last one ended with: {job.error}",
    }
    decisions.refer_submission(
        submission=submission, actor=SYSTEM, reasons=[reason],
        evidence=build_evidence(submission), now=timezone.now(),
    )  # fmt: skip


def build_evidence(submission: Submission, *, repeated_songs: Sequence[str] = ()) -> dict[str, Any]:
    """Return what a reviewer looks at and listens to."""
    audio = [{"label": "Song", "url": reverse("protected-media", args=[submission.audio.name])}]
    if submission.vocal:
        audio.append(
            {
                "label": "Vocal as submitted",
                "url": reverse("protected-media", args=[submission.vocal.name]),
            }
        )
    has_timeline = submission.verifications.exclude(timeline_svg="").exists()
    timeline = reverse("song-timeline", args=[submission.public_id])
    return {
        "text": submission.clearance.message,
        "audio": audio,
        "images": [{"label": "Timeline", "url": timeline}] if has_timeline else [],
        "links": [
            {
                "label": f"Submission {submission.public_id}",
                "url": reverse("admin:compliance_submission_change", args=[submission.pk]),
            },
            *(
                {
                    "label": f"Song it repeats: {repeated.public_id}",
                    "url": reverse("admin:compliance_submission_change", args=[repeated.pk]),
                }
                for repeated in Submission.objects.filter(public_id__in=repeated_songs)
            ),
        ],
    }
