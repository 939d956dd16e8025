"""Generators report the use of their songs."""

import datetime as dt

import pytest

from catalog.models import CapBalance, CapEntry
from compliance.models import Event, UsageEvent
from compliance.services.approvals import suspend_approval
from tests.compliance.approved import approval, approve, make_submission
from tests.compliance.two_people import make_person
from tests.compliance.usage.songs import make_approval, replace_grant
from tests.conftest import make_client, make_generator, make_key
from tests.songs import ask, make_intent

__all__ = ["approval"]
pytestmark = pytest.mark.django_db


def make_event(song, now, **changes) -> dict:
    return {
        "event_id": "e-1", "approval": song.public_id, "kind": "play", "at": now.isoformat(), "territory": "DE",
        "channel": "app", "quantity": 3, "seconds": 90,
    } | changes  # fmt: skip


def send(api, *events, **headers):
    return api.post("/api/v1/usage-events", {"events": events}, format="json", headers=headers)


def test_events_count_once_however_often_they_are_sent(api, approval, now):
    first = send(api, make_event(approval, now), make_event(approval, now, event_id="e-2"))
    assert first.status_code == 200, first.content
    assert (first.json()["counted"], first.json()["items"][0]["licensed"]) == (2, True)
    again = send(api, make_event(approval, now), make_event(approval, now, event_id="e-3")).json()
    assert (again["counted"], again["duplicates"], again["refused"]) == (1, 1, 0)
    assert UsageEvent.objects.count() == 3


def test_an_event_twice_in_one_batch_counts_once(api, approval, now):
    answer = send(api, make_event(approval, now), make_event(approval, now)).json()
    assert [item["status"] for item in answer["items"]] == ["counted", "duplicate"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"approval": "apr_none"}, "usage.unknown_approval"),
        ({"territory": "ZZ"}, "usage.unknown_territory"),
        ({"at": "2999-01-01T00:00:00Z"}, "usage.in_future"),
        ({"at": "2001-01-01T00:00:00Z"}, "usage.before_approval"),
        ({"seconds": None}, "usage.seconds_unknown"),
        ({"quantity": -4, "seconds": -90}, "usage.correction_too_large"),
        ({"event_id": "counted", "quantity": 5}, "usage.mismatch"),
    ],
)
def test_what_cannot_be_counted_is_refused_by_itself(api, approval, now, changes, code):
    assert send(api, make_event(approval, now, event_id="counted")).json()["counted"] == 1
    answer = send(
        api, make_event(approval, now, **changes), make_event(approval, now, event_id="x")
    )
    refused, counted = answer.json()["items"]
    assert (refused["status"], refused["code"], counted["status"]) == ("refused", code, "counted")
    assert refused["detail"]
    assert answer.json()["items"][0]["licensed"] is None


def test_a_body_that_does_not_fit_counts_nothing_and_says_where(api, approval, now):
    answer = send(
        api, make_event(approval, now), make_event(approval, now, kind="whistle", at="now")
    )
    assert answer.status_code == 422
    assert {error["pointer"] for error in answer.json()["errors"]} == {
        "/events/1/kind", "/events/1/at",
    }  # fmt: skip
    assert send(api).status_code == 422
    many = [make_event(approval, now, event_id=str(number)) for number in range(1001)]
    assert send(api, *many).status_code == 422
    assert not UsageEvent.objects.exists()


def test_a_thousand_events_cost_as_many_queries_as_ten(
    api, approval, now, django_assert_max_num_queries
):
    events = [make_event(approval, now, event_id=str(number)) for number in range(1000)]
    with django_assert_max_num_queries(40):
        assert send(api, *events).json()["counted"] == 1000


def test_a_correction_takes_back_what_was_reported_too_much(api, approval, now):
    send(api, make_event(approval, now))
    answer = send(api, make_event(approval, now, event_id="c", quantity=-2, seconds=-60)).json()
    assert answer["counted"] == 1
    assert sum(UsageEvent.objects.values_list("quantity", flat=True)) == 1


def test_use_of_a_suspended_song_is_recorded_and_marked(api, approval, now):
    suspend_approval(approval=approval, actor=make_person("ana"), reason="dispute", now=now)
    later = (now + dt.timedelta(seconds=1)).isoformat()
    answer = send(api, make_event(approval, now, at=later)).json()
    assert (answer["counted"], answer["items"][0]["licensed"]) == (1, False)


def test_the_key_of_a_request_is_honored(api, approval, now):
    first = send(api, make_event(approval, now), **{"Idempotency-Key": "k"})
    again = send(api, make_event(approval, now), **{"Idempotency-Key": "k"})
    assert again.json() == first.json()
    assert again.headers["Idempotency-Replayed"] == "true"


def test_nobody_reports_the_use_of_another_ones_song(approval, now):
    stranger = make_client(make_key(make_generator("Stranger"))[1])
    answer = send(stranger, make_event(approval, now)).json()
    assert (answer["refused"], answer["items"][0]["code"]) == (1, "usage.unknown_approval")


def test_plays_go_to_the_ledger_of_their_grants_and_marks_are_told(api, grant, generator, now):
    cap = {"limit": 10, "unit": "play", "on_limit": "notify", "warn_at_pct": 50}
    made = replace_grant(grant, now, caps=[cap])
    song = make_approval(generator, now)
    send(api, make_event(song, now, quantity=4, seconds=120))
    assert not Event.objects.filter(kind__startswith="cap.").exists()
    send(api, make_event(song, now, event_id="2", quantity=2, seconds=60))
    send(api, make_event(song, now, event_id="3", quantity=7, seconds=210))
    balance = CapBalance.objects.get(cap__grant=made)
    assert balance.captured == 13
    told = Event.objects.filter(kind__startswith="cap.").order_by("id")
    assert [event.kind for event in told] == ["cap.warning", "cap.exhausted"]
    send(api, make_event(song, now, event_id="4", quantity=-5, seconds=-150))
    balance.refresh_from_db()
    assert balance.captured == 8
    kinds = CapEntry.objects.filter(cap__grant=made).order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["capture", "capture", "capture", "reverse"]


def test_expected_plays_are_held_captured_and_used_up_before_more_is_taken(
    api, grant, generator, now
):
    made = replace_grant(grant, now, caps=[{"limit": 100, "unit": "play"}])
    assert ask(api).json()["outcome"] == "denied"  # nobody says how much it takes
    cleared = ask(api, intent=make_intent(plays=60))
    assert cleared.json()["outcome"] == "cleared", cleared.json()["reasons"]
    assert ask(api, intent=make_intent(plays=60)).json()["outcome"] == "denied"
    balance = CapBalance.objects.get(cap__grant=made)
    assert (balance.held, balance.captured) == (60, 0)
    api.post(f"/api/v1/clearances/{cleared.json()['id']}:cancel")
    song = approve(make_submission(generator, now, intent=make_intent(plays=60)), now)
    send(api, make_event(song, now, quantity=50))
    balance.refresh_from_db()
    assert (balance.held, balance.captured) == (0, 60)
    send(api, make_event(song, now, event_id="2", quantity=15))
    balance.refresh_from_db()
    assert balance.captured == 65
