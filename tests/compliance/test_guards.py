"""What the database itself refuses, whoever writes to it."""

import datetime as dt
import itertools

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from catalog.models import Stem
from catalog.services.parties import get_or_add_party
from compliance.lifecycle.machines import (
    APPROVAL,
    CLEARANCE,
    MACHINES,
    RECALL,
    REQUEST,
    SUBMISSION,
)
from compliance.models import (
    ActionRequest,
    Approval,
    Clearance,
    Event,
    Recall,
    Submission,
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


def make_request(generator, status: str) -> ActionRequest:
    now = timezone.now()
    return ActionRequest.objects.create(
        action="approval.revoke", subjects=["apr_1"], reason="r", status=status, asked_by="user:ana", asked_at=now,
        decided_at=None if status == "waiting" else now, decided_by="user:ben",
    )  # fmt: skip


def make_recall(generator, status: str = "scheduled") -> Recall:
    stem = Stem.objects.create(
        external_id="s", title="s", artist=get_or_add_party(name="Copper Minnows")
    )
    now = timezone.now()
    return Recall.objects.create(
        cause="decided", stem=stem, measure="suspend", status=status, effective_at=now, deadline_at=now, opened_at=now,
        opened_by="user:ana",
    )  # fmt: skip


# Every machine with its model and what makes a row of it.
KINDS = (
    (CLEARANCE, Clearance, make_clearance),
    (SUBMISSION, Submission, make_submission),
    (APPROVAL, Approval, make_approval),
    (RECALL, Recall, make_recall),
    (REQUEST, ActionRequest, make_request),
)
CASES = [
    (make, model, old, new)
    for machine, model, make in KINDS
    for old, new in itertools.permutations(machine.states, 2)
]
# What must come with a status, whatever the move.
COMES_WITH = {
    (Submission, True): {"decided_at": timezone.now()},
    (Submission, False): {"decided_at": None},
    (ActionRequest, True): {"decided_at": timezone.now()},
    (ActionRequest, False): {"decided_at": None},
}


def test_every_machine_is_guarded_and_every_status_is_in_its_table():
    assert tuple(machine for machine, _, _ in KINDS) == MACHINES
    for machine, model, _ in KINDS:
        assert [value for value, _ in model._meta.get_field("status").choices] == list(
            machine.states
        )


@pytest.mark.parametrize(
    ("make", "model", "old", "new"),
    CASES,
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_status_moves_only_along_the_table(generator, make, model, old, new):
    row = make(generator, old)
    is_decided = new in {"approved", "rejected", "agreed", "refused", "withdrawn"}
    move = {"status": new} | COMES_WITH.get((model, is_decided), {})
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


@pytest.mark.parametrize("change", [
    {"measure": "takedown"}, {"cause": "grant_ended"}, {"opened_by": "user:ben"}, {"sunset_days": 3},
], ids=lambda change: next(iter(change)))  # fmt: skip
def test_what_a_recall_was_decided_as_does_not_change(generator, change):
    make_recall(generator)
    with pytest.raises(DatabaseError, match="does not change"), transaction.atomic():
        Recall.objects.update(**change)
    with pytest.raises(DatabaseError, match="only grows"), transaction.atomic():
        Recall.objects.all()._raw_delete("default")


@pytest.mark.parametrize("change", [
    {"subjects": ["apr_2"]}, {"action": "approval.reinstate"}, {"asked_by": "user:cy"}, {"reason": "x"},
], ids=lambda change: next(iter(change)))  # fmt: skip
def test_what_was_asked_for_does_not_change(generator, change):
    make_request(generator, "waiting")
    with pytest.raises(DatabaseError, match="does not change"), transaction.atomic():
        ActionRequest.objects.update(**change)


def test_nobody_agrees_to_what_they_asked_for_even_in_the_database(generator, now):
    make_request(generator, "waiting")
    with pytest.raises(DatabaseError, match="agreed_by_another"), transaction.atomic():
        ActionRequest.objects.update(status="agreed", decided_by="user:ana", decided_at=now)
