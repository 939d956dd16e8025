"""What the database itself refuses, whoever writes to it."""

import itertools

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from compliance.models import Clearance, ClearanceStatus, Event, Submission, SubmissionStatus
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
        generator=generator, status=status, message="m", stems=["a"], intent={}, expires_at=timezone.now()
    )


def make_submission(generator, status: str) -> Submission:
    decided_at = timezone.now() if status in {"approved", "rejected"} else None
    return Submission.objects.create(
        generator=generator, clearance=make_clearance(generator, "cleared"), status=status, audio="a",
        audio_sha256="0" * 64, audio_bytes=1, manifest={}, cap_subject="c", decided_at=decided_at,
    )  # fmt: skip


CASES = [
    (make, model, old, new)
    for make, model, statuses in (
        (make_clearance, Clearance, ClearanceStatus.values),
        (make_submission, Submission, SubmissionStatus.values),
    )
    for old, new in itertools.permutations(statuses, 2)
]


@pytest.mark.parametrize(
    ("make", "model", "old", "new"), CASES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_status_moves_only_along_the_table(generator, make, model, old, new):
    row = make(generator, old)
    decided_at = timezone.now() if new in {"approved", "rejected"} else None
    move = {"status": new} if model is Clearance else {"status": new, "decided_at": decided_at}
    rows = model.objects.filter(pk=row.pk)
    if new in model.TRANSITIONS.get(old, ()):
        assert rows.update(**move) == 1
    else:
        with pytest.raises(DatabaseError, match="no such move"), transaction.atomic():
            rows.update(**move)
