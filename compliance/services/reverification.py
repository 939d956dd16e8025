"""Verify decided songs again with a newer engine: throttled, pausable, and never changing a decision by itself.

Each song is a job of its own, made by the one before it, so a run survives whatever kills a worker. A worse answer for an
approved song opens a review case; the reviewer who rejects it suspends the approval.
"""

import datetime as dt
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import structlog
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.urls import reverse
from django.utils import timezone

from compliance.audio.manifest import parse_manifest
from compliance.audio.verification import ENGINE_VERSION
from compliance.models import (
    Approval,
    ApprovalStatus,
    Change,
    Job,
    Reverification,
    ReverificationResult,
    RunState,
    Submission,
    SubmissionStatus,
    Verification,
)
from compliance.models.reverification import OPEN_STATES
from compliance.models.transitions import AlreadyMoved
from compliance.services.actors import SYSTEM, Actor
from compliance.services.approvals import move_approval
from compliance.services.events import record_event
from compliance.services.indexing import open_current_index
from compliance.services.jobs import Postponed, enqueue_job
from compliance.services.measurement import Measurement, measure_song
from compliance.services.song_files import open_local_copy
from compliance.services.verification import INDEX_PAUSE_S, build_evidence
from compliance.verdict import Outcome
from moderation.services.reviews import open_review_case

logger = structlog.get_logger(__name__)

REVERIFY_JOB = "reverify_song"
# Review cases about an approved song that a newer engine judges worse carry this kind.
SUBJECT_KIND = "reverification"
DEFAULT_PER_MINUTE = 20
_RANK = {Outcome.REJECTED: 0, Outcome.NEEDS_REVIEW: 1, Outcome.APPROVED: 2}


class RunIsOpen(Exception):
    """Another run is running or paused."""

    def __init__(self, *, run: Reverification) -> None:
        super().__init__(f"Run {run.pk} is {run.state}: resume or cancel it first.")


class RunHasEnded(Exception):
    """The run is done or cancelled."""

    def __init__(self, *, run: Reverification) -> None:
        super().__init__(f"Run {run.pk} is {run.state}: start a new one.")


def list_outdated_songs() -> QuerySet[Submission]:
    """Return the decided songs whose newest verification is by another engine, and that no run has looked at with this one."""
    newest = Verification.objects.filter(submission=OuterRef("pk")).order_by("-id")
    looked_at = ReverificationResult.objects.filter(run__engine_version=ENGINE_VERSION)
    return (
        Submission.objects.filter(status__in=[SubmissionStatus.APPROVED, SubmissionStatus.REJECTED])
        .annotate(decided_with=Subquery(newest.values("engine_version")[:1]))
        .exclude(decided_with=None)
        .exclude(decided_with=ENGINE_VERSION)
        .exclude(pk__in=looked_at.values("submission"))
        .order_by("pk")
    )


def start_reverification(*, per_minute: int, by: str, now: dt.datetime) -> Reverification:
    """Begin a run over every outdated song; workers do it.

    Raises
    ------
    RunIsOpen : if one is running or paused
    """
    try:
        with transaction.atomic():
            run = Reverification.objects.create(
                engine_version=ENGINE_VERSION, per_minute=per_minute, n_total=list_outdated_songs().count(),
                started_by=by, created_at=now,
            )  # fmt: skip
            record_event(
                kind="reverification.started", subject=f"reverification:{run.pk}", actor=by,
                data={"songs": run.n_total, "engine_version": run.engine_version},
            )  # fmt: skip
            _enqueue(run, now=now)
    except IntegrityError as error:
        raise RunIsOpen(run=Reverification.objects.get(state__in=OPEN_STATES)) from error
    return run


def find_open_run() -> Reverification | None:
    """Return the run that is running or paused."""
    return Reverification.objects.filter(state__in=OPEN_STATES).first()


@transaction.atomic
def pause_reverification(*, run: Reverification, by: str) -> None:
    """Stop after the song that is being measured.

    Raises
    ------
    RunHasEnded : if there is nothing to pause
    """
    _move(run, RunState.PAUSED, by=by)


@transaction.atomic
def resume_reverification(*, run: Reverification, by: str, now: dt.datetime) -> None:
    """Go on where the run was paused.

    Raises
    ------
    RunHasEnded : if there is nothing to resume
    """
    _move(run, RunState.RUNNING, by=by)
    if not Job.objects.filter(
        kind=REVERIFY_JOB, subject=str(run.pk), state__in=["pending", "running"]
    ).exists():
        _enqueue(run, now=now)


@transaction.atomic
def cancel_reverification(*, run: Reverification, by: str, now: dt.datetime) -> None:
    """End a run; what it found stays.

    Raises
    ------
    RunHasEnded : if it has ended already
    """
    _move(run, RunState.CANCELLED, by=by, finished_at=now)


def reverify_job(job: Job) -> Callable[[], None]:
    """Verify the next song of a run again and return what records it and queues the one after it."""
    run = Reverification.objects.get(pk=int(job.subject))
    if run.state != RunState.RUNNING:
        return lambda: None
    submission = _find_next(run)
    if submission is None:
        return lambda: _finish(run)
    if not default_storage.exists(submission.audio.name):
        return lambda: _record(
            run, _describe_failure(submission, "The audio is not stored any more.")
        )
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
            song=song, vocal=vocal, placements=parse_manifest(submission.manifest), current=current
        )
    return lambda: _record(run, _describe_measurement(submission, measurement))


def bury_reverification(job: Job) -> None:
    """Leave out a song that could not be verified in all attempts, and go on with the next."""
    run = Reverification.objects.get(pk=int(job.subject))
    submission = _find_next(run) if run.state == RunState.RUNNING else None
    if submission is not None:
        _record(run, _describe_failure(submission, f"It could not be verified: {job.error}"))


@transaction.atomic
def decide_reverification_review(
    *, public_id: str, approved: bool, note: str, actor: Actor, now: dt.datetime
) -> None:
    """Carry out what a reviewer decided about a worse answer: rejecting it suspends the song's approval.

    Raises
    ------
    NotAllowed : if the actor may not
    """
    if approved:
        return
    actor.require("approval.suspend_reviewed")
    approval = Approval.objects.filter(submission__public_id=public_id).first()
    if approval is None:
        return
    try:
        move_approval(
            approval, ApprovalStatus.SUSPENDED, by=actor.label, now=now,
            reason=note or "A newer engine finds what was not approved.",
        )  # fmt: skip
    except AlreadyMoved:
        return


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What a run says of one song."""

    submission: Submission
    before: Verification
    change: Change
    outcome: str
    reasons: list[dict[str, Any]]
    report: dict[str, Any]


def _find_next(run: Reverification) -> Submission | None:
    return (
        list_outdated_songs()
        .filter(pk__gt=run.last_submission_id)
        .select_related("clearance", "generator")
        .first()
    )


def _describe_measurement(submission: Submission, measurement: Measurement) -> _Answer:
    before = Verification.objects.filter(submission=submission).latest("id")
    outcome = measurement.verdict.outcome
    difference = _RANK[outcome] - _RANK[Outcome(before.outcome)]
    change = Change.SAME if difference == 0 else Change.BETTER if difference > 0 else Change.WORSE
    return _Answer(
        submission=submission,
        before=before,
        change=change,
        outcome=outcome,
        reasons=measurement.report["reasons"],
        report=measurement.report,
    )


def _describe_failure(submission: Submission, text: str) -> _Answer:
    return _Answer(
        submission=submission,
        before=Verification.objects.filter(submission=submission).latest("id"),
        change=Change.UNAVAILABLE,
        outcome="",
        reasons=[{"code": "ops.verification_failed", "text": text}],
        report={},
    )


def _record(run: Reverification, answer: _Answer) -> None:
    """Store the answer, tell of a worse one, and queue the next song; in the transaction that ends the job."""
    now = timezone.now()
    submission = answer.submission
    is_worse = answer.change == Change.WORSE
    ReverificationResult.objects.create(
        run=run, submission=submission, change=answer.change, outcome_before=answer.before.outcome,
        outcome_after=answer.outcome, engine_before=answer.before.engine_version, reasons=answer.reasons,
        report=answer.report, created_at=now,
    )  # fmt: skip
    Reverification.objects.filter(pk=run.pk).update(
        n_done=F("n_done") + 1,
        n_worse=F("n_worse") + int(is_worse),
        last_submission_id=submission.pk,
    )
    if is_worse and submission.status == SubmissionStatus.APPROVED:
        _ask_reviewer(answer, now=now)
    run.refresh_from_db()
    if run.state == RunState.RUNNING:
        _enqueue(run, now=now, start_at=now + dt.timedelta(minutes=1 / run.per_minute))


def _ask_reviewer(answer: _Answer, *, now: dt.datetime) -> None:
    submission = answer.submission
    evidence = build_evidence(submission)
    approval = Approval.objects.filter(submission=submission).first()
    if approval is not None:
        address = reverse("admin:compliance_approval_change", args=[approval.pk])
        evidence["links"].append({"label": f"Approval {approval.public_id}", "url": address})
    open_review_case(
        subject_kind=SUBJECT_KIND, subject_id=submission.public_id, client=submission.generator.public_id,
        title=f"Approved song {submission.public_id}, verified again: {answer.outcome}", reasons=answer.reasons,
        evidence=evidence, now=now,
    )  # fmt: skip
    record_event(
        kind="reverification.worse", subject=f"submission:{submission.public_id}", actor=SYSTEM.label,
        data={
            "before": answer.before.outcome, "after": answer.outcome,
            "reasons": [reason["code"] for reason in answer.reasons],
        },
    )  # fmt: skip


def _finish(run: Reverification) -> None:
    moved = Reverification.objects.filter(pk=run.pk, state=RunState.RUNNING).update(
        state=RunState.DONE, finished_at=timezone.now()
    )
    if moved:
        record_event(
            kind="reverification.done", subject=f"reverification:{run.pk}", actor=SYSTEM.label,
            data={"songs": run.n_done, "worse": run.n_worse},
        )  # fmt: skip
        logger.info("reverification.done", run=run.pk, songs=run.n_done, worse=run.n_worse)


def _move(run: Reverification, state: RunState, *, by: str, **changes: Any) -> None:
    open_runs = Reverification.objects.filter(pk=run.pk, state__in=OPEN_STATES)
    if not open_runs.update(state=state, **changes):
        run.refresh_from_db()
        raise RunHasEnded(run=run)
    run.refresh_from_db()
    record_event(kind=f"reverification.{state.value}", subject=f"reverification:{run.pk}", actor=by)


def _enqueue(run: Reverification, *, now: dt.datetime, start_at: dt.datetime | None = None) -> None:
    enqueue_job(kind=REVERIFY_JOB, subject=str(run.pk), now=now, start_at=start_at)
