"""Take reported use in: each event once, counted against the caps of the grants that its song rests on.

Use has happened when it is reported, so it is recorded whatever the approval says now and however full a cap is: refusing it
would hide from licensors what they are owed for. What was used while the approval did not hold is marked.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from catalog.queries.usage import CapFacts, get_allocations, list_usage_caps
from catalog.rights.territories import ALL_TERRITORIES
from catalog.services.cap_usage import CapBooking, CapCrossing, book_usage
from compliance.identifiers import new_usage_batch_id
from compliance.models import Approval, ApprovalStatus, Generator, UsageEvent, UsageKind
from compliance.queries import (
    find_usage_events,
    get_approvals_of_use,
    lock_usage,
    sum_correctable_use,
    sum_plays,
)
from compliance.services.events import record_event
from compliance.services.rights_intent import read_intent
from compliance.services.rights_snapshots import get_rights_snapshot
from compliance.usage.bookings import CountedCap, DayUse, compute_bookings, fold_use

# How far a generator's clock may be ahead of ours.
MAX_CLOCK_SKEW = dt.timedelta(minutes=5)


class UsageProblem(StrEnum):
    """Why an event was refused."""

    UNKNOWN_APPROVAL = "usage.unknown_approval"
    MISMATCH = "usage.mismatch"
    UNKNOWN_TERRITORY = "usage.unknown_territory"
    IN_FUTURE = "usage.in_future"
    BEFORE_APPROVAL = "usage.before_approval"
    SECONDS_UNKNOWN = "usage.seconds_unknown"
    CORRECTION_TOO_LARGE = "usage.correction_too_large"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedUse:
    """One event as a generator reports it; without `seconds` a play is heard to the end."""

    event_id: str
    approval: str
    kind: str
    at: dt.datetime
    territory: str
    channel: str
    quantity: int
    seconds: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageResult:
    """What became of one event."""

    event_id: str
    status: str  # counted, duplicate or refused
    is_licensed: bool | None = None
    problem: UsageProblem | None = None
    text: str = ""


@dataclass(slots=True)
class _Batch:
    """One request while it is taken in. Its generator's row is locked: two requests of one generator never count at once."""

    generator: Generator
    now: dt.datetime
    approvals: Mapping[str, Approval]
    known: dict[str, UsageEvent]
    left: dict[tuple[int, str, dt.date], tuple[int, int]]  # what could still be corrected
    rows: list[UsageEvent]
    public_id: str


def record_usage(
    *, generator: Generator, reported: Sequence[ReportedUse], now: dt.datetime
) -> list[UsageResult]:
    """Take a batch in, in order, and return what became of each event; call inside a transaction.

    An event whose id was counted before changes nothing: `duplicate` if it is the same, refused if it is another one.
    """
    lock_usage(generator)
    names = {each.approval for each in reported}
    approvals = get_approvals_of_use(generator=generator, public_ids=names)
    ids = {each.event_id for each in reported}
    batch = _Batch(
        generator=generator, now=now, approvals=approvals,
        known=find_usage_events(generator=generator, event_ids=ids),
        left=sum_correctable_use([approval.pk for approval in approvals.values()]),
        rows=[], public_id=new_usage_batch_id(),
    )  # fmt: skip
    results = [_take_in(each, batch) for each in reported]
    crossings = _count(batch)
    UsageEvent.objects.bulk_create(batch.rows)
    for crossing in crossings:
        _tell(crossing, generator=generator)
    return results


def _take_in(use: ReportedUse, batch: _Batch) -> UsageResult:
    problem, text = _find_problem(use, batch)
    if problem is not None:
        return UsageResult(event_id=use.event_id, status="refused", problem=problem, text=text)
    approval = batch.approvals[use.approval]
    row = _make_row(use, approval=approval, batch=batch)
    if use.event_id in batch.known:
        known = batch.known[use.event_id]
        if _describe(known) != _describe(row):
            text = f"Event {use.event_id} was counted with other content; send a correction with an id of its own."
            return UsageResult(
                event_id=use.event_id, status="refused", problem=UsageProblem.MISMATCH, text=text
            )
        return UsageResult(event_id=use.event_id, status="duplicate", is_licensed=known.is_licensed)
    key = (approval.pk, row.kind, row.day)
    quantity, seconds = batch.left.get(key, (0, 0))
    if quantity + row.quantity < 0 or seconds + row.seconds < 0:
        text = f"On {row.day} only {quantity} {row.kind}s ({seconds} s) are on record; a correction takes back at most these."
        return UsageResult(
            event_id=use.event_id, status="refused", problem=UsageProblem.CORRECTION_TOO_LARGE, text=text
        )  # fmt: skip
    batch.left[key] = (quantity + row.quantity, seconds + row.seconds)
    batch.known[use.event_id] = row
    batch.rows.append(row)
    return UsageResult(event_id=use.event_id, status="counted", is_licensed=row.is_licensed)


def _find_problem(use: ReportedUse, batch: _Batch) -> tuple[UsageProblem | None, str]:
    approval = batch.approvals.get(use.approval)
    if approval is None:
        return UsageProblem.UNKNOWN_APPROVAL, f"You have no approval {use.approval}."
    if use.territory not in ALL_TERRITORIES:
        return UsageProblem.UNKNOWN_TERRITORY, f"{use.territory} is no ISO 3166-1 alpha-2 code."
    if use.at > batch.now + MAX_CLOCK_SKEW:
        return UsageProblem.IN_FUTURE, f"{use.at:%Y-%m-%dT%H:%M:%SZ} has not come yet."
    if use.at < approval.created_at - MAX_CLOCK_SKEW:
        return (
            UsageProblem.BEFORE_APPROVAL,
            f"{use.approval} was approved at {approval.created_at:%Y-%m-%dT%H:%M:%SZ}, later than this.",
        )
    if use.kind == UsageKind.PLAY and use.seconds is None and _get_duration_s(approval) is None:
        return (
            UsageProblem.SECONDS_UNKNOWN,
            "The length of this song was not measured; say how many `seconds` were heard.",
        )
    return None, ""


def _make_row(use: ReportedUse, *, approval: Approval, batch: _Batch) -> UsageEvent:
    at = use.at.astimezone(dt.UTC)
    seconds = 0
    if use.kind == UsageKind.PLAY:
        duration_s = _get_duration_s(approval) or 0
        seconds = use.seconds if use.seconds is not None else use.quantity * round(duration_s)
    return UsageEvent(
        generator=batch.generator, event_id=use.event_id, batch=batch.public_id, approval=approval, kind=use.kind,
        at=at, day=at.date(), territory=use.territory, channel=use.channel, quantity=use.quantity, seconds=seconds,
        is_licensed=_held_at(approval, at), received_at=batch.now,
    )  # fmt: skip


def _describe(row: UsageEvent) -> tuple[Any, ...]:
    """Return what makes two events the same."""
    return (row.approval_id, row.kind, row.at, row.territory, row.channel, row.quantity, row.seconds)  # fmt: skip


def _held_at(approval: Approval, at: dt.datetime) -> bool:
    """Tell whether the approval held at a moment, as far as it is known now."""
    is_live = approval.status == ApprovalStatus.LIVE
    moved_before = approval.changed_at is not None and approval.changed_at <= at
    return at < approval.valid_to and (is_live or not moved_before)


def _get_duration_s(approval: Approval) -> float | None:
    """Return the length of the song in seconds as it was verified, or None."""
    verification = approval.submission.verifications.first()
    measured = verification.report.get("evidence", {}).get("duration_s") if verification else None
    return float(measured) if measured else None


def _count(batch: _Batch) -> tuple[CapCrossing, ...]:
    """Book the new plays of the batch with the caps of their songs' grants."""
    added: dict[int, list[DayUse]] = defaultdict(list)
    for row in batch.rows:
        if row.kind == UsageKind.PLAY:
            added[row.approval_id].append(
                DayUse(day=row.day, plays=row.quantity, seconds=row.seconds)
            )
    songs = [approval for approval in batch.approvals.values() if approval.pk in added]
    counted = find_counted_caps(songs)
    if not any(counted.values()):
        return ()
    before = sum_plays(list(added))
    subjects = {song.pk: song.submission.cap_subject for song in songs}
    allocated = get_allocations(
        subjects=set(subjects.values()),
        cap_ids={facts.id for caps in counted.values() for facts, _ in caps},
    )
    bookings = []
    for song in songs:
        past = [DayUse(day=day, plays=n, seconds=s) for day, n, s in before.get(song.pk, ())]
        for facts, cap in counted[song.pk]:
            changes = compute_bookings(
                before=fold_use(past, cap=cap),
                after=fold_use([*past, *added[song.pk]], cap=cap),
                allocated=allocated.get((subjects[song.pk], facts.id), {}),
            )
            bookings += [
                CapBooking(
                    cap_id=facts.id, bucket=bucket, quantity=change,
                    subject=f"usage:{song.public_id}:{batch.public_id}",
                )
                for bucket, change in changes.items()
            ]  # fmt: skip
    return book_usage(bookings=bookings, now=batch.now) if bookings else ()


def find_counted_caps(
    approvals: Collection[Approval],
) -> dict[int, list[tuple[CapFacts, CountedCap]]]:
    """Return the caps that use of each song counts against, by the approval's row: those of the grants its stems rest on."""
    stems_of: dict[int, dict[int, list[str]]] = {}
    for approval in approvals:
        by_grant: dict[int, list[str]] = defaultdict(list)
        for stem in get_rights_snapshot(approval=approval).stems:
            for grant_id in stem.get("grants", ()):
                by_grant[grant_id].append(stem["stem"])
        stems_of[approval.pk] = by_grant
    caps: dict[int, list[CapFacts]] = defaultdict(list)
    for facts in list_usage_caps({grant_id for grants in stems_of.values() for grant_id in grants}):
        caps[facts.grant_id].append(facts)
    found = {}
    for approval in approvals:
        campaign = read_intent(approval.submission.clearance.intent).campaign
        found[approval.pk] = [
            (
                facts,
                CountedCap(
                    unit=facts.unit, period=facts.period, scope=facts.scope, stems=tuple(stems), campaign=campaign
                ),
            )
            for grant_id, stems in stems_of[approval.pk].items()
            for facts in caps[grant_id]
        ]  # fmt: skip
    return found


def _tell(crossing: CapCrossing, *, generator: Generator) -> None:
    record_event(
        kind=f"cap.{crossing.level}", subject=f"cap:{crossing.cap_id}", actor=f"generator:{generator.public_id}",
        generator=generator.public_id,
        data={
            "grant": crossing.grant, "unit": crossing.unit, "bucket": crossing.bucket, "limit": crossing.limit,
            "taken": crossing.taken,
        },
    )  # fmt: skip
