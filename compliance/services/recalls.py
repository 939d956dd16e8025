"""Recalls: opened by the service or by people, applied by a job (`recall_batches`), closed when all is acknowledged."""

import datetime as dt
from collections.abc import Sequence

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet

from catalog.queries.stopped import Source, list_stopped_grants, list_stopped_stems
from compliance.models import (
    ApprovalBasis,
    Measure,
    Recall,
    RecallCause,
    RecallNotice,
    RecallStatus,
)
from compliance.models.transitions import AlreadyMoved
from compliance.services.action_requests import Consent, ask_second_person
from compliance.services.actors import SYSTEM, Actor
from compliance.services.events import record_event
from compliance.services.jobs import enqueue_job

APPLY_JOB = "apply_recall"
# Hours before the deadline at which generators that have not acknowledged are told again.
REMINDER = dt.timedelta(hours=24)


class UnknownRecall(Exception):
    """There is no such recall, or no song of the generator is in it."""


class NotUndoable(Exception):
    """The recall suspended nothing that could be reinstated."""


def find_deadline(*, source: Source, measure: str, effective_at: dt.datetime) -> dt.datetime:
    """Return until when generators have to have acted: the contract's wind-down, and no less than the usual time."""
    usual = effective_at + dt.timedelta(days=settings.RECALL_DEADLINE_DAYS)
    if measure == Measure.SUSPEND:
        return usual
    wound_down = (source.stopped_at or effective_at) + dt.timedelta(days=source.sunset_days)
    return max(usual, wound_down)


def open_due_recalls(*, now: dt.datetime) -> list[Recall]:
    """Open a recall for every grant and stem that stopped and has songs, and begin what was scheduled until now."""
    sources = [*list_stopped_grants(on=now.astimezone(dt.UTC).date()), *list_stopped_stems()]
    opened = []
    for source in _leave_out_covered(sources):
        try:
            opened.append(_open_by_itself(source, now=now))
        except IntegrityError:
            continue  # another machine's sweep was first
    for recall in Recall.objects.filter(status=RecallStatus.SCHEDULED, effective_at__lte=now):
        begin_recall(recall=recall, now=now)
    return opened


def _leave_out_covered(sources: Sequence[Source]) -> list[Source]:
    """Return the sources that songs rest on and no recall of this cause was opened for.

    A suspension that was lifted and came again is covered until its first recall is undone.
    """
    in_force = Recall.objects.exclude(status=RecallStatus.CANCELLED).exclude(pk__in=list_undone())
    covered = set(in_force.values_list("grant_id", "stem_id", "cause"))
    left = [s for s in sources if (s.grant_id, s.stem_id, _name_cause(s)) not in covered]
    in_use = ApprovalBasis.objects.order_by()
    grants = set(
        in_use.filter(grant__in=[s.grant_id for s in left if s.grant_id]).values_list("grant", flat=True).distinct()
    )  # fmt: skip
    stems = set(
        in_use.filter(stem__in=[s.stem_id for s in left if s.stem_id]).values_list("stem", flat=True).distinct()
    )  # fmt: skip
    return [s for s in left if s.grant_id in grants or s.stem_id in stems]


def list_undone() -> QuerySet[Recall, int]:
    """Return the keys of the recalls that were undone."""
    undone = Recall.objects.filter(undone_by__applied_at__isnull=False)
    return undone.order_by().values_list("pk", flat=True)


def _name_cause(source: Source) -> RecallCause:
    if source.grant_id is not None:
        return RecallCause.GRANT_ENDED if source.is_final else RecallCause.GRANT_SUSPENDED
    return RecallCause.STEM_WITHDRAWN if source.is_final else RecallCause.STEM_SUSPENDED


@transaction.atomic
def _open_by_itself(source: Source, *, now: dt.datetime) -> Recall:
    measure = source.tail if source.is_final else Measure.SUSPEND
    return _create(
        source=source, cause=_name_cause(source), measure=measure, effective_at=now, actor=SYSTEM, now=now,
        status=RecallStatus.SCHEDULED, reason="",
    )  # fmt: skip


@transaction.atomic
def open_recall(
    *,
    source: Source,
    measure: str,
    reason: str,
    effective_at: dt.datetime,
    n_songs: int,
    actor: Actor,
    now: dt.datetime,
) -> Recall:
    """Recall the songs of a grant or stem because a person says so; `n_songs` is how many that person was shown.

    A suspension of at most RECALL_SOLO_LIMIT songs is scheduled at once, everything else waits for a second person.

    Raises
    ------
    NotAllowed : if the actor may not
    """
    actor.require("recall.open")
    takes_two = measure != Measure.SUSPEND or n_songs > settings.RECALL_SOLO_LIMIT
    recall = _create(
        source=source, cause=RecallCause.DECIDED, measure=measure, effective_at=max(effective_at, now), actor=actor,
        now=now, status=RecallStatus.PROPOSED if takes_two else RecallStatus.SCHEDULED, reason=reason,
    )  # fmt: skip
    if takes_two:
        _ask("recall.open_large", recall, actor=actor, now=now)
    return recall


@transaction.atomic
def undo_recall(*, recall: Recall, reason: str, actor: Actor, now: dt.datetime) -> Recall:
    """Reinstate, as a recall of its own, what a recall suspended; it waits for a second person.

    Raises
    ------
    NotAllowed : if the actor may not
    NotUndoable : if the recall suspended nothing, is still being applied or was undone
    """
    actor.require("recall.undo")
    recall = Recall.objects.select_for_update(of=("self",)).get(pk=recall.pk)
    if recall.measure != Measure.SUSPEND:
        raise NotUndoable(f"{recall.public_id} suspended nothing: what was ended stays so.")
    if recall.applied_at is None:
        raise NotUndoable(
            f"{recall.public_id} is {recall.status}: it can be undone once it is applied."
        )
    if recall.undone_by.exclude(status=RecallStatus.CANCELLED).exists():
        raise NotUndoable(f"{recall.public_id} was undone, or that waits for a second person.")
    undo = Recall.objects.create(
        status=RecallStatus.PROPOSED, cause=RecallCause.UNDO, grant_id=recall.grant_id, stem_id=recall.stem_id,
        undoes=recall, measure=Measure.REINSTATE, reason=reason, effective_at=now,
        deadline_at=now + dt.timedelta(days=settings.RECALL_DEADLINE_DAYS), opened_by=actor.label, opened_at=now,
    )  # fmt: skip
    _record(undo, "proposed", by=actor.label)
    _ask("recall.undo", undo, actor=actor, now=now)
    return undo


def _ask(action: str, recall: Recall, *, actor: Actor, now: dt.datetime) -> None:
    ask_second_person(
        action=action, subjects=[recall.public_id], reason=recall.reason, actor=actor, now=now
    )


def agree_to_recall(*, recall: Recall, consent: Consent, now: dt.datetime) -> None:
    """Let a recall begin that waited for its second person; call inside a transaction.

    Raises
    ------
    IllegalTransition, AlreadyMoved : if it waits no longer
    """
    consent.require("recall.undo" if recall.cause == RecallCause.UNDO else "recall.open_large")
    recall.transition_to(
        RecallStatus.SCHEDULED, agreed_by=consent.agreed_by, effective_at=max(recall.effective_at, now)
    )  # fmt: skip
    _record(recall, "scheduled", by=consent.agreed_by)


def drop_recall(*, recall: Recall, by: str, now: dt.datetime) -> None:
    """Cancel a recall that nobody agreed to; call inside a transaction.

    Raises
    ------
    IllegalTransition, AlreadyMoved : if it waits no longer
    """
    recall.transition_to(RecallStatus.CANCELLED, closed_at=now, closed_by=by)
    _record(recall, "cancelled", by=by)


def _create(
    *,
    source: Source,
    cause: RecallCause,
    measure: str,
    effective_at: dt.datetime,
    actor: Actor,
    now: dt.datetime,
    status: RecallStatus,
    reason: str,
) -> Recall:
    winds_down = measure != Measure.SUSPEND
    recall = Recall.objects.create(
        status=status, cause=cause, grant_id=source.grant_id, stem_id=source.stem_id, measure=measure,
        sunset_days=source.sunset_days if winds_down else 0, reason=reason, effective_at=effective_at,
        deadline_at=find_deadline(source=source, measure=measure, effective_at=effective_at),
        opened_by=actor.label, opened_at=now,
    )  # fmt: skip
    _record(recall, recall.status, by=actor.label)
    return recall


@transaction.atomic
def begin_recall(*, recall: Recall, now: dt.datetime) -> None:
    """Queue the batch of a scheduled recall whose time has come."""
    try:
        recall.transition_to(RecallStatus.APPLYING)
    except AlreadyMoved:
        return  # another machine's sweep was first
    enqueue_job(kind=APPLY_JOB, subject=recall.public_id, now=now)


@transaction.atomic
def continue_recall(*, recall: Recall, now: dt.datetime) -> None:
    """Queue the batch of a recall again that a problem stopped."""
    Recall.objects.filter(pk=recall.pk).update(problem="")
    enqueue_job(kind=APPLY_JOB, subject=recall.public_id, now=now)


@transaction.atomic
def cancel_recall(*, recall: Recall, actor: Actor, now: dt.datetime) -> None:
    """Stop a recall that is not done; songs it moved stay as they are, and generators must still acknowledge them.

    Raises
    ------
    NotAllowed : if the actor may not
    IllegalTransition, AlreadyMoved : if it is done
    """
    actor.require("recall.cancel")
    drop_recall(recall=recall, by=actor.label, now=now)
    if recall.problem:  # its batch stopped: what was moved is told of all the same
        enqueue_job(kind=APPLY_JOB, subject=recall.public_id, now=now)


@transaction.atomic
def close_recall(*, recall: Recall, actor: Actor, now: dt.datetime) -> None:
    """Close a recall and tell its generators.

    Raises
    ------
    NotAllowed : if the actor may not
    IllegalTransition, AlreadyMoved : if it is not open
    """
    actor.require("recall.close")
    recall.transition_to(RecallStatus.CLOSED, closed_at=now, closed_by=actor.label)
    for notice in RecallNotice.objects.filter(recall=recall).select_related("generator"):
        _record(recall, "closed", by=actor.label, generator=notice.generator.public_id)
    _record(recall, "closed", by=actor.label)


def remind_generators(*, now: dt.datetime, limit: int = 200) -> int:
    """Tell generators whose deadline is near and who have songs to acknowledge, each once; return how many."""
    near = RecallNotice.objects.filter(
        recall__status=RecallStatus.OPEN, reminded_at=None, recall__deadline_at__lte=now + REMINDER
    ).exclude(n_acknowledged=F("n_songs"))  # fmt: skip
    n_told = 0
    for notice in near.select_related("recall", "generator").order_by("id")[:limit]:
        with transaction.atomic():
            if RecallNotice.objects.filter(pk=notice.pk, reminded_at=None).update(reminded_at=now):
                _record(notice.recall, "deadline_near", by=SYSTEM.label, generator=notice.generator.public_id)  # fmt: skip
                n_told += 1
    return n_told


def _record(recall: Recall, verb: str, *, by: str, generator: str = "") -> None:
    record_event(
        kind=f"recall.{verb}", subject=recall.subject, actor=by, generator=generator,
        data={
            "cause": recall.cause, "measure": recall.measure, "reason": recall.reason,
            "deadline_at": recall.deadline_at.isoformat(), "n_moved": recall.n_moved, "n_kept": recall.n_kept,
        },
    )  # fmt: skip
