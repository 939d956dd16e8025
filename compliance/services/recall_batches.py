"""The batch that moves the songs of a recall: in chunks, each one transaction, so that a killed worker loses none of them.

The recall's row keeps the cursor. A chunk locks that row, moves the next approvals and writes down what became of each; the
cursor moves with them or not at all. Between chunks the database is free for everybody else. When every song is moved, and
status lists say so, what follows is done in chunks too: events and messages (`recall_telling`).
"""

import datetime as dt
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils import timezone

from compliance.models import (
    Approval,
    ApprovalBasis,
    ApprovalStatus,
    Generator,
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
from compliance.services.licensing import Holding, SongUse, assess_uses
from compliance.services.recall_telling import tell_chunk
from compliance.services.recalls import list_undone

# Songs moved in one transaction: SQLite has one writer at a time, and on PostgreSQL their rows are locked.
CHUNK = 2000
# Pause between two chunks, in seconds: others get their turn.
PAUSE_S = 0.05
# Time after which the job goes back to the queue, in seconds: far below the queue's limit for one task.
SLICE_S = 30.0
INSERT_SONGS = """
    INSERT INTO compliance_recallsong (recall_id, approval_id, generator_id, outcome, from_status, to_status, moved_at)
    SELECT %s, approval.id, song.generator_id, %s, %s, %s, %s
    FROM compliance_approval approval JOIN compliance_submission song ON song.id = approval.submission_id
    WHERE approval.id IN ({}) ORDER BY approval.id
"""
IN_USE = frozenset({ApprovalStatus.LIVE, ApprovalStatus.SUSPENDED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Song:
    """One approval of a chunk: the stems in question, and what becomes of it."""

    approval_id: int
    generator_id: int
    status: str
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
    for work in (apply_chunk, tell_chunk):  # a certificate says so before anybody is told
        while work(recall_id=recall.pk, now=timezone.now()):
            if time.monotonic() - started_s > SLICE_S:
                recall.refresh_from_db()
                done = recall.n_moved + recall.n_kept
                raise Postponed(
                    why=f"{done} of about {recall.n_found} songs are done, {recall.n_told or 0} are told", pause_s=0.0
                )  # fmt: skip
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
    ids = _list_next(recall, size=size)
    if not ids:
        return 0
    songs = _read_songs(recall, ids, now=now)
    _move(recall, [song for song in songs if song.outcome == SongOutcome.MOVED], now=now)
    if recall.cause != RecallCause.UNDO:
        _add_covering_grants([song for song in songs if song.outcome == SongOutcome.KEPT])
    n_moved = sum(song.outcome == SongOutcome.MOVED for song in songs)
    recall.n_moved += n_moved
    recall.n_kept += len(songs) - n_moved
    recall.cursor = ids[-1]
    recall.save(update_fields=["cursor", "n_found", "n_moved", "n_kept"])
    _record(recall, songs, now=now)
    return len(ids)


def count_songs(recall: Recall) -> int:
    """Return how many approvals the recall will look at."""
    rows = _list_approvals(recall)
    if recall.undoes_id is None:
        rows = rows.filter(approval__status__in=IN_USE)
    return rows.values("approval_id").distinct().count()


def _list_next(recall: Recall, *, size: int) -> list[int]:
    """Return the approvals to be looked at next, in order; those that ended already are among them.

    To leave these out here would have the database join and sort all that is left, for every chunk.
    """
    rows = _list_approvals(recall).filter(approval_id__gt=recall.cursor).order_by("approval_id")
    return list(rows.values_list("approval_id", flat=True).distinct()[:size])


def _read_songs(recall: Recall, ids: Collection[int], *, now: dt.datetime) -> list[Song]:
    """Return the songs that are in use, locked, each with what is to become of it."""
    # The rows are locked by a query of their own: together with what they rest on, others would be locked too.
    statuses = dict(
        Approval.objects.select_for_update()
        .filter(pk__in=ids, status__in=IN_USE)
        .order_by("pk")
        .values_list("pk", "status")
    )
    stems = _read_stems(recall, statuses)
    facts = Approval.objects.filter(pk__in=statuses).order_by("pk").values_list(
        "pk", "submission__generator_id", "submission__clearance__intent", "submission__clearance__stems"
    )  # fmt: skip
    generators, uses = {}, {}
    for pk, generator_id, intent, cleared in facts:
        generators[pk] = generator_id
        uses[pk] = SongUse(intent=intent, n_stems=len(cleared), stems=stems[pk])
    holdings = _assess(recall, uses, now=now)
    return [
        _judge(
            recall, approval_id=pk, generator_id=generators[pk], status=status, stems=stems[pk], holding=holdings.get(pk)
        )
        for pk, status in statuses.items()
    ]  # fmt: skip


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
    rows = ApprovalBasis.objects.order_by()
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


def _assess(recall: Recall, uses: Mapping[int, SongUse], *, now: dt.datetime) -> dict[int, Holding]:
    """Return how the songs stand; what a person decided asks for no rights, unless it gives a song back."""
    return {} if recall.cause == RecallCause.DECIDED else assess_uses(uses, now=now)


def _judge(
    recall: Recall,
    *,
    approval_id: int,
    generator_id: int,
    status: str,
    stems: tuple[str, ...],
    holding: Holding | None,
) -> Song:
    target, outcome = recall.target_status, SongOutcome.MOVED
    is_undo = recall.cause == RecallCause.UNDO
    if holding is not None and holding.is_licensed != is_undo:
        outcome = SongOutcome.KEPT
    elif status == target or status not in IN_USE:
        outcome = SongOutcome.ALREADY
    return Song(
        approval_id=approval_id, generator_id=generator_id, status=status, stems=stems, outcome=outcome, holding=holding,
        target=target if outcome == SongOutcome.MOVED else status,
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
        by_status[song.status].append(song.approval_id)
    return by_status


def _add_covering_grants(songs: Sequence[Song]) -> None:
    """Write down what a kept song rests on now: when that ends, the song is found by it."""
    known = set(
        ApprovalBasis.objects.filter(approval__in=[song.approval_id for song in songs]).values_list(
            "approval_id", "stem_id", "grant_id"
        )
    )
    stem_ids = dict(
        ApprovalBasis.objects.filter(approval__in=[song.approval_id for song in songs])
        .order_by()
        .values_list("stem__external_id", "stem_id")
        .distinct()
    )
    wanted = {
        (song.approval_id, stem_ids[stem], grant)
        for song in songs
        if song.holding is not None
        for stem, grants in song.holding.grants.items()
        for grant in grants
    }
    ApprovalBasis.objects.bulk_create(
        ApprovalBasis(approval_id=approval, stem_id=stem, grant_id=grant)
        for approval, stem, grant in sorted(wanted - known)
    )


def _record(recall: Recall, songs: Sequence[Song], *, now: dt.datetime) -> None:
    """Write down what became of each song, and tell a generator's first song of the recall itself."""
    _write_songs(recall, songs, now=now)
    counts = Counter(song.generator_id for song in songs if song.outcome == SongOutcome.MOVED)
    told = _count_for_generators(recall, counts, now=now)
    drafts = [
        EventDraft(
            kind="recall.opened", subject=recall.subject, actor=SYSTEM.label, generator=generator,
            data={"cause": recall.cause, "deadline_at": recall.deadline_at.isoformat()},
        )
        for generator in told
    ]  # fmt: skip
    record_events(drafts, now=now)


def _write_songs(recall: Recall, songs: Sequence[Song], *, now: dt.datetime) -> None:
    """Write a row for each song: one statement for all with the same outcome, which the database fills by itself."""
    alike: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for song in songs:
        alike[song.outcome, song.status, song.target].append(song.approval_id)
    moment = RecallSong._meta.get_field("moved_at").get_db_prep_save(now, connection)
    with connection.cursor() as cursor:
        for (outcome, status, target), ids in alike.items():
            cursor.execute(
                INSERT_SONGS.format(", ".join(["%s"] * len(ids))),
                [recall.pk, str(outcome), str(status), str(target), moment, *ids],
            )


def _count_for_generators(
    recall: Recall, counts: Mapping[int, int], *, now: dt.datetime
) -> list[str]:
    """Add the songs to each generator's notice; return the generators that had none yet."""
    new = []
    for generator in Generator.objects.filter(pk__in=counts):
        notice, is_new = RecallNotice.objects.get_or_create(
            recall=recall, generator=generator, defaults={"told_at": now}
        )
        RecallNotice.objects.filter(pk=notice.pk).update(
            n_songs=F("n_songs") + counts[generator.pk]
        )
        if is_new:
            new.append(generator.public_id)
    return new


@transaction.atomic
def finish_recall(*, recall_id: int, now: dt.datetime) -> None:
    """Wait for acknowledgements once every song is told of; a recall without any to wait for is closed at once."""
    recall = Recall.objects.select_for_update(of=("self",)).get(pk=recall_id)
    if recall.status != RecallStatus.APPLYING:
        return
    recall.transition_to(RecallStatus.OPEN, applied_at=now)
    close_if_acknowledged(recall=recall, now=now)
