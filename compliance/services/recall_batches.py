"""The batch that moves the songs of a recall: in chunks, each one transaction, so that a killed worker loses none of them.

The recall's row keeps the cursor. A chunk locks that row, moves the next approvals, writes down what became of each and
appends the events; the cursor moves with them or not at all. Between chunks the database is free for everybody else.
"""

import datetime as dt
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils import timezone

from compliance.models import (
    Approval,
    ApprovalBasis,
    ApprovalStatus,
    Job,
    Measure,
    Recall,
    RecallCause,
    RecallNotice,
    RecallSong,
    RecallStatus,
    SongOutcome,
)
from compliance.services.acknowledgements import close_if_acknowledged
from compliance.services.actors import SYSTEM, Actor
from compliance.services.bulk_events import EventDraft, record_events
from compliance.services.jobs import Postponed
from compliance.services.licensing import Holding, assess_holdings
from compliance.services.recalls import list_undone

# Songs moved in one transaction: SQLite has one writer at a time, and on PostgreSQL their rows are locked.
CHUNK = 500
# Pause between two chunks, in seconds: others get their turn.
PAUSE_S = 0.05
# Time after which the job goes back to the queue, in seconds: far below the queue's limit for one task.
SLICE_S = 30.0
IN_USE = frozenset({ApprovalStatus.LIVE, ApprovalStatus.SUSPENDED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Song:
    """One approval of a chunk: the stems in question, and what becomes of it."""

    approval: Approval
    stems: tuple[str, ...]
    outcome: SongOutcome
    target: str
    holding: Holding | None


def apply_recall_job(job: Job) -> Callable[[], None]:
    """Move the songs of a recall until its list ends; go back to the queue now and then.

    Raises
    ------
    Postponed : when this slice of time is used up
    """
    recall = Recall.objects.get(public_id=job.subject)
    started_s = time.monotonic()
    while apply_chunk(recall_id=recall.pk, now=timezone.now()):
        if time.monotonic() - started_s > SLICE_S:
            recall.refresh_from_db()
            done = recall.n_moved + recall.n_kept
            raise Postponed(why=f"{done} of about {recall.n_found} songs are done", pause_s=0.0)
        time.sleep(PAUSE_S)
    return lambda: finish_recall(recall_id=recall.pk, now=timezone.now())


def bury_recall(job: Job) -> None:
    """Say on the recall's page why its batch stopped; a person lets it go on."""
    Recall.objects.filter(public_id=job.subject).update(problem=job.error or "the batch stopped")


@transaction.atomic
def apply_chunk(
    *, recall_id: int, now: dt.datetime, size: int = CHUNK, actor: Actor = SYSTEM
) -> int:
    """Move the next songs of a recall; return how many were looked at, 0 at the end of the list or of the recall.

    Raises
    ------
    NotAllowed : if the actor may not
    """
    actor.require("recall.apply")
    recall = Recall.objects.select_for_update(of=("self",)).get(pk=recall_id)
    if recall.status != RecallStatus.APPLYING:
        return 0
    if recall.cursor == 0:
        recall.n_found = count_songs(recall)
    songs = read_chunk(recall, now=now, size=size)
    if not songs:
        return 0
    _move(recall, [song for song in songs if song.outcome == SongOutcome.MOVED], now=now)
    if recall.cause != RecallCause.UNDO:
        _add_covering_grants([song for song in songs if song.outcome == SongOutcome.KEPT])
    n_before = recall.n_moved
    n_moved = sum(song.outcome == SongOutcome.MOVED for song in songs)
    recall.n_moved += n_moved
    recall.n_kept += len(songs) - n_moved
    recall.cursor = max(song.approval.pk for song in songs)
    recall.save(update_fields=["cursor", "n_found", "n_moved", "n_kept"])
    _record(recall, songs, now=now, n_before=n_before)
    return len(songs)


def count_songs(recall: Recall) -> int:
    """Return how many approvals the recall will look at."""
    return _list_approvals(recall).values("approval_id").distinct().count()


def read_chunk(recall: Recall, *, now: dt.datetime, size: int) -> list[Song]:
    """Return the next songs in order of their approvals, locked, each with what is to become of it."""
    ids = list(
        _list_approvals(recall)
        .filter(approval_id__gt=recall.cursor)
        .order_by("approval_id")
        .values_list("approval_id", flat=True)
        .distinct()[:size]
    )
    approvals = list(
        Approval.objects.select_for_update(of=("self",))
        .filter(pk__in=ids)
        .select_related("submission__clearance", "submission__generator")
        .defer("certificate", "submission__manifest", "submission__clearance__message")
        .order_by("pk")
    )
    stems = _read_stems(recall, ids)
    holdings = _assess(recall, {approval: stems[approval.pk] for approval in approvals}, now=now)
    return [
        _judge(recall, approval, stems=stems[approval.pk], holding=holdings.get(approval))
        for approval in approvals
    ]


def _list_approvals(recall: Recall) -> QuerySet[Any]:
    """Return the rows that name the approvals in question by `approval_id`."""
    if recall.undoes_id is not None:
        of_the_same = RecallSong.objects.filter(approval=OuterRef("approval"))
        by_a_recall = of_the_same.filter(moved_at=OuterRef("approval__changed_at"))
        by_others = (
            of_the_same.filter(recall__measure=Measure.SUSPEND)
            .exclude(recall=recall.undoes_id)
            .exclude(recall__in=list_undone())
        )
        return RecallSong.objects.filter(
            Exists(by_a_recall), ~Exists(by_others), recall=recall.undoes_id, approval__status=ApprovalStatus.SUSPENDED
        )  # fmt: skip
    rows = ApprovalBasis.objects.filter(approval__status__in=IN_USE)
    return (
        rows.filter(grant=recall.grant_id) if recall.grant_id else rows.filter(stem=recall.stem_id)
    )


def _read_stems(recall: Recall, approval_ids: Collection[int]) -> Mapping[int, tuple[str, ...]]:
    """Return the external ids of the stems in question of each approval; to reinstate, all of them are."""
    rows = ApprovalBasis.objects.filter(approval_id__in=approval_ids)
    if recall.undoes_id is None:
        rows = (
            rows.filter(grant=recall.grant_id)
            if recall.grant_id
            else rows.filter(stem=recall.stem_id)
        )
    stems: dict[int, dict[str, None]] = defaultdict(dict)
    for approval_id, name in rows.order_by("id").values_list("approval_id", "stem__external_id"):
        stems[approval_id][name] = None
    return {approval_id: tuple(stems[approval_id]) for approval_id in approval_ids}


def _assess(
    recall: Recall, songs: Mapping[Approval, Collection[str]], *, now: dt.datetime
) -> dict[Approval, Holding]:
    """Return how the songs stand; what a person decided asks for no rights, unless it gives a song back."""
    return {} if recall.cause == RecallCause.DECIDED else assess_holdings(songs, now=now)


def _judge(
    recall: Recall, approval: Approval, *, stems: tuple[str, ...], holding: Holding | None
) -> Song:
    target, outcome = recall.target_status, SongOutcome.MOVED
    is_undo = recall.cause == RecallCause.UNDO
    if holding is not None and holding.is_licensed != is_undo:
        outcome = SongOutcome.KEPT
    elif approval.status == target or approval.status not in IN_USE:
        outcome = SongOutcome.ALREADY
    moved = outcome == SongOutcome.MOVED
    return Song(
        approval=approval, stems=stems, outcome=outcome, holding=holding,
        target=target if moved else approval.status,
    )  # fmt: skip


def _move(recall: Recall, songs: Sequence[Song], *, now: dt.datetime) -> None:
    by = f"{recall.opened_by} and {recall.agreed_by}" if recall.agreed_by else recall.opened_by
    why = recall.reason or recall.get_cause_display()
    for status, pks in _group(songs).items():
        Approval.objects.filter(pk__in=pks, status=status).update(
            status=recall.target_status, changed_at=now, changed_by=by[:150], change_reason=f"{recall.public_id}: {why}"
        )  # fmt: skip


def _group(songs: Sequence[Song]) -> Mapping[str, list[int]]:
    by_status: dict[str, list[int]] = defaultdict(list)
    for song in songs:
        by_status[song.approval.status].append(song.approval.pk)
    return by_status


def _add_covering_grants(songs: Sequence[Song]) -> None:
    """Write down what a kept song rests on now: when that ends, the song is found by it."""
    known = set(
        ApprovalBasis.objects.filter(approval__in=[song.approval for song in songs]).values_list(
            "approval_id", "stem_id", "grant_id"
        )
    )
    stem_ids = dict(
        ApprovalBasis.objects.filter(approval__in=[song.approval for song in songs])
        .order_by()
        .values_list("stem__external_id", "stem_id")
        .distinct()
    )
    wanted = {
        (song.approval.pk, stem_ids[stem], grant)
        for song in songs
        if song.holding is not None
        for stem, grants in song.holding.grants.items()
        for grant in grants
    }
    ApprovalBasis.objects.bulk_create(
        ApprovalBasis(approval_id=approval, stem_id=stem, grant_id=grant)
        for approval, stem, grant in sorted(wanted - known)
    )


def _record(recall: Recall, songs: Sequence[Song], *, now: dt.datetime, n_before: int) -> None:
    """Write down what became of each song, tell its generator, and tell a generator's first song of the recall itself."""
    RecallSong.objects.bulk_create(
        RecallSong(
            recall=recall, approval=song.approval, generator=song.approval.submission.generator, outcome=song.outcome,
            from_status=song.approval.status, to_status=song.target, moved_at=now,
        )
        for song in songs
    )  # fmt: skip
    moved = [song for song in songs if song.outcome == SongOutcome.MOVED]
    told = _count_for_generators(recall, moved, now=now)
    kind = "reinstated" if recall.measure == Measure.REINSTATE else recall.target_status.value
    drafts = [
        EventDraft(
            kind="recall.opened", subject=recall.subject, actor=SYSTEM.label, generator=generator,
            data={"cause": recall.cause, "deadline_at": recall.deadline_at.isoformat()},
        )
        for generator in told
    ]  # fmt: skip
    drafts += [
        EventDraft(
            kind=f"approval.{kind}", subject=f"approval:{song.approval.public_id}", actor=recall.opened_by,
            generator=song.approval.submission.generator.public_id,
            data={"recall": recall.public_id, "submission": song.approval.submission.public_id},
        )
        for song in moved
    ]  # fmt: skip
    record_events(drafts, now=now, n_before=n_before)


def _count_for_generators(recall: Recall, moved: Sequence[Song], *, now: dt.datetime) -> list[str]:
    """Add the songs to each generator's notice; return the generators that had none yet."""
    counts = Counter(song.approval.submission.generator for song in moved)
    new = []
    for generator, n_songs in counts.items():
        notice, is_new = RecallNotice.objects.get_or_create(
            recall=recall, generator=generator, defaults={"told_at": now}
        )
        RecallNotice.objects.filter(pk=notice.pk).update(n_songs=F("n_songs") + n_songs)
        if is_new:
            new.append(generator.public_id)
    return new


@transaction.atomic
def finish_recall(*, recall_id: int, now: dt.datetime) -> None:
    """Wait for acknowledgements; a recall without any to wait for is closed at once."""
    recall = Recall.objects.select_for_update(of=("self",)).get(pk=recall_id)
    if recall.status != RecallStatus.APPLYING:
        return
    recall.transition_to(RecallStatus.OPEN, applied_at=now)
    close_if_acknowledged(recall=recall, now=now)
