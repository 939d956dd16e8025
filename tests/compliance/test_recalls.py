"""Recalls as the service does them: opened by itself or by people, in chunks, each song once."""

import datetime as dt
from functools import partial
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone

from catalog.queries.stopped import get_grant_source, get_stem_source
from catalog.services.agreements import (
    activate_grant,
    add_grant,
    end_grant,
    resume_grant,
    suspend_grant,
)
from catalog.services.stems import withdraw_stem
from compliance import tasks
from compliance.models import (
    ActionRequest,
    Approval,
    ApprovalBasis,
    Event,
    Job,
    Recall,
    RecallNotice,
    RecallSong,
)
from compliance.services import recall_batches
from compliance.services.acknowledgements import Acknowledgement, acknowledge_songs
from compliance.services.action_requests import SamePerson
from compliance.services.actors import NotAllowed, as_generator
from compliance.services.agreements import agree_to_request, turn_down_request
from compliance.services.approval_ends import sunset_approvals
from compliance.services.approvals import suspend_approval
from compliance.services.notices import tell_of_caps, tell_of_endings
from compliance.services.recall_batches import apply_chunk, finish_recall
from compliance.services.recall_telling import tell_chunk
from compliance.services.recalls import (
    NotUndoable,
    cancel_recall,
    close_recall,
    open_due_recalls,
    open_recall,
    remind_generators,
    undo_recall,
)
from tests.compliance.approved import approve, make_submission
from tests.compliance.two_people import make_person
from tests.songs import LICENSED, SIDES, USES, make_intent

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture
def songs(generator, grant, now) -> list[Approval]:
    """Three approved songs of the licensed stems."""
    return [approve(make_submission(generator, now), now) for _ in range(3)]


def sweep(now=None) -> None:
    """Do what the supervisor and a worker do with recalls that are due."""
    open_due_recalls(now=now or timezone.now())
    for recall in Recall.objects.filter(status="applying"):
        tasks.run_job(str(Job.objects.get(kind="apply_recall", subject=recall.public_id).pk))


def list_states() -> list[str]:
    return list(Approval.objects.order_by("pk").values_list("status", flat=True))


def list_kinds(prefix: str) -> list[str]:
    return list(Event.objects.filter(kind__startswith=prefix).values_list("kind", flat=True))


def end(grant, now) -> None:
    end_grant(grant=grant, ends_on=now.date(), by=None, now=now)


# -- By itself ---------------------------------------------------------------------------------------------------------


def test_nothing_is_recalled_while_the_grants_hold(songs):
    sweep()
    assert not Recall.objects.exists()
    assert list_states() == ["live"] * 3


def test_a_grant_that_ended_takes_every_song_down_and_tells_the_generator(songs, grant, now):
    end(grant, now)
    sweep()
    recall = Recall.objects.get()
    assert (recall.cause, recall.measure, recall.opened_by) == ("grant_ended", "takedown", "system")
    assert (recall.status, recall.n_found, recall.n_moved, recall.n_kept) == ("open", 3, 3, 0)
    assert list_states() == ["revoked"] * 3
    notice = RecallNotice.objects.get()
    assert (notice.n_songs, notice.n_acknowledged) == (3, 0)
    told = Event.objects.filter(kind="recall.opened").get()
    assert told.generator_id_text == notice.generator.public_id
    assert list_kinds("approval.revoked") == ["approval.revoked"] * 3
    sweep()
    assert Recall.objects.count() == 1


@pytest.mark.parametrize(
    ("terms", "state", "action", "days"),
    [
        ({}, "revoked", "take_down", 7),
        ({"sunset_days": 30}, "sunset", "take_down", 30),
        ({"tail": "archive_only"}, "sunset", "archive", 7),
        ({"tail": "leave_existing", "sunset_days": 3}, "sunset", "stop_new_use", 7),
    ],
    ids=str,
)
def test_the_tail_of_the_grant_decides_what_becomes_of_its_songs(
    generator, grant, now, terms, state, action, days
):
    from catalog.services.agreements import draft_successor

    successor = draft_successor(grant=grant, valid_from=now.date(), changes=terms, by=None)
    activate_grant(grant=successor, by=None, now=now)
    approve(make_submission(generator, now), now)
    end(successor, now)
    sweep()
    recall = Recall.objects.get(grant=successor.pk)
    assert (list_states(), recall.required_action) == ([state], action)
    end_of_grant = dt.datetime.combine(now.date(), dt.time(), dt.UTC)
    assert recall.deadline_at >= end_of_grant + days * DAY
    assert recall.deadline_at <= now + days * DAY + dt.timedelta(seconds=5)


def test_a_grant_that_is_suspended_suspends_its_songs_whatever_its_tail(songs, grant):
    suspend_grant(grant=grant, by=None)
    sweep()
    assert list_states() == ["suspended"] * 3
    assert Recall.objects.get().required_action == "pause"


def test_a_withdrawn_stem_takes_down_the_songs_it_is_in_and_no_other(generator, grant, now):
    with_it = approve(make_submission(generator, now), now)
    submission = make_submission(generator, now)
    submission.manifest["placements"] = [
        row for row in submission.manifest["placements"] if row["stem"] != LICENSED[0]
    ]
    submission.save()
    without_it = approve(submission, now)
    withdraw_stem(external_id=LICENSED[0], by=None, note="claimed")
    sweep()
    with_it.refresh_from_db()
    without_it.refresh_from_db()
    assert (with_it.status, without_it.status) == ("revoked", "live")
    assert Recall.objects.get().cause == "stem_withdrawn"


def test_a_song_that_another_grant_covers_is_kept_and_found_by_that_one(songs, grant, now):
    other = add_grant(
        agreement=grant.agreement, sides=SIDES, uses=USES, territories="DE, AT, US", stems=LICENSED,
        valid_from=now.date() - DAY, valid_until=now.date() + 400 * DAY,
    )  # fmt: skip
    activate_grant(grant=other, by=None, now=now)
    end(grant, now)
    sweep()
    recall = Recall.objects.get()
    assert (recall.n_moved, recall.n_kept, recall.status) == (0, 3, "closed")
    assert list_states() == ["live"] * 3
    assert not Event.objects.filter(kind="recall.opened").exists()
    end(other, now)
    sweep()
    assert list_states() == ["revoked"] * 3
    assert Recall.objects.count() == 2


def test_a_song_whose_own_time_is_over_is_ended_and_not_recalled(generator, grant, now):
    approve(make_submission(generator, now, intent=make_intent(
        ends_on=(now.date() + DAY).isoformat())), now)  # fmt: skip
    later = now + 500 * DAY
    sunset_approvals(now=later)
    sweep(later)
    assert list_states() == ["sunset"]
    assert Recall.objects.get().n_found == 0


def test_the_end_of_its_time_leaves_a_song_to_the_recall_that_is_running(songs, grant, now):
    end(grant, now)
    open_due_recalls(now=now)
    assert sunset_approvals(now=now + 500 * DAY) == 0
    sweep()
    assert list_states() == ["revoked"] * 3


def test_two_sweeps_open_one_recall(songs, grant, now, monkeypatch):
    from compliance.services import recalls

    end(grant, now)
    open_due_recalls(now=now)
    monkeypatch.setattr(  # as if the other sweep had not committed yet
        recalls,
        "_leave_out_covered",
        lambda sources: [s for s in sources if s.grant_id == grant.pk],
    )
    assert recalls.open_due_recalls(now=now) == []
    assert Recall.objects.filter(grant=grant.pk).count() == 1


# -- In chunks ---------------------------------------------------------------------------------------------------------


def test_a_batch_goes_on_where_it_was_killed(songs, grant, now):
    end(grant, now)
    open_due_recalls(now=now)
    recall = Recall.objects.get()
    assert apply_chunk(recall_id=recall.pk, now=now, size=2) == 2
    recall.refresh_from_db()
    assert (recall.n_found, recall.n_moved, recall.cursor) == (3, 2, songs[1].pk)
    assert list_states() == ["revoked", "revoked", "live"]  # here the worker is killed
    assert list_kinds("approval.revoked") == []
    while apply_chunk(recall_id=recall.pk, now=now):
        pass
    assert tell_chunk(recall_id=recall.pk, now=now, size=1) == 1  # and here again
    sweep()
    assert list_states() == ["revoked"] * 3
    assert RecallSong.objects.count() == 3
    assert RecallNotice.objects.get().n_songs == 3
    assert len(list_kinds("recall.opened")) == 1
    told = list(Event.objects.filter(kind="approval.revoked").values_list("subject", flat=True))
    assert told == [f"approval:{song.public_id}" for song in songs]
    recall.refresh_from_db()
    assert (recall.n_told, recall.status) == (3, "open")


def test_every_status_is_in_the_list_before_anybody_is_told_of_a_song(
    songs, grant, now, monkeypatch
):
    at_the_first_message = []

    def note(**arguments):
        at_the_first_message.extend(list_states())
        return tell_chunk(**arguments)

    monkeypatch.setattr(recall_batches, "apply_chunk", partial(apply_chunk, size=1))
    monkeypatch.setattr(recall_batches, "tell_chunk", note)
    end(grant, now)
    sweep()
    assert at_the_first_message[:3] == ["revoked"] * 3


def test_what_a_stopped_batch_moved_is_told_of_when_it_is_cancelled(songs, grant, now):
    end(grant, now)
    open_due_recalls(now=now)
    recall = Recall.objects.get()
    apply_chunk(recall_id=recall.pk, now=now, size=2)
    Job.objects.update(state="dead")
    Recall.objects.update(problem="disk full")
    recall.refresh_from_db()
    cancel_recall(recall=recall, actor=make_person("ana"), now=now)
    tasks.run_job(str(Job.objects.get(kind="apply_recall", state="pending").pk))
    assert len(list_kinds("approval.revoked")) == 2
    assert list_states() == ["revoked", "revoked", "live"]


def test_a_batch_costs_as_many_queries_for_three_songs_as_for_one(
    songs, grant, now, django_assert_max_num_queries
):
    end(grant, now)
    open_due_recalls(now=now)
    with django_assert_max_num_queries(45):
        assert apply_chunk(recall_id=Recall.objects.get().pk, now=now) == 3
    with django_assert_max_num_queries(25):
        assert tell_chunk(recall_id=Recall.objects.get().pk, now=now) == 3


def test_a_cancelled_batch_stops_and_leaves_what_it_moved(songs, grant, now):
    end(grant, now)
    open_due_recalls(now=now)
    recall = Recall.objects.get()
    apply_chunk(recall_id=recall.pk, now=now, size=1)
    recall.refresh_from_db()
    cancel_recall(recall=recall, actor=make_person("ana"), now=now)
    assert apply_chunk(recall_id=recall.pk, now=now) == 0
    finish_recall(recall_id=recall.pk, now=now)
    recall.refresh_from_db()
    assert (recall.status, list_states()) == ("cancelled", ["revoked", "live", "live"])


def test_a_batch_that_keeps_failing_says_why_and_a_person_lets_it_go_on(songs, grant, now):
    from compliance.services.recalls import continue_recall

    end(grant, now)
    open_due_recalls(now=now)
    job = Job.objects.get(kind="apply_recall")
    job.error = "disk full"
    tasks.BURIALS["apply_recall"](job)
    Job.objects.update(state="dead")
    recall = Recall.objects.get()
    assert recall.problem == "disk full"
    continue_recall(recall=recall, now=now)
    tasks.run_job(str(Job.objects.get(kind="apply_recall", state="pending").pk))
    assert list_states() == ["revoked"] * 3


def test_events_of_a_batch_are_chained_and_delivered_at_a_pace(songs, grant, generator, now):
    from compliance.audit import ChainVerification
    from compliance.services.audit_log import read_log
    from compliance.services.webhooks import create_endpoint

    create_endpoint(generator=generator, url="https://hooks.example/", kinds=[], by="t")
    end(grant, now)
    sweep()
    assert not list(ChainVerification().find_faults(read_log()))
    due = list(Job.objects.filter(kind="deliver_webhook").order_by("due_at"))
    assert len(due) == 4  # recall.opened and three songs
    assert due[-1].due_at - due[0].due_at >= dt.timedelta(seconds=3 / 50)


# -- By hand -----------------------------------------------------------------------------------------------------------


def decide(grant, now, *, measure="suspend", n_songs=3, by="ana", effective_at=None) -> Recall:
    return open_recall(
        source=get_grant_source(label=grant.label, on=now.date()), measure=measure, reason="dispute",
        effective_at=effective_at or now, n_songs=n_songs, actor=make_person(by), now=now,
    )  # fmt: skip


def test_one_person_suspends_few_songs_though_the_grant_holds(songs, grant, now):
    assert decide(grant, now).status == "scheduled"
    sweep()
    assert list_states() == ["suspended"] * 3
    assert Approval.objects.first().changed_by == "user:ana"


@pytest.mark.parametrize(
    ("measure", "n_songs"), [("suspend", 101), ("takedown", 1), ("leave_existing", 1)]
)
def test_many_songs_or_for_good_takes_two_people(songs, grant, now, measure, n_songs):
    recall = decide(grant, now, measure=measure, n_songs=n_songs)
    sweep()
    assert (recall.status, list_states()) == ("proposed", ["live"] * 3)
    request = ActionRequest.objects.get()
    with pytest.raises(SamePerson):
        agree_to_request(request=request, actor=make_person("ana"), note="", now=now)
    agree_to_request(request=request, actor=make_person("ben"), note="", now=now)
    sweep()
    assert len(set(list_states()) - {"live"}) == 1
    assert Approval.objects.first().changed_by == "user:ana and user:ben"


def test_a_recall_that_is_refused_never_begins(songs, grant, now):
    recall = decide(grant, now, measure="takedown")
    turn_down_request(
        request=ActionRequest.objects.get(), actor=make_person("ben"), note="no ground", now=now
    )
    sweep()
    recall.refresh_from_db()
    assert (recall.status, list_states()) == ("cancelled", ["live"] * 3)


def test_a_recall_waits_for_its_date(songs, grant, now):
    decide(grant, now, effective_at=now + DAY)
    sweep(now)
    assert list_states() == ["live"] * 3
    sweep(now + DAY)
    assert list_states() == ["suspended"] * 3


def test_a_recall_takes_the_permission(songs, grant, now):
    nobody = make_person("mo", "moderation.decide_reviewcase")
    with pytest.raises(NotAllowed, match="open_recall"):
        open_recall(
            source=get_stem_source(external_id=LICENSED[0]), measure="suspend", reason="x", effective_at=now, n_songs=1,
            actor=nobody, now=now,
        )  # fmt: skip


# -- Undone ------------------------------------------------------------------------------------------------------------


def undo(recall: Recall, now) -> Recall:
    done = undo_recall(recall=recall, reason="settled", actor=make_person("ana"), now=now)
    request = ActionRequest.objects.get(action="recall.undo", status="waiting")
    agree_to_request(request=request, actor=make_person("ben"), note="", now=now)
    sweep()
    done.refresh_from_db()
    return done


def test_an_undo_reinstates_what_the_recall_suspended_and_nothing_else(songs, grant, now):
    suspend_approval(approval=songs[0], actor=make_person("cy"), reason="other", now=now)
    recall = decide(grant, now)
    sweep()
    recall.refresh_from_db()
    done = undo(recall, now)
    assert list_states() == ["suspended", "live", "live"]
    assert (done.n_moved, done.required_action) == (2, "resume")
    assert len(list_kinds("approval.reinstated")) == 2
    with pytest.raises(NotUndoable):
        undo_recall(recall=recall, reason="again", actor=make_person("ana"), now=now)


def test_an_undo_gives_no_song_back_whose_rights_do_not_hold(songs, grant, now):
    suspend_grant(grant=grant, by=None)
    sweep()
    done = undo(Recall.objects.get(), now)
    assert (done.n_moved, done.n_kept, list_states()) == (0, 3, ["suspended"] * 3)


def test_a_resumed_grant_lets_its_songs_be_given_back_and_suspended_again(songs, grant, now):
    for _ in range(2):
        suspend_grant(grant=grant, by=None)
        sweep()
        assert list_states() == ["suspended"] * 3
        grant = resume_grant(grant=grant, by=None)
        recall = Recall.objects.filter(cause="grant_suspended").latest("pk")
        undo(recall, now)
        assert list_states() == ["live"] * 3


def test_a_song_that_two_recalls_suspend_comes_back_when_both_are_undone(songs, grant, now):
    first, second = decide(grant, now), decide(grant, now, by="cy")
    sweep()
    for recall in (first, second):
        recall.refresh_from_db()
    undo(first, now)
    assert list_states() == ["suspended"] * 3
    undo(second, now)
    assert list_states() == ["live"] * 3


def test_what_was_taken_down_is_not_given_back(songs, grant, now):
    end(grant, now)
    sweep()
    with pytest.raises(NotUndoable, match="suspended nothing"):
        undo_recall(recall=Recall.objects.get(), reason="x", actor=make_person("ana"), now=now)


# -- Acknowledged ------------------------------------------------------------------------------------------------------


def acknowledge(recall: Recall, generator, approvals, now):
    items = [Acknowledgement(approval=a.public_id, action="taken_down", at=now) for a in approvals]
    return acknowledge_songs(
        recall_id=recall.public_id, generator=generator, items=items, now=now,
        actor=as_generator(generator, scopes={"recalls:write"}),
    )  # fmt: skip


def test_the_last_acknowledgement_closes_the_recall(songs, grant, generator, now):
    end(grant, now)
    sweep()
    recall = Recall.objects.get()
    first = acknowledge(recall, generator, songs[:2], now)
    again = acknowledge(recall, generator, songs[:2], now)
    assert (first.n_accepted, again.n_accepted, again.n_unchanged) == (2, 0, 2)
    assert len(list_kinds("recall.acknowledged")) == 1
    acknowledge(recall, generator, songs, now)
    recall.refresh_from_db()
    assert (recall.status, recall.closed_by) == ("closed", "system")
    closed = Event.objects.filter(kind="recall.closed").values_list("generator_id_text", flat=True)
    assert sorted(closed) == ["", generator.public_id]


def test_a_generator_is_reminded_once_when_the_deadline_is_near(songs, grant, generator, now):
    end(grant, now)
    sweep()
    recall = Recall.objects.get()
    near = recall.deadline_at - dt.timedelta(hours=23)
    assert remind_generators(now=now) == 0
    assert (remind_generators(now=near), remind_generators(now=near)) == (1, 0)
    assert list_kinds("recall.deadline_near") == ["recall.deadline_near"]
    acknowledge(recall, generator, songs, now)
    RecallNotice.objects.update(reminded_at=None)
    assert remind_generators(now=near) == 0


def test_a_person_closes_a_recall_that_nobody_acknowledges(songs, grant, now):
    end(grant, now)
    sweep()
    recall = Recall.objects.get()
    close_recall(recall=recall, actor=make_person("ana"), now=now)
    assert (recall.status, recall.closed_by) == ("closed", "user:ana")


# -- In time -----------------------------------------------------------------------------------------------------------


def test_generators_are_told_of_a_cap_that_runs_out_once_for_each_level(generator, grant, now):
    for n_songs, expected in ((3, []), (1, ["cap.warning"]), (1, ["cap.warning", "cap.exhausted"])):
        for _ in range(n_songs):
            approve(make_submission(generator, now), now)
        tell_of_caps(now=now)
        tell_of_caps(now=now)
        assert list_kinds("cap.") == expected
    event = Event.objects.get(kind="cap.warning")
    assert event.generator_id_text == generator.public_id
    assert (event.data["limit"], event.data["taken"]) == (5, 4)


def test_generators_are_told_of_a_grant_that_ends_in_each_band_once(songs, grant, generator, now):
    ends = dt.datetime.combine(grant.valid_until, dt.time(), dt.UTC)
    for days in (100, 90, 80, 30, 7, 2, 1):
        tell_of_endings(now=ends - days * DAY)
        tell_of_endings(now=ends - days * DAY)
    told = Event.objects.filter(kind="license.expiring")
    assert [event.data["days"] for event in told] == [90, 30, 7, 1]
    assert {event.generator_id_text for event in told} == {generator.public_id}
    assert told[0].subject == f"license:{grant.label}"


def test_an_approval_of_before_is_found_by_the_grants_in_its_certificate(songs):
    rows = set(ApprovalBasis.objects.values_list("approval", "stem", "grant"))
    guards = import_module("compliance.migrations.0013_recall_guards")
    with connection.cursor() as cursor:
        editor = SimpleNamespace(connection=connection, execute=cursor.execute)
        guards._guards.drop(guards.GUARDS)(apps, editor)
        ApprovalBasis.objects.all()._raw_delete("default")
        guards.read_bases(apps, editor)
        guards._guards.create(guards.GUARDS)(apps, editor)
    assert set(ApprovalBasis.objects.values_list("approval", "stem", "grant")) == rows
