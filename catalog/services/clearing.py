"""Clearing stems for a use, and what clearances take from caps: reserve, then capture or release.

Every function that takes from a cap first locks the rows of the caps, in id order: on PostgreSQL by SELECT FOR UPDATE, on
SQLite by the write lock the transaction begins with. So two clearances see one another, and no cap is ever overspent.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import reduce
from operator import or_

from django.db import transaction
from django.db.models import F, Q, QuerySet

from catalog.models import Cap, CapBalance, CapEntry, CapHold
from catalog.models.caps import EntryKind, HoldStatus
from catalog.queries.rights_facts import find_cap_ids, load_stem_facts, lock_cap_rows
from catalog.rights.buckets import make_bucket
from catalog.rights.evaluation import CapUse, RightsEvaluation, evaluate
from catalog.rights.intended_use import IntendedUse
from catalog.rights.terms import CapScope, CapTerms, StemFacts


class AlreadyHeld(Exception):
    """A subject holds caps already; one song is not counted twice."""

    def __init__(self, *, subject: str) -> None:
        """Keep whose holds they are."""
        super().__init__(f"{subject} holds caps already: capture or release them first")
        self.subject = subject


def evaluate_rights(
    *, stems: Sequence[str], intent: IntendedUse, now: datetime, held_by: str = ""
) -> RightsEvaluation:
    """Return whether the stems may be used so, as of now; nothing is reserved.

    What the subject `held_by` holds already is its own to take and does not count against it.
    """
    facts = load_stem_facts(stems=stems, intent=intent, on=_get_day(now))
    if held_by:
        holds = list(_list_holds(subject=held_by))
        facts = {name: _give_back(fact, holds, intent=intent) for name, fact in facts.items()}
    return evaluate(stems=stems, facts=facts, intent=intent)


def _give_back(facts: StemFacts, holds: Collection[CapHold], *, intent: IntendedUse) -> StemFacts:
    """Return the facts of a stem with a subject's own holds added to what remains of each cap."""

    def refill(cap: CapTerms) -> CapTerms:
        remaining = {
            stem: left
            + sum(
                hold.quantity
                for hold in holds
                if _is_hold_of(hold, cap_id=cap.id, period=cap.period, stem=stem, intent=intent)
            )
            for stem, left in cap.remaining.items()
        }
        return replace(cap, remaining=remaining)

    grants = (
        replace(grant, caps=tuple(refill(cap) for cap in grant.caps)) for grant in facts.grants
    )
    return replace(facts, grants=tuple(grants))


@transaction.atomic
def clear_stems(
    *,
    stems: Sequence[str],
    intent: IntendedUse,
    subject: str,
    hold_until: datetime,
    now: datetime,
) -> RightsEvaluation:
    """Return whether the stems may be used so and, if they may, reserve one song from every cap they rest on.

    Raises
    ------
    AlreadyHeld : if the subject holds caps already
    """
    lock_cap_rows(find_cap_ids(stems=stems))
    if CapHold.objects.filter(subject=subject, status=HoldStatus.HELD).exists():
        raise AlreadyHeld(subject=subject)
    evaluation = evaluate_rights(stems=stems, intent=intent, now=now)
    if evaluation.cleared:
        _reserve(
            uses=evaluation.cap_uses, intent=intent, subject=subject, hold_until=hold_until, now=now
        )
    return evaluation


@transaction.atomic
def capture_caps(
    *, stems: Sequence[str], intent: IntendedUse, subject: str, now: datetime
) -> RightsEvaluation:
    """Return whether the stems may be used so now and, if they may, use up what one song takes of every cap they rest on.

    What the subject holds of these caps is captured, also where a limit was lowered or a new day began since. Where another
    grant took the place of the one it was held on, that hold is given back, and the same is reserved and captured on the grant
    that took the place; if that has no room, the answer is no and the holds stay. Capturing again changes nothing.
    """
    held_on = _list_holds(subject=subject).values_list("cap_id", flat=True)
    lock_cap_rows({*find_cap_ids(stems=stems), *held_on})
    evaluation = evaluate_rights(stems=stems, intent=intent, now=now, held_by=subject)
    holds = list(_list_holds(subject=subject))
    if not evaluation.cleared or any(hold.status == HoldStatus.CAPTURED for hold in holds):
        return evaluation
    kept: list[CapHold] = []
    lacking: list[CapUse] = []
    for use in evaluation.cap_uses:
        found = [
            hold
            for hold in holds
            if _is_hold_of(hold, cap_id=use.cap_id, period=use.period, stem=use.stem, intent=intent)
        ]
        kept += found
        lacking += [] if found else [use]
    _settle([hold for hold in holds if hold not in kept], kind=EntryKind.RELEASE, now=now)
    taken = _reserve(uses=lacking, intent=intent, subject=subject, hold_until=now, now=now)
    _settle([*kept, *taken], kind=EntryKind.CAPTURE, now=now)
    return evaluation


@transaction.atomic
def release_caps(*, subject: str, now: datetime) -> int:
    """Give back what is held for a subject; return how many holds were released. Releasing again changes nothing."""
    return _settle(_lock_holds(subject=subject), kind=EntryKind.RELEASE, now=now)


@transaction.atomic
def extend_holds(*, subject: str, hold_until: datetime) -> int:
    """Keep what is held for a subject until a later time; return how many holds were extended."""
    return CapHold.objects.filter(
        subject=subject, status=HoldStatus.HELD, hold_until__lt=hold_until
    ).update(hold_until=hold_until)


def release_expired_holds(*, now: datetime, limit: int = 1000) -> int:
    """Give back what was held longer than allowed; return how many holds were released."""
    subjects = (
        CapHold.objects.filter(status=HoldStatus.HELD, hold_until__lte=now)
        .order_by("hold_until")
        .values_list("subject", flat=True)[:limit]
    )
    n_released = 0
    for subject in dict.fromkeys(subjects):
        with transaction.atomic():
            expired = [hold for hold in _lock_holds(subject=subject) if hold.hold_until <= now]
            n_released += _settle(expired, kind=EntryKind.RELEASE, now=now)
    return n_released


def lock_caps(cap_ids: Iterable[int]) -> list[Cap]:
    """Lock the rows of caps until the transaction ends, in id order so that nobody waits in a circle."""
    return list(
        Cap.objects.select_for_update(of=("self",)).filter(id__in=list(cap_ids)).order_by("id")
    )


def _reserve(
    *,
    uses: Collection[CapUse],
    intent: IntendedUse,
    subject: str,
    hold_until: datetime,
    now: datetime,
) -> list[CapHold]:
    """Take from every cap at once: the number of statements does not grow with the number of caps."""
    if not uses:
        return []
    holds = [
        CapHold(
            cap_id=use.cap_id,
            bucket=_name_bucket(period=use.period, stem=use.stem, intent=intent, at=now),
            subject=subject,
            quantity=use.quantity,
            hold_until=hold_until,
            held_at=now,
        )
        for use in uses
    ]
    CapBalance.objects.bulk_create(
        [CapBalance(cap_id=hold.cap_id, bucket=hold.bucket) for hold in holds],
        ignore_conflicts=True,
    )
    for quantity in sorted({hold.quantity for hold in holds}):
        taken = [Q(cap_id=h.cap_id, bucket=h.bucket) for h in holds if h.quantity == quantity]
        CapBalance.objects.filter(reduce(or_, taken)).update(held=F("held") + quantity)
    CapHold.objects.bulk_create(holds)
    CapEntry.objects.bulk_create(_make_entry(h, kind=EntryKind.RESERVE, now=now) for h in holds)
    return holds


def _list_holds(*, subject: str) -> QuerySet[CapHold]:
    """Return what a subject holds or has captured."""
    live = (HoldStatus.HELD, HoldStatus.CAPTURED)
    return CapHold.objects.filter(subject=subject, status__in=live).order_by("id")


def _is_hold_of(hold: CapHold, *, cap_id: int, period: str, stem: str, intent: IntendedUse) -> bool:
    """Tell whether a hold is on a cap (and, if it counts by stem, on that stem), in whichever period it was made."""
    bucket = _name_bucket(period=period, stem=stem, intent=intent, at=hold.held_at)
    return hold.cap_id == cap_id and hold.bucket == bucket


def _name_bucket(*, period: str, stem: str, intent: IntendedUse, at: datetime) -> str:
    """Return the bucket that a song of a moment falls into; `stem` is empty for a cap on the whole grant."""
    scope = CapScope.STEM if stem else CapScope.GRANT
    return make_bucket(
        period=period, scope=scope, campaign=intent.campaign, stem=stem, on=_get_day(at)
    )


def _lock_holds(*, subject: str) -> list[CapHold]:
    """Return the live holds of a subject with their caps locked."""
    live = CapHold.objects.filter(subject=subject, status=HoldStatus.HELD)
    lock_caps(set(live.values_list("cap_id", flat=True)))
    return list(live.order_by("id"))  # read again: somebody else may have settled them meanwhile


def _settle(holds: Collection[CapHold], *, kind: EntryKind, now: datetime) -> int:
    captures = kind == EntryKind.CAPTURE
    for hold in holds:
        hold.status = HoldStatus.CAPTURED if captures else HoldStatus.RELEASED
        hold.settled_at = now
        hold.save(update_fields=["status", "settled_at"])
        CapBalance.objects.filter(cap_id=hold.cap_id, bucket=hold.bucket).update(
            held=F("held") - hold.quantity,
            captured=F("captured") + (hold.quantity if captures else 0),
        )
        _enter(hold, kind=kind, now=now)
    return len(holds)


def _enter(hold: CapHold, *, kind: EntryKind, now: datetime) -> None:
    _make_entry(hold, kind=kind, now=now).save()


def _make_entry(hold: CapHold, *, kind: EntryKind, now: datetime) -> CapEntry:
    return CapEntry(
        cap_id=hold.cap_id,
        hold=hold,
        kind=kind,
        quantity=hold.quantity,
        subject=hold.subject,
        bucket=hold.bucket,
        at=now,
    )


def _get_day(now: datetime) -> date:
    """Return the day caps count for, in UTC."""
    return now.astimezone(UTC).date()
