"""What the database itself refuses, whoever writes to it."""

import datetime as dt
import itertools

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from compliance.models import (
    Approval,
    ApprovalStatus,
    Clearance,
    ClearanceStatus,
    Event,
    Submission,
    SubmissionStatus,
)
from compliance.services.events import record_event

pytestmark = pytest.mark.django_db


def test_events_can_be_neither_changed_nor_deleted():
    record_event(kind="thing.made", subject="thing:1", actor="tests")
    for attempt in (lambda rows: rows.update(kind="other"), lambda rows: rows.delete()):
        with pytest.raises(DatabaseError, match="only grows"), transaction.atomic():
            attempt(Event.objects.all())
    assert Event.objects.get().kind == "thing.made"


def make_clearance(generator, status: str) -> Clearance:
    return Clearance.objects.create(
        generator=generator,
        status=status,
        message="m",
        stems=["a"],
        intent={},
        expires_at=timezone.now(),
    )


def make_submission(generator, status: str) -> Submission:
    decided_at = timezone.now() if status in {"approved", "rejected"} else None
    return Submission.objects.create(
        generator=generator, clearance=make_clearance(generator, "cleared"), status=status, audio="a",
        audio_sha256="0" * 64, audio_bytes=1, manifest={}, cap_subject="c", decided_at=decided_at,
    )  # fmt: skip


def make_approval(generator, status: str = "live") -> Approval:
    now = timezone.now()
    return Approval.objects.create(
        submission=make_submission(generator, "approved"), status=status, valid_from=now, certificate="a.b.c",
        valid_to=now + dt.timedelta(days=1),
    )  # fmt: skip


CASES = [
    (make, model, old, new)
    for make, model, statuses in (
        (make_clearance, Clearance, ClearanceStatus.values),
        (make_submission, Submission, SubmissionStatus.values),
        (make_approval, Approval, ApprovalStatus.values),
    )
    for old, new in itertools.permutations(statuses, 2)
]


@pytest.mark.parametrize(
    ("make", "model", "old", "new"),
    CASES,
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_status_moves_only_along_the_table(generator, make, model, old, new):
    row = make(generator, old)
    decided_at = timezone.now() if new in {"approved", "rejected"} else None
    move = {"status": new} | ({"decided_at": decided_at} if model is Submission else {})
    rows = model.objects.filter(pk=row.pk)
    if new in model.TRANSITIONS.get(old, ()):
        assert rows.update(**move) == 1
    else:
        with pytest.raises(DatabaseError, match="no such move"), transaction.atomic():
            rows.update(**move)


@pytest.mark.parametrize("change", [
    {"certificate": "x.y.z"}, {"public_id": "apr_other"}, {"valid_from": timezone.now() - dt.timedelta(days=9)},
    {"valid_to": timezone.now() + dt.timedelta(days=9)},
], ids=lambda change: next(iter(change)))  # fmt: skip
def test_what_was_certified_does_not_change(generator, change):
    make_approval(generator)
    with pytest.raises(DatabaseError, match="does not change"), transaction.atomic():
        Approval.objects.update(**change)


def test_an_approval_may_end_earlier_and_is_never_deleted(generator, now):
    make_approval(generator)
    assert Approval.objects.update(valid_to=now + dt.timedelta(hours=1)) == 1
    with pytest.raises(DatabaseError, match="only grows"), transaction.atomic():
        Approval.objects.all().delete()
