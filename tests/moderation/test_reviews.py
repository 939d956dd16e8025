import pytest
from django.db import IntegrityError, transaction

from moderation.models import CaseStatus, ReviewCase, ReviewDecision
from moderation.models.review import DecisionIsFinal
from moderation.services.reviews import (
    AlreadyDecided,
    MayNotDecide,
    UnknownReviewCase,
    decide_review_case,
    note_second_person,
    open_review_case,
)
from moderation.signals import review_case_decided
from tests.reviewer import Reviewer

pytestmark = pytest.mark.django_db


@pytest.fixture
def open_case(now):
    def open_it(**changes):
        fields = {
            "subject_kind": "song",
            "subject_id": "sub_1",
            "client": "gen_1",
            "title": "A song",
            "reasons": [{"code": "audio.unexplained", "text": "Something is hidden."}],
            "evidence": {"text": "love", "screening": {"language": {"code": "en"}}},
            "now": now,
        }
        return open_review_case(**{**fields, **changes})

    return open_it


def decide(case, now, **changes):
    fields = {"decision": "approve", "note": "fine", "by": Reviewer("mo"), "now": now}
    return decide_review_case(case_id=case.pk, **{**fields, **changes})


def test_a_subject_has_one_open_case(open_case):
    assert open_case().pk == open_case(title="Again").pk
    assert ReviewCase.objects.get().language == "en"


def test_a_subject_may_come_back_after_its_decision(open_case, now):
    first = open_case()
    decide(first, now)
    assert open_case().pk != first.pk


def test_a_decision_is_kept_with_who_when_and_why(open_case, now):
    case = decide(open_case(), now, decision="reject", note="a threat")
    assert (case.status, case.decision, case.decided_by, case.decided_at, case.note) == (
        CaseStatus.DECIDED, "reject", "mo", now, "a threat",
    )  # fmt: skip
    row = ReviewDecision.objects.get()
    assert (row.case, row.decision, row.note, row.decided_by) == (case, "reject", "a threat", "mo")


def test_a_case_is_decided_once(open_case, now):
    case = open_case()
    decide(case, now)
    with pytest.raises(AlreadyDecided) as refusal:
        decide(case, now, decision="reject", by=Reviewer("jo"))
    assert refusal.value.case.decided_by == "mo"
    assert ReviewDecision.objects.count() == 1


def test_an_unknown_case_is_said_to_be_unknown(db, now):
    with pytest.raises(UnknownReviewCase):
        decide_review_case(case_id=4711, decision="approve", note="", by=Reviewer("mo"), now=now)


def test_a_decision_that_is_neither_is_refused(open_case, now):
    case = open_case()
    with pytest.raises(ValueError, match="maybe"):
        decide(case, now, decision="maybe")
    case.refresh_from_db()
    assert case.status == CaseStatus.OPEN


def test_whoever_listens_hears_of_the_decided_case_inside_the_transaction(open_case, now):
    heard = []

    def listen(sender, case, **kwargs):
        heard.append((case.decision, transaction.get_connection().in_atomic_block))

    review_case_decided.connect(listen)
    try:
        decide(open_case(), now)
    finally:
        review_case_decided.disconnect(listen)
    assert heard == [("approve", True)]


def test_a_listener_that_fails_undoes_the_decision(open_case, now):
    def fail(sender, case, **kwargs):
        raise RuntimeError("no")

    case = open_case()
    review_case_decided.connect(fail)
    try:
        with pytest.raises(RuntimeError), transaction.atomic():
            decide(case, now)
    finally:
        review_case_decided.disconnect(fail)
    case.refresh_from_db()
    assert case.status == CaseStatus.OPEN
    assert not ReviewDecision.objects.exists()


def test_a_stored_decision_cannot_be_changed_or_deleted(open_case, now):
    decide(open_case(), now)
    row = ReviewDecision.objects.get()
    with pytest.raises(DecisionIsFinal):
        row.save()
    with pytest.raises(DecisionIsFinal):
        row.delete()


def test_the_database_refuses_a_decision_without_a_person(open_case):
    case = open_case()
    with pytest.raises(IntegrityError), transaction.atomic():
        ReviewCase.objects.filter(pk=case.pk).update(status="decided", decision="approve")


def test_somebody_without_the_permission_decides_nothing(open_case, now):
    case = open_case()
    with pytest.raises(MayNotDecide, match=r"moderation\.decide_reviewcase"):
        decide(case, now, by=Reviewer("mo", frozenset({"moderation.view_reviewcase"})))
    case.refresh_from_db()
    assert case.status == CaseStatus.OPEN


def test_the_database_takes_no_second_person_without_a_first(open_case, now):
    case = open_case()
    with pytest.raises(IntegrityError, match="second_person"), transaction.atomic():
        ReviewCase.objects.filter(pk=case.pk).update(second_person="agreed")
    with pytest.raises(ValueError, match="perhaps"):
        note_second_person(subject_kind="song", subject_id="sub_1", state="perhaps", by="li")
