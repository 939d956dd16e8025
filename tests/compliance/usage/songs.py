"""Approved songs under a grant whose plays are counted."""

import datetime as dt

from catalog.services.agreements import (
    activate_grant,
    add_cap,
    add_grant,
    create_agreement,
    end_grant,
)
from catalog.services.fees import add_fee
from compliance.models import Approval
from compliance.services.usage_events import ReportedUse, record_usage
from tests.compliance.approved import approve, make_submission
from tests.songs import LICENSED, SIDES, USES


def replace_grant(grant, now, *, number="B-1", caps=(), fees=()):
    """End the fixture's grant and put one of the same licensor in its place, with caps and fees."""
    today = now.date()
    end_grant(grant=grant, ends_on=today, by=None, now=now)
    agreement = create_agreement(
        number=number, licensor=grant.agreement.licensor, licensee=grant.agreement.licensee,
        signed_on=today - dt.timedelta(days=30),
    )  # fmt: skip
    made = add_grant(
        agreement=agreement, sides=SIDES, uses=USES, territories="DE, AT, US", stems=LICENSED,
        valid_from=today - dt.timedelta(days=10), valid_until=today + dt.timedelta(days=400),
    )  # fmt: skip
    for cap in caps:
        add_cap(grant=made, **cap)
    for fee in fees:
        add_fee(grant=made, **fee)
    activate_grant(grant=made, by=None, now=now)
    return made


def make_approval(generator, now) -> Approval:
    return approve(make_submission(generator, now), now)


def play(approval, at, *, quantity=1, **changes) -> ReportedUse:
    facts = {
        "event_id": f"{approval.public_id}-{at.isoformat()}-{quantity}", "approval": approval.public_id, "kind": "play",
        "at": at, "territory": "DE", "channel": "app", "quantity": quantity, "seconds": quantity * 30,
    }  # fmt: skip
    return ReportedUse(**facts | changes)


def report(generator, *use, now):
    return record_usage(generator=generator, reported=use, now=now)
