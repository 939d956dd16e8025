"""A recall as a generator meets it, over HTTP: told, read, acknowledged, closed; its certificates say so at once."""

import datetime as dt

import pytest
from django.core.cache import cache
from django.utils import timezone

from catalog.services.agreements import end_grant
from compliance import tasks
from compliance.certificates.certificate import Standing, judge_standing, read_certificate
from compliance.certificates.status_list import read_status_list
from compliance.models import Job
from compliance.services.signing_keys import load_keys
from tests.compliance.approved import approve, make_submission
from tests.conftest import make_client, make_generator, make_key

pytestmark = pytest.mark.django_db
N_SONGS = 5


@pytest.fixture
def approvals(generator, grant, now) -> list[str]:
    return [approve(make_submission(generator, now), now).public_id for _ in range(N_SONGS)]


@pytest.fixture
def recall(api, approvals, grant, now) -> dict:
    """What the generator reads of the recall after its grant ended and a worker moved the songs."""
    end_grant(grant=grant, ends_on=now.date(), by=None, now=now)
    tasks.do_upkeep()
    tasks.run_job(str(Job.objects.get(kind="apply_recall").pk))
    (found,) = api.get("/api/v1/recalls").json()["items"]
    return found


def acknowledge(api, recall: dict, *items: dict, **headers):
    return api.post(
        f"/api/v1/recalls/{recall['id']}/acknowledgements", {"items": list(items)}, format="json", headers=headers
    )  # fmt: skip


def make_item(approval: str, **changes) -> dict:
    return {
        "approval": approval, "action": "taken_down", "at": timezone.now().isoformat(),
        "evidence_url": "https://songs.example/gone",
    } | changes  # fmt: skip


def test_a_recall_is_told_read_acknowledged_and_closed(api, approvals, recall):
    kinds = [event["type"] for event in api.get("/api/v1/events?limit=500").json()["items"]]
    assert (kinds.count("recall.opened"), kinds.count("approval.revoked")) == (1, N_SONGS)
    assert recall["source"] == {"kind": "grant", "id": "A-1/1"}
    assert (recall["state"], recall["cause"], recall["required_action"]) == (
        "open",
        "grant_ended",
        "take_down",
    )
    assert recall["songs"] == {"total": N_SONGS, "acknowledged": 0, "outstanding": N_SONGS}

    address, found = f"/api/v1/recalls/{recall['id']}/songs", []
    cursor = ""
    while cursor is not None:
        page = api.get(f"{address}?limit=2{cursor and f'&cursor={cursor}'}").json()
        found += page["items"]
        cursor = page["next_cursor"]
    assert [song["approval"] for song in found] == approvals
    assert {(song["state"], song["required_action"]) for song in found} == {("revoked", "take_down")}  # fmt: skip
    for approval in approvals:
        assert api.get(f"/api/v1/approvals/{approval}").json()["state"] == "revoked"

    answer = acknowledge(api, recall, *map(make_item, approvals[:2]))
    assert answer.status_code == 200, answer.content
    assert (answer.json()["accepted"], answer.json()["recall"]["songs"]["outstanding"]) == (2, 3)
    left = api.get(f"{address}?acknowledged=false").json()["items"]
    assert [song["approval"] for song in left] == approvals[2:]
    said = api.get(f"{address}?acknowledged=true").json()["items"][0]["acknowledgement"]
    assert (said["action"], said["evidence_url"]) == ("taken_down", "https://songs.example/gone")
    acknowledge(api, recall, *map(make_item, approvals[2:]))
    closed = api.get(f"/api/v1/recalls/{recall['id']}").json()
    assert (closed["state"], closed["songs"]["outstanding"]) == ("closed", 0)
    assert api.get("/api/v1/events?limit=500").json()["items"][-1]["type"] == "recall.closed"


def test_the_opening_says_until_when(api, recall):
    events = api.get("/api/v1/events?limit=500").json()["items"]
    (opened,) = (event for event in events if event["type"] == "recall.opened")
    assert opened["data"] == {
        "object": "recall", "id": recall["id"], "cause": "grant_ended",
        "deadline_at": opened["data"]["deadline_at"],
    }  # fmt: skip
    deadline = dt.datetime.fromisoformat(opened["data"]["deadline_at"])
    assert deadline == dt.datetime.fromisoformat(recall["deadline_at"])


def test_a_certificate_of_a_recalled_song_says_so_in_the_next_status_list(
    api, client, approvals, recall
):
    cache.clear()  # at most ten seconds later
    keys, now = load_keys(), timezone.now()
    for approval in approvals:
        report = api.get(f"/api/v1/approvals/{approval}").json()
        listed = client.get(report["status_list"]["uri"].partition("8000")[2])
        standing = judge_standing(
            certificate=read_certificate(token=report["certificate"], keys=keys),
            statuses=read_status_list(token=listed.content.decode(), keys=keys), now=now,
        )  # fmt: skip
        assert standing == Standing.REVOKED


def test_an_acknowledgement_may_be_sent_again_and_corrected(api, approvals, recall):
    item = make_item(approvals[0])
    assert acknowledge(api, recall, item).json()["accepted"] == 1
    again = acknowledge(api, recall, item).json()
    assert (again["accepted"], again["corrected"], again["unchanged"]) == (0, 0, 1)
    other = acknowledge(api, recall, item | {"action": "never_published"}).json()
    assert (other["accepted"], other["corrected"]) == (0, 1)
    assert other["recall"]["songs"]["acknowledged"] == 1
    first, second = (
        acknowledge(api, recall, make_item(approvals[1], at=item["at"]), **{"Idempotency-Key": "a"})
        for _ in range(2)
    )
    assert first.json() == second.json()
    assert second.headers["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"approval": "apr_other"}, "/items/0/approval"),
        ({"action": "burned"}, "/items/0/action"),
        ({"at": "2999-01-01T00:00:00Z"}, "/items/0/at"),
        ({"at": "yesterday"}, "/items/0/at"),
        ({"evidence_url": "not a page"}, "/items/0/evidence_url"),
        ({"note": "x"}, "/items/0/note"),
    ],
    ids=str,
)
def test_a_faulty_acknowledgement_is_named_and_nothing_of_the_message_counts(
    api, approvals, recall, change, pointer
):
    response = acknowledge(api, recall, make_item(approvals[0]) | change, make_item(approvals[1]))
    assert response.status_code == 422, response.content
    assert pointer in {error["pointer"] for error in response.json()["errors"]}
    assert api.get(f"/api/v1/recalls/{recall['id']}").json()["songs"]["acknowledged"] == 0


@pytest.mark.parametrize("items", [[], "all", [make_item("apr_1"), make_item("apr_1")], [make_item("a")] * 501])  # fmt: skip
def test_a_faulty_list_is_refused(api, recall, items):
    response = api.post(
        f"/api/v1/recalls/{recall['id']}/acknowledgements", {"items": items}, format="json"
    )
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"].startswith("/items")


def test_another_generator_sees_none_of_it(recall, approvals):
    stranger = make_client(make_key(make_generator("Stranger"))[1])
    assert stranger.get("/api/v1/recalls").json() == {"items": [], "next_cursor": None}
    address = f"/api/v1/recalls/{recall['id']}"
    for response in (
        stranger.get(address),
        stranger.get(f"{address}/songs"),
        acknowledge(stranger, recall, make_item(approvals[0])),
    ):
        assert (response.status_code, response.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("query", ["limit=0", "limit=501", "cursor=x", "acknowledged=yes", "x=1"])
def test_a_faulty_query_is_named(api, recall, query):
    response = api.get(f"/api/v1/recalls/{recall['id']}/songs?{query}")
    assert (response.status_code, response.json()["code"]) == (422, "request.invalid")
    assert response.json()["errors"][0]["pointer"] == "/" + query.partition("=")[0]


# -- One approval in the place of another ------------------------------------------------------------------------------


def supersede(api, approval: str, successor: str):
    return api.post(
        f"/api/v1/approvals/{approval}:supersede", {"successor": successor}, format="json"
    )


def test_an_approval_takes_the_place_of_another_once(api, approvals):
    old, new, third = approvals[:3]
    report = supersede(api, old, new).json()
    assert (report["state"], report["superseded_by"]) == ("superseded", new)
    assert api.get(f"/api/v1/approvals/{new}").json()["state"] == "live"
    events = api.get("/api/v1/events?limit=500").json()["items"]
    assert events[-1]["type"] == "approval.superseded"
    for pair in ((old, third), (third, old), (new, new)):
        response = supersede(api, *pair)
        assert (response.status_code, response.json()["code"]) == (409, "approval.not_movable")


def test_only_own_approvals_take_the_place_of_own_ones(api, approvals, now):
    stranger = make_client(make_key(make_generator("Stranger"))[1])
    assert supersede(stranger, *approvals[:2]).status_code == 404
    assert supersede(api, approvals[0], "apr_other").status_code == 404
