"""Events and webhooks as a generator meets them, over HTTP, with a receiver that really listens."""

import datetime as dt
import json
import re
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import timezone

from compliance import tasks
from compliance.models import Event, IdempotencyRecord, Job, WebhookDelivery, WebhookEndpoint
from compliance.services.events import record_event
from compliance.services.outbox import RETRIES
from compliance.services.sealing import get_sealed
from compliance.services.webhooks import MAX_ENDPOINTS
from tests.compliance.receiver import run_receiver
from tests.conftest import make_client, make_generator, make_key

pytestmark = pytest.mark.django_db(transaction=True)
DOCS = Path(__file__).parents[2] / "docs" / "webhooks.md"
ANY = {"If-Match": "*"}
ENDPOINTS = "/api/v1/webhook-endpoints"


@pytest.fixture(autouse=True)
def _allow_private(settings) -> None:
    settings.WEBHOOK_ALLOW_PRIVATE = True


@pytest.fixture
def receiver():
    with run_receiver() as running:
        yield running


@pytest.fixture
def endpoint(api, receiver) -> dict:
    return create(api, receiver.url)


def create(api, url: str, **fields) -> dict:
    response = api.post(ENDPOINTS, {"url": url, **fields}, format="json")
    assert response.status_code == 201, response.content
    return response.json()


def happen(
    generator, kind: str = "submission.approved", subject: str = "submission:sub_1"
) -> Event:
    with transaction.atomic():
        event = record_event(
            kind=kind, subject=subject, actor="user:mo", generator=generator.public_id, data={"note": "inside"}
        )  # fmt: skip
    return get_sealed(event)


def work_off() -> None:
    """Do what workers and the sweeper do with whatever is due."""
    for job in Job.objects.filter(state="pending"):
        tasks.run_job(str(job.pk))
    tasks.sweep_jobs()


def end_pauses() -> None:
    """Let time pass."""
    past = timezone.now() - dt.timedelta(seconds=1)
    Job.objects.filter(state="pending").update(not_before=past, due_at=past)


def read_log(api, endpoint: dict) -> list[dict]:
    return api.get(f"{ENDPOINTS}/{endpoint['id']}/deliveries").json()["items"]


def verify(secret: str, got) -> dict:
    """Read a message with the code that docs/webhooks.md gives."""
    (code,) = re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)
    found: dict = {}
    exec(code, found)  # noqa: S102 - that it runs is what we test
    _, headers, body = got
    return found["read_webhook"](secret, headers, body)


# -- Polling -----------------------------------------------------------------------------------------------------------


def test_a_generator_reads_its_own_events_in_order_and_never_twice(api, generator):
    stranger = make_generator("Stranger")
    for number in range(5):
        happen(generator, subject=f"submission:sub_{number}")
        happen(stranger)
    first = api.get("/api/v1/events?limit=3").json()
    assert first["has_more"]
    second = api.get(f"/api/v1/events?after={first['next_after']}&limit=3").json()
    assert not second["has_more"]
    events = first["items"] + second["items"]
    made = [event for event in events if event["type"] == "submission.approved"]
    assert [event["data"]["id"] for event in made] == [f"sub_{number}" for number in range(5)]
    assert [event["sequence"] for event in events] == sorted(
        {event["sequence"] for event in events}
    )
    last = second["next_after"]
    assert api.get(f"/api/v1/events?after={last}").json() == {
        "items": [], "next_after": last, "has_more": False,
    }  # fmt: skip


def test_an_event_names_the_thing_and_neither_reviewers_nor_notes(api, generator):
    event = happen(generator)
    found = api.get("/api/v1/events").json()["items"][-1]
    assert found == {
        "id": event.public_id, "type": "submission.approved", "sequence": event.sequence,
        "timestamp": found["timestamp"], "data": {"object": "submission", "id": "sub_1"},
    }  # fmt: skip


@pytest.mark.parametrize("query", ["after=-1", "after=x", "limit=0", "limit=501", "aftr=1"])
def test_a_faulty_query_is_named(api, query):
    response = api.get(f"/api/v1/events?{query}")
    assert (response.status_code, response.json()["code"]) == (422, "request.invalid")
    assert response.json()["errors"][0]["pointer"] == "/" + query.partition("=")[0]


# -- Endpoints ---------------------------------------------------------------------------------------------------------


def test_the_secret_is_shown_once_and_never_again(api, receiver):
    first, again = (
        api.post(ENDPOINTS, {"url": receiver.url}, format="json", headers={"Idempotency-Key": "k"})
        for _ in range(2)
    )
    secret = first.json()["secret"]
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", secret)
    assert (again.headers["Idempotency-Replayed"], again.json()["secret"]) == ("true", None)
    assert first.json()["id"] == again.json()["id"]
    address = f"{ENDPOINTS}/{first.json()['id']}"
    for response in (
        again,
        api.get(ENDPOINTS),
        api.get(address),
        api.patch(address, {}, format="json", headers=ANY),
    ):
        assert secret not in response.content.decode()


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"url": "http://hooks.example/"}, "/url"), ({"url": "https://10.0.0.1/"}, "/url"), ({"url": 7}, "/url"),
        ({"kinds": ["submission"]}, "/kinds/0"), ({"kinds": "all"}, "/kinds"), ({"kind": []}, "/kind"),
    ],
    ids=str,
)  # fmt: skip
def test_a_faulty_field_is_named(api, settings, change, pointer):
    settings.WEBHOOK_ALLOW_PRIVATE = False
    response = api.post(ENDPOINTS, {"url": "https://hooks.example/"} | change, format="json")
    assert response.status_code == 422, response.content
    assert pointer in {error["pointer"] for error in response.json()["errors"]}
    assert not WebhookEndpoint.objects.exists()


def test_a_change_to_what_somebody_else_changed_is_refused(api, endpoint):
    address = f"{ENDPOINTS}/{endpoint['id']}"
    read = api.get(address).headers["ETag"]
    first = api.patch(address, {"enabled": False}, format="json", headers={"If-Match": read})
    assert first.status_code == 200
    for stale in (
        api.patch(address, {"enabled": True}, format="json", headers={"If-Match": read}),
        api.delete(address, headers={"If-Match": read}),
    ):
        assert (stale.status_code, stale.json()["code"]) == (412, "precondition.failed")
    now_read = api.get(address)
    assert now_read.json()["enabled"] is False
    assert api.get(address, headers={"If-None-Match": now_read.headers["ETag"]}).status_code == 304
    assert api.delete(address, headers={"If-Match": now_read.headers["ETag"]}).status_code == 204


def test_a_change_must_say_what_it_was_made_to(api, endpoint):
    address = f"{ENDPOINTS}/{endpoint['id']}"
    before = api.get(address).json()
    for unsaid in (api.patch(address, {"enabled": False}, format="json"), api.delete(address)):
        assert (unsaid.status_code, unsaid.json()["code"]) == (428, "precondition.required")
    assert api.get(address).json() == before


def test_a_secret_is_rotated_once_for_a_key(api, endpoint):
    address = f"{ENDPOINTS}/{endpoint['id']}:rotate-secret"
    first, again = (api.post(address, headers={"Idempotency-Key": "r-1"}) for _ in range(2))
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json() == first.json() | {"secret": None}
    assert WebhookEndpoint.objects.get().secret == first.json()["secret"]
    assert not IdempotencyRecord.objects.filter(
        body__icontains=first.json()["secret"].removeprefix("whsec_")
    ).exists()


def test_a_test_and_a_replay_are_sent_once_for_a_key(api, generator, endpoint):
    event = happen(generator)
    for address in (
        f"{ENDPOINTS}/{endpoint['id']}:test",
        f"/api/v1/events/{event.public_id}:replay",
    ):
        first, again = (api.post(address, headers={"Idempotency-Key": address}) for _ in range(2))
        assert (first.status_code, again.status_code) == (202, 202)
        assert again.headers["Idempotency-Replayed"] == "true"
        assert again.json() == first.json()
    assert WebhookDelivery.objects.count() == 2  # the event's and the test's


def test_an_endpoint_is_changed_and_deleted(api, generator, endpoint, receiver):
    address = f"{ENDPOINTS}/{endpoint['id']}"
    changed = api.patch(
        address, {"kinds": ["clearance.*"], "enabled": False}, format="json", headers=ANY
    ).json()
    assert (changed["kinds"], changed["enabled"], changed["url"]) == (
        ["clearance.*"],
        False,
        receiver.url,
    )
    assert api.patch(address, {"enabled": "yes"}, format="json", headers=ANY).status_code == 422
    assert api.delete(address, headers=ANY).status_code == 204
    assert api.get(address).status_code == 404
    assert api.get(ENDPOINTS).json() == {"items": []}
    assert not WebhookEndpoint.objects.get().secret
    happen(generator)
    assert not WebhookDelivery.objects.exists()


def test_there_is_a_limit_to_endpoints(api, receiver):
    for _ in range(MAX_ENDPOINTS):
        create(api, receiver.url)
    response = api.post(ENDPOINTS, {"url": receiver.url}, format="json")
    assert (response.status_code, response.json()["code"]) == (409, "webhook.too_many")


def test_another_generator_sees_none_of_it(generator, endpoint):
    stranger = make_client(make_key(make_generator("Stranger"))[1])
    event, address = happen(generator), f"{ENDPOINTS}/{endpoint['id']}"
    for response in (
        stranger.get(address), stranger.patch(address, {}, format="json"), stranger.delete(address),
        stranger.post(f"{address}:test"), stranger.post(f"{address}:rotate-secret"), stranger.get(f"{address}/deliveries"),
        stranger.post(f"/api/v1/events/{event.public_id}:replay"),
    ):  # fmt: skip
        assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert stranger.get(ENDPOINTS).json() == {"items": []}


# -- Delivery ----------------------------------------------------------------------------------------------------------


def test_an_event_is_delivered_signed_and_logged(api, generator, endpoint, receiver):
    event = happen(generator)
    work_off()
    message = verify(endpoint["secret"], receiver.got[0])
    assert message == api.get(f"/api/v1/events?after={event.sequence - 1}").json()["items"][0]
    assert receiver.got[0][1]["webhook-id"] == event.public_id
    (delivery,) = read_log(api, endpoint)
    assert (delivery["state"], [a["status_code"] for a in delivery["attempts"]]) == (
        "delivered",
        [204],
    )
    work_off()
    assert len(receiver.got) == 1


def test_event_and_delivery_are_made_together_or_not_at_all(generator, endpoint):
    before = Event.objects.count()
    with transaction.atomic():
        happen(generator)
        assert WebhookDelivery.objects.count() == 1
        transaction.set_rollback(True)
    assert (Event.objects.count(), WebhookDelivery.objects.count()) == (before, 0)
    assert not Job.objects.exists()


def test_only_the_kinds_an_endpoint_wants_are_sent_to_it(api, generator, receiver):
    one = create(api, receiver.url, kinds=["submission.approved"])
    area = create(api, receiver.url, kinds=["clearance.*"])
    for kind in (
        "submission.approved",
        "submission.rejected",
        "clearance.cleared",
        "approval.live",
    ):
        happen(generator, kind=kind)
    happen(make_generator("Stranger"))
    work_off()
    sent = {
        each["id"]: [row["event"]["type"] for row in read_log(api, each)] for each in (one, area)
    }
    assert sent == {one["id"]: ["submission.approved"], area["id"]: ["clearance.cleared"]}


def test_a_failed_delivery_waits_its_time_and_is_tried_again(api, generator, endpoint, receiver):
    receiver.status, receiver.body = 500, b"out of order"
    happen(generator)
    work_off()
    for _ in range(3):
        work_off()  # hints that come too early change nothing
    (delivery,) = read_log(api, endpoint)
    assert (delivery["state"], len(receiver.got)) == ("pending", 1)
    assert delivery["attempts"][0]["answer"] == "out of order"
    receiver.status = 200
    end_pauses()
    work_off()
    (delivery,) = read_log(api, endpoint)
    assert (delivery["state"], [a["status_code"] for a in delivery["attempts"]]) == (
        "delivered",
        [500, 200],
    )
    assert len({headers["webhook-id"] for _, headers, _ in receiver.got}) == 1


def test_the_schedule_covers_three_days():
    assert RETRIES.max_attempts == 10
    assert 0.75 * sum(RETRIES.pauses_s) > 2 * 86_400
    assert sum(RETRIES.pauses_s) > 3 * 86_400


def test_a_delivery_is_given_up_after_its_last_attempt_and_can_be_replayed(
    api, generator, endpoint, receiver
):
    receiver.status = 503
    event = happen(generator)
    for _ in range(RETRIES.max_attempts + 3):
        end_pauses()
        work_off()
    (delivery,) = read_log(api, endpoint)
    assert (delivery["state"], len(delivery["attempts"])) == ("failed", RETRIES.max_attempts)
    assert delivery["finished_at"]

    receiver.status = 200
    replayed = api.post(f"/api/v1/events/{event.public_id}:replay")
    assert (replayed.status_code, replayed.json()["items"][0]["state"]) == (202, "pending")
    work_off()
    (delivery,) = read_log(api, endpoint)
    assert (delivery["state"], delivery["attempts"][-1]["status_code"]) == ("delivered", 200)


def test_a_replay_ends_the_pause_of_a_delivery_that_waits(api, generator, endpoint, receiver):
    receiver.status = 500
    event = happen(generator)
    work_off()
    receiver.status = 200
    assert api.post(f"/api/v1/events/{event.public_id}:replay").status_code == 202
    work_off()
    assert read_log(api, endpoint)[0]["state"] == "delivered"
    assert Job.objects.count() == 1


def test_an_endpoint_made_later_gets_a_replay(api, generator, receiver):
    event = happen(generator)
    response = api.post(f"/api/v1/events/{event.public_id}:replay")
    assert (response.status_code, response.json()["code"]) == (409, "webhook.no_receiver")
    endpoint = create(api, receiver.url)
    assert api.post(f"/api/v1/events/{event.public_id}:replay").status_code == 202
    work_off()
    assert verify(endpoint["secret"], receiver.got[0])["id"] == event.public_id


def test_gone_disables_the_endpoint_and_what_waits_for_it_is_cancelled(
    api, generator, endpoint, receiver
):
    receiver.status = 410
    for number in range(3):
        happen(generator, subject=f"submission:sub_{number}")
    work_off()
    found = api.get(f"{ENDPOINTS}/{endpoint['id']}").json()
    assert (found["enabled"], "410" in found["disabled_reason"], len(receiver.got)) == (
        False,
        True,
        1,
    )
    assert sorted(row["state"] for row in read_log(api, endpoint)) == [
        "cancelled",
        "cancelled",
        "failed",
    ]
    assert Event.objects.filter(kind="webhook_endpoint.disabled").count() == 1
    happen(generator)
    assert WebhookDelivery.objects.count() == 3


def test_a_replaced_secret_signs_for_another_day(api, generator, endpoint, receiver):
    new = api.post(f"{ENDPOINTS}/{endpoint['id']}:rotate-secret").json()
    assert new["secret"] != endpoint["secret"]
    happen(generator)
    work_off()
    for secret in (endpoint["secret"], new["secret"]):
        assert verify(secret, receiver.got[0])["type"] == "submission.approved"
    WebhookEndpoint.objects.update(previous_secret_until=timezone.now())
    happen(generator)
    work_off()
    assert verify(new["secret"], receiver.got[1])
    with pytest.raises(ValueError, match="not signed"):
        verify(endpoint["secret"], receiver.got[1])


def test_a_test_reaches_this_endpoint_alone_even_a_disabled_one(api, endpoint, receiver):
    other = create(api, receiver.url)
    address = f"{ENDPOINTS}/{endpoint['id']}"
    api.patch(address, {"enabled": False}, format="json", headers=ANY)
    response = api.post(f"{address}:test")
    assert (response.status_code, response.json()["state"]) == (202, "pending")
    work_off()
    assert verify(endpoint["secret"], receiver.got[0])["type"] == "webhook_endpoint.test"
    assert (len(receiver.got), read_log(api, other)) == (1, [])


def test_a_private_address_gets_nothing_though_it_was_registered_before(
    api, settings, generator, endpoint, receiver
):
    settings.WEBHOOK_ALLOW_PRIVATE = False
    WebhookEndpoint.objects.update(
        url=receiver.url.replace("http:", "https:").replace("127.0.0.1", "127.1")
    )
    happen(generator)
    work_off()
    (delivery,) = read_log(api, endpoint)
    assert "not a public address" in delivery["attempts"][0]["error"]
    assert not receiver.got


def test_the_checkpoint_can_be_fetched(api, generator):
    event = happen(generator)
    found = api.get("/api/v1/log/checkpoint").json()
    assert (found["size"], found["head_hash"]) == (event.sequence, event.hash)


def test_the_body_is_the_same_bytes_each_time(generator, endpoint, receiver):
    receiver.status = 500
    happen(generator)
    work_off()
    end_pauses()
    work_off()
    (_, _, first), (_, _, second) = receiver.got
    assert first == second
    assert json.loads(first)["data"] == {"object": "submission", "id": "sub_1"}
