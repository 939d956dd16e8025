import datetime as dt
import json

import pytest

from catalog.models import CapBalance
from catalog.services.agreements import activate_grant, add_cap, add_grant, end_grant
from compliance.certificates.certificate import Standing, judge_standing, read_certificate
from compliance.certificates.status_list import LIST_SIZE, read_status_list
from compliance.models import Approval, Event
from compliance.models.transitions import IllegalTransition
from compliance.services.action_requests import Consent, SamePerson
from compliance.services.actors import SYSTEM, Actor, NotAllowed
from compliance.services.approval_ends import sunset_approvals
from compliance.services.approvals import (
    RightsFailed,
    reinstate_approval,
    revoke_approval,
    suspend_approval,
)
from compliance.services.decisions import approve_submission
from compliance.services.replays import replay_approval
from compliance.services.rights_snapshots import get_evaluation
from compliance.services.signing_keys import get_key_path, load_keys
from compliance.services.status_lists import UnknownStatusList, make_status_list
from tests.compliance.approved import FINGERPRINT, approval, approve, make_submission
from tests.songs import LICENSED, SIDES, USES, make_intent

__all__ = ["approval"]
pytestmark = pytest.mark.django_db


ANA = Actor(label="user:ana", has_perm=lambda _: True)


def agree(action: str, *, by: str = "user:ben") -> Consent:
    return Consent(action=action, asked_by="user:ana", agreed_by=by)


def judge(approval: Approval, now, *, list_at=None) -> Standing:
    """How the certificate stands for somebody who has the token, the keys and a list."""
    approval.refresh_from_db()
    keys = load_keys()
    token = make_status_list(number=0, now=list_at or now)
    return judge_standing(
        certificate=read_certificate(token=approval.certificate, keys=keys),
        statuses=read_status_list(token=token, keys=keys), now=now,
    )  # fmt: skip


def test_an_approved_song_is_certified_as_it_was_cleared(approval, grant, now):
    certificate = read_certificate(token=approval.certificate, keys=load_keys())
    assert (certificate.approval, certificate.audio_sha256) == (approval.public_id, "ab" * 32)
    assert [stem.stem for stem in certificate.stems] == sorted(LICENSED[:2])  # those in the song
    for stem in certificate.stems:
        assert [(one.id, one.label) for one in stem.grants] == [(grant.id, "A-1/1")]
    assert certificate.territories == ("DE", "US")
    assert certificate.uses == tuple(make_intent()["uses"])
    assert certificate.fingerprint.sha256 == FINGERPRINT["sha256"]
    assert (certificate.engine_version, certificate.rights_policy) == ("9.9", "rights-2")
    assert (certificate.valid_from, certificate.valid_to) == (
        approval.valid_from,
        approval.valid_to,
    )
    assert certificate.issued_at == now.replace(microsecond=0)
    assert judge(approval, now) == Standing.VALID


def test_the_approval_is_an_event_of_the_generator(approval, generator):
    event = Event.objects.get(kind="approval.approved")
    assert (event.subject, event.actor) == (f"approval:{approval.public_id}", "user:mo")
    assert event.generator_id_text == generator.public_id


def test_a_song_approved_without_a_measurement_is_certified_without_a_fingerprint(
    generator, grant, now
):
    approval = approve(make_submission(generator, now, measured=False), now)
    certificate = read_certificate(token=approval.certificate, keys=load_keys())
    assert (certificate.fingerprint, certificate.engine_version) == (None, None)


def start_of_day(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), dt.UTC)


def test_the_period_ends_with_the_use_that_was_asked_for(approval, now):
    ends_on = dt.date.fromisoformat(make_intent()["ends_on"])
    assert approval.valid_to == start_of_day(ends_on)
    assert approval.valid_from == now.replace(microsecond=0)


def test_the_period_ends_with_the_first_grant(generator, grant, now):
    submission = make_submission(generator, now)
    until = now.date() + dt.timedelta(days=3)
    submission.clearance.rights["valid"]["until"] = until.isoformat()
    submission.clearance.save()
    assert approve(submission, now).valid_to == start_of_day(until)


def test_a_use_that_starts_later_is_not_valid_before(generator, grant, now):
    starts_on = now.date() + dt.timedelta(days=5)
    intent = make_intent(starts_on=starts_on.isoformat())
    approval = approve(make_submission(generator, now, intent=intent), now)
    assert approval.valid_from == start_of_day(starts_on)
    assert judge(approval, now) == Standing.NOT_YET_VALID


def test_a_song_approved_after_its_use_is_over_is_certified_for_no_time(generator, grant, now):
    submission = make_submission(generator, now)
    submission.clearance.rights["valid"]["until"] = now.date().isoformat()
    submission.clearance.save()
    approval = approve(submission, now)
    assert approval.valid_from == approval.valid_to
    assert judge(approval, now) == Standing.ENDED


def test_a_rejected_song_has_no_approval(generator, grant, now):
    from catalog.services.agreements import suspend_grant

    submission = make_submission(generator, now)
    suspend_grant(grant=grant, by=None)
    approve_submission(submission=submission, actor=SYSTEM, reasons=[], now=now)
    assert submission.status == "rejected"
    assert not Approval.objects.exists()


def test_a_song_is_not_approved_when_its_certificate_cannot_be_signed(
    generator, grant, now, settings, tmp_path
):
    from django.db import transaction

    submission = make_submission(generator, now)
    settings.CERTIFICATE_KEY_FILE = str(tmp_path / "missing.json")
    with pytest.raises(FileNotFoundError), transaction.atomic():
        approve_submission(submission=submission, actor=SYSTEM, reasons=[], now=now)
    submission.refresh_from_db()
    assert submission.status == "received"


def test_the_list_says_ended_from_the_moment_the_period_is_over(approval):
    second = dt.timedelta(seconds=1)
    before, after = approval.valid_to - second, approval.valid_to
    assert judge(approval, before) == Standing.VALID
    assert judge(approval, after) == Standing.ENDED
    assert approval.get_state(now=before) == "live"
    assert approval.get_state(now=after) == "sunset"


def test_an_end_that_is_brought_forward_shows_in_the_next_list(approval, now):
    minute = dt.timedelta(minutes=1)
    Approval.objects.update(valid_to=now + minute)
    assert judge(approval, now + minute) == Standing.ENDED
    assert judge(approval, now + minute, list_at=now) == Standing.VALID  # as the old list had it


def test_a_suspension_is_listed_and_can_be_lifted(approval, now):
    suspend_approval(approval=approval, actor=ANA, reason="dispute", now=now)
    assert judge(approval, now) == Standing.SUSPENDED
    reinstate_approval(
        approval=approval, consent=agree("approval.reinstate"), reason="settled", now=now
    )
    assert judge(approval, now) == Standing.VALID
    assert approval.changed_by == "user:ana and user:ben"
    kinds = Event.objects.filter(subject=f"approval:{approval.public_id}").values_list(
        "kind", flat=True
    )
    assert list(kinds.order_by("id")) == [
        "approval.approved",
        "approval.suspended",
        "approval.reinstated",
    ]


def test_suspending_takes_the_permission(approval, now):
    nobody = Actor(label="user:mo", has_perm=lambda _: False)
    with pytest.raises(NotAllowed, match="suspend_approval"):
        suspend_approval(approval=approval, actor=nobody, reason="dispute", now=now)
    assert judge(approval, now) == Standing.VALID


def test_nobody_lifts_a_suspension_against_the_rights(approval, grant, now):
    from catalog.services.agreements import suspend_grant

    suspend_approval(approval=approval, actor=ANA, reason="dispute", now=now)
    suspend_grant(grant=grant, by=None)
    with pytest.raises(RightsFailed, match="not licensed"):
        reinstate_approval(
            approval=approval, consent=agree("approval.reinstate"), reason="settled", now=now
        )
    assert judge(approval, now) == Standing.SUSPENDED


def test_revoking_takes_two_people_and_is_for_good(approval, now):
    with pytest.raises(SamePerson):
        agree("approval.revoke", by="user:ana")
    with pytest.raises(ValueError, match=r"approval\.reinstate is none to approval\.revoke"):
        revoke_approval(
            approval=approval, consent=agree("approval.reinstate"), reason="lost", now=now
        )
    consent = agree("approval.revoke")
    revoke_approval(approval=approval, consent=consent, reason="lost", now=now)
    assert judge(approval, now) == Standing.REVOKED
    assert judge(approval, approval.valid_to) == Standing.REVOKED
    with pytest.raises(IllegalTransition):
        reinstate_approval(
            approval=approval, consent=agree("approval.reinstate"), reason="oops", now=now
        )


def test_an_approval_whose_time_is_over_is_ended_once_and_said(approval, now):
    before, after = approval.valid_to - dt.timedelta(seconds=1), approval.valid_to
    assert (sunset_approvals(now=before), sunset_approvals(now=after)) == (0, 1)
    assert sunset_approvals(now=after) == 0
    approval.refresh_from_db()
    assert (approval.status, approval.changed_by) == ("sunset", "system")
    assert Event.objects.filter(kind="approval.sunset").count() == 1


def test_an_approval_rests_on_each_grant_of_each_stem_of_its_song(approval, grant):
    rows = approval.bases.values_list("stem__external_id", "grant")
    assert sorted(rows) == [(stem, grant.pk) for stem in sorted(LICENSED[:2])]


def test_a_list_costs_two_queries_however_many_approvals_it_holds(
    approval, now, django_assert_num_queries
):
    suspend_approval(approval=approval, actor=ANA, reason="dispute", now=now)
    with django_assert_num_queries(2):
        make_status_list(number=0, now=now)


@pytest.mark.parametrize("number", [1, 7, 10**30])
def test_a_list_that_no_certificate_names_does_not_exist(approval, number, now):
    with pytest.raises(UnknownStatusList):
        make_status_list(number=number, now=now)


def test_the_first_list_is_there_before_the_first_approval(db, now):
    assert read_status_list(token=make_status_list(number=0, now=now), keys=load_keys())


def test_an_approval_of_a_later_list_stands_there(approval, now):
    number, index = divmod(approval.submission_id, LIST_SIZE)
    assert approval.status_uri.endswith(f"/api/v1/status-lists/{number}")
    assert approval.status_index == index
    beyond = Approval(submission_id=3 * LIST_SIZE + 5)
    assert (beyond.status_uri[-2:], beyond.status_index) == ("/3", 5)


def test_the_key_is_made_once_and_readable_by_the_service_alone(approval):
    path = get_key_path()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert len(json.loads(path.read_text())["keys"]) == 1


def succeed_grant(grant, now, *, cap=None):
    """End a grant and put another one in its place, with a cap of its own."""
    successor = add_grant(
        agreement=grant.agreement, sides=SIDES, uses=USES, territories="DE, AT, US", stems=LICENSED,
        valid_from=now.date() - dt.timedelta(days=1), valid_until=now.date() + dt.timedelta(days=400),
    )  # fmt: skip
    if cap is not None:
        add_cap(grant=successor, limit=cap)
    activate_grant(grant=successor, by=None, now=now)
    end_grant(grant=grant, ends_on=now.date(), by=None, now=now)
    return successor


def get_taken(grant) -> list[tuple[int, int]]:
    return list(CapBalance.objects.filter(cap__grant=grant).values_list("held", "captured"))


def test_a_certificate_names_the_grants_that_hold_when_the_song_is_approved(generator, grant, now):
    submission = make_submission(generator, now)
    successor = succeed_grant(grant, now)
    approval = approve(submission, now)
    assert submission.clearance.rights["grants"] == [grant.pk]
    certificate = read_certificate(token=approval.certificate, keys=load_keys())
    assert [[one.label for one in stem.grants] for stem in certificate.stems] == [
        [successor.label]
    ] * 2
    assert set(approval.bases.values_list("grant", flat=True)) == {successor.pk}
    assert get_evaluation(approval=approval)["grants"] == [successor.pk]
    assert replay_approval(approval=approval).rights["grants"] == [successor.pk]


def test_caps_are_taken_from_the_grants_that_are_certified(generator, grant, now):
    submission = make_submission(generator, now)
    assert get_taken(grant) == [(1, 0)]
    successor = succeed_grant(grant, now, cap=1)
    approve(submission, now)
    assert get_taken(grant) == [(0, 0)]
    assert get_taken(successor) == [(0, 1)]


def test_a_song_is_rejected_when_the_grant_that_took_the_place_has_no_room(generator, grant, now):
    submission = make_submission(generator, now)
    successor = succeed_grant(grant, now, cap=1)
    make_submission(generator, now)  # holds the only place
    approve_submission(submission=submission, actor=SYSTEM, reasons=[], now=now)
    assert submission.status == "rejected"
    full = [r for r in submission.reasons if r["code"] == "rights.cap_exhausted"]
    assert {reason["grant"] for reason in full} == {successor.label}
    assert get_taken(grant) == [(1, 0)]  # the clearance's, for its next song
    assert get_taken(successor) == [(1, 0)]
    assert not Approval.objects.exists()
