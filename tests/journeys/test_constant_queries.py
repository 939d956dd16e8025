"""No answer costs more queries when there is more to tell: every GET of the OpenAPI document, and the POSTs that take many."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.models import Cap, Stem
from compliance.models import (
    Recall,
    RecallNotice,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
)
from compliance.models.recall import RecallSong
from tests.compliance.approved import approve, make_submission
from tests.journeys.test_access import list_operations
from tests.journeys.test_webhooks import create, happen
from tests.songs import LICENSED, LOVING, ask, make_intent

pytestmark = pytest.mark.django_db
N_MORE = 8


@pytest.fixture(autouse=True)
def _allow_private(settings) -> None:
    settings.WEBHOOK_ALLOW_PRIVATE = True


@pytest.fixture
def roomy(grant):
    """The grant, with a cap that all songs of these tests fit under."""
    Cap.objects.filter(grant=grant).update(limit=1000)
    return grant


def count_queries(call) -> int:
    """How many queries a call makes that is made again: what is kept in memory has been read."""
    call()
    with CaptureQueriesContext(connection) as caught:
        response = call()
    assert response.status_code < 300, response.content
    return len(caught)


class Rows:
    """What a generator has; `add` gives it one more of everything."""

    def __init__(self, api, generator):
        self.api, self.generator = api, generator
        create(api, "http://127.0.0.1:9/")
        self.recall = self.add_recall()
        self.ids = {"webhook-endpoints": WebhookEndpoint.objects.get().public_id}
        self.add()
        song = RecallSong.objects.get()
        self.ids |= {
            "recalls": self.recall.public_id,
            "approvals": song.approval.public_id,
            "submissions": song.approval.submission.public_id,
            "clearances": ask(api).json()["id"],
            "screenings": api.post("/api/v1/screenings", {"text": LOVING}, format="json").json()["id"],
            "events": happen(generator).public_id,
        }  # fmt: skip

    def add_recall(self) -> Recall:
        now = timezone.now()
        recall = Recall.objects.create(
            cause="decided", stem=Stem.objects.get(external_id=LICENSED[0]), measure="suspend", effective_at=now,
            deadline_at=now, opened_at=now, opened_by="user:ana",
        )  # fmt: skip
        RecallNotice.objects.create(
            recall=recall, generator=self.generator, told_at=now, n_songs=100
        )
        return recall

    def add(self) -> None:
        now = timezone.now()
        approval = approve(make_submission(self.generator, now), now)
        RecallSong.objects.create(
            recall=self.recall, approval=approval, generator=self.generator, outcome="moved", from_status="live",
            to_status="suspended", moved_at=now,
        )  # fmt: skip
        happen(self.generator)
        for delivery in WebhookDelivery.objects.filter(attempts=None):
            WebhookAttempt.objects.create(delivery=delivery, at=now, duration_ms=1, status_code=200)

    def grow(self) -> None:
        """Much more of everything, below one page."""
        for _ in range(N_MORE):
            self.add()
            self.add_recall()
            ask(self.api)
        for number in range(3):
            create(self.api, f"http://127.0.0.1:9/{number}")


@pytest.fixture
def rows(api, generator, roomy) -> Rows:
    return Rows(api, generator)


def test_no_get_costs_more_queries_when_there_are_more_rows(api, rows):
    def count_all() -> dict[str, int]:
        counts = {}
        for operation in list_operations():
            collection = operation.path.removeprefix("/api/v1/").partition("/")[0]
            # These songs have neither been measured nor sound: what is made of those is not there.
            if operation.method != "get" or operation.path.endswith(
                ("timeline.svg", "timeline.png", "/c2pa", "/evidence")
            ):
                continue
            named = {"public_id": rows.ids[collection]} if "{" in operation.path else {}
            counts[operation.name] = count_queries(
                lambda operation=operation, named=named: operation.call(api, **named)
            )
        return counts

    few = count_all()
    lists = {
        path: len(next(iter(api.get(f"/api/v1/{path}").json().values())))
        for path in ("submissions", "recalls", "events", "webhook-endpoints")
    }
    rows.grow()
    many = count_all()
    for path, n in lists.items():
        assert len(next(iter(api.get(f"/api/v1/{path}").json().values()))) > n, path
    assert len(many) > 12
    assert many == few


def test_no_post_costs_more_queries_when_it_is_about_more(api, rows, now):
    rows.grow()
    moment = (now - dt.timedelta(hours=1)).isoformat()
    approvals = [song.approval.public_id for song in RecallSong.objects.select_related("approval")]

    def post(path, body):
        return lambda: api.post(f"/api/v1/{path}", body, format="json")

    def clear(n):
        return {"message": LOVING, "stems": list(LICENSED[:n]), "intent": make_intent()}

    def acknowledge(names):
        return {"items": [{"approval": name, "action": "paused", "at": moment} for name in names]}

    pairs = {
        "clearances": (post("clearances", clear(1)), post("clearances", clear(3))),
        "rights:check": tuple(
            post("rights:check", {"stems": list(LICENSED[:n]), "intent": make_intent()})
            for n in (1, 3)
        ),
        "screenings:batch": tuple(
            post("screenings:batch", {"texts": [{"text": LOVING}] * n}) for n in (1, 20)
        ),
        "acknowledgements": tuple(
            post(f"recalls/{rows.recall.public_id}/acknowledgements", acknowledge(names))
            for names in (approvals[:1], approvals[1:])
        ),
    }
    for name, (few, many) in pairs.items():
        assert count_queries(few) == count_queries(many), name
