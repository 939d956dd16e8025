"""How an approval ends without anybody taking it away: its time is over, or another one takes its place."""

import datetime as dt

from django.db import transaction
from django.db.models import Exists, OuterRef

from compliance.models import Approval, ApprovalBasis, ApprovalStatus, Recall, RecallStatus
from compliance.services.actors import SYSTEM, Actor
from compliance.services.approvals import move_approval
from compliance.services.bulk_events import EventDraft, record_events

# Approvals ended in one transaction.
CHUNK = 500
OPEN = (ApprovalStatus.LIVE, ApprovalStatus.SUSPENDED)


class NotASuccessor(Exception):
    """The approval that should take the place cannot."""


@transaction.atomic
def supersede_approval(
    *, approval: Approval, successor: Approval, actor: Actor, now: dt.datetime
) -> Approval:
    """Put a live approval of the same generator in the place of another, which ends.

    Raises
    ------
    NotASuccessor : if it is the same one or does not hold now
    NotAllowed : if the actor may not
    IllegalTransition, AlreadyMoved : if the approval has ended already
    """
    actor.require("approval.supersede")
    if successor.pk == approval.pk:
        raise NotASuccessor(f"{approval.public_id} cannot take its own place.")
    if successor.get_state(now=now) != ApprovalStatus.LIVE:
        raise NotASuccessor(
            f"{successor.public_id} is {successor.get_state(now=now)}: only a live approval takes another's place."
        )
    move_approval(
        approval, ApprovalStatus.SUPERSEDED, by=actor.label, reason=f"superseded by {successor.public_id}", now=now,
        superseded_by=successor,
    )  # fmt: skip
    return approval


def sunset_approvals(*, now: dt.datetime, limit: int = 10_000, actor: Actor = SYSTEM) -> int:
    """End approvals whose time is over; return how many. The status list said so the moment it was.

    Songs of a recall that is not applied yet are left to it: it may ask for more than their end.

    Raises
    ------
    NotAllowed : if the actor may not
    """
    actor.require("approval.sunset")
    running = Recall.objects.filter(status__in=[RecallStatus.SCHEDULED, RecallStatus.APPLYING])
    being_recalled = ApprovalBasis.objects.filter(
        approval=OuterRef("pk"), grant__in=running.order_by().values("grant")
    )
    n_ended = 0
    while n_ended < limit:
        with transaction.atomic():
            over = list(
                Approval.objects.select_for_update(of=("self",), skip_locked=True)
                .filter(~Exists(being_recalled), status__in=OPEN, valid_to__lte=now)
                .select_related("submission__generator")
                .order_by("valid_to")[:CHUNK]
            )
            Approval.objects.filter(pk__in=[row.pk for row in over], status__in=OPEN).update(
                status=ApprovalStatus.SUNSET, changed_at=now, changed_by=actor.label, change_reason="its time is over"
            )  # fmt: skip
            record_events(
                [
                    EventDraft(
                        kind="approval.sunset", subject=f"approval:{row.public_id}", actor=actor.label,
                        generator=row.submission.generator.public_id, data={"submission": row.submission.public_id},
                    )
                    for row in over
                ],
                now=now,
            )  # fmt: skip
        n_ended += len(over)
        if len(over) < CHUNK:
            break
    return n_ended
