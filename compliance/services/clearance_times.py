"""What time does to clearances: holds are extended, announced before they end, and given back."""

import datetime as dt

from django.conf import settings
from django.db import transaction

from catalog.services.clearing import extend_holds, release_caps
from compliance.models import Clearance, ClearanceStatus
from compliance.models.transitions import AlreadyMoved
from compliance.services.actors import SYSTEM, Actor
from compliance.services.clearances import ClearanceNotUsable
from compliance.services.events import record_event

# How long before its hold ends a clearance is announced; a short hold is announced in its last quarter.
WARNING = dt.timedelta(hours=1)
WARNING_SHARE = 0.25


@transaction.atomic
def extend_clearance(
    *, clearance: Clearance, hold_s: int | None, actor: Actor, now: dt.datetime
) -> Clearance:
    """Hold the caps for `hold_s` seconds from now on, or for as long as a new clearance would.

    Raises
    ------
    NotAllowed : if the actor may not
    ClearanceNotUsable : if nothing is held any more, or the hold cannot last longer than it does
    """
    actor.require("clearance.extend")
    clearance = (
        Clearance.objects.select_for_update(of=("self",))
        .select_related("generator")
        .get(pk=clearance.pk)
    )
    expires_at = clearance.expires_at
    if clearance.status != ClearanceStatus.CLEARED or expires_at is None or expires_at <= now:
        raise ClearanceNotUsable(
            f"Clearance {clearance.public_id} is {clearance.status} and holds no caps: ask for a new one."
        )
    decided_at = clearance.decided_at or clearance.created_at
    latest = decided_at + dt.timedelta(seconds=settings.CLEARANCE_MAX_HOLD_S)
    wanted = now + dt.timedelta(seconds=hold_s or settings.CLEARANCE_HOLD_S)
    extended_to = min(wanted, latest)
    if extended_to <= expires_at:
        raise ClearanceNotUsable(
            f"Clearance {clearance.public_id} holds its caps until {expires_at.isoformat()} already; "
            f"the latest it may be extended to is {latest.isoformat()}."
        )
    clearance.expires_at, clearance.warned_at = extended_to, None
    clearance.save(update_fields=["expires_at", "warned_at"])
    extend_holds(subject=clearance.cap_subject, hold_until=extended_to)
    _record(clearance, "extended", by=actor.label, data={"expires_at": extended_to.isoformat()})
    return clearance


def warn_of_expiry(*, now: dt.datetime, limit: int = 200) -> int:
    """Tell generators of clearances whose hold ends soon, each once; return how many."""
    lead = min(WARNING, dt.timedelta(seconds=settings.CLEARANCE_HOLD_S * WARNING_SHARE))
    ending = Clearance.objects.filter(
        status=ClearanceStatus.CLEARED, warned_at=None, expires_at__gt=now, expires_at__lte=now + lead
    )  # fmt: skip
    n_warned = 0
    for clearance in ending.select_related("generator").order_by("expires_at")[:limit]:
        with transaction.atomic():
            unwarned = Clearance.objects.filter(
                pk=clearance.pk, status=ClearanceStatus.CLEARED, warned_at=None
            )
            if unwarned.update(warned_at=now):
                _record(clearance, "expiring", by=SYSTEM.label)
                n_warned += 1
    return n_warned


def expire_clearances(*, now: dt.datetime, limit: int = 200, actor: Actor = SYSTEM) -> int:
    """Release what is held by clearances whose time ran out and which no song uses; return how many.

    Raises
    ------
    NotAllowed : if the actor may not
    """
    actor.require("clearance.expire")
    open_statuses = (ClearanceStatus.CLEARED, ClearanceStatus.NEEDS_REVIEW)
    overdue = Clearance.objects.filter(
        status__in=open_statuses, expires_at__lte=now
    ).select_related("generator")
    n_expired = 0
    for clearance in overdue.order_by("expires_at")[:limit]:
        try:
            with transaction.atomic():
                clearance.transition_to(ClearanceStatus.EXPIRED)
                if not clearance.submissions.filter(
                    cap_subject=clearance.cap_subject, decided_at=None
                ).exists():
                    release_caps(subject=clearance.cap_subject, now=now)
                _record(clearance, "expired", by=actor.label)
        except AlreadyMoved:
            continue  # another machine's upkeep was first
        n_expired += 1
    return n_expired


def _record(
    clearance: Clearance, verb: str, *, by: str, data: dict[str, str] | None = None
) -> None:
    record_event(
        kind=f"clearance.{verb}", subject=clearance.cap_subject, actor=by,
        generator=clearance.generator.public_id, data=data,
    )  # fmt: skip
