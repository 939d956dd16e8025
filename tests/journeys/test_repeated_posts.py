"""What is sent twice is done once: every POST of the OpenAPI document takes an Idempotency-Key, or says why it need not."""

import pytest
from drf_spectacular.generators import SchemaGenerator

from compliance.models import Clearance, Event, IdempotencyRecord
from tests.compliance.approved import approval, approve, make_submission  # noqa: F401 - a fixture
from tests.songs import ask

pytestmark = pytest.mark.django_db
# Why a POST needs no key. A new POST takes one, or stands here with its reason.
NEEDS_NONE = {
    "check_rights": "reads: nothing is reserved",
    "verify_certificate": "reads: nothing is kept",
    "create_token": "OAuth clients send none (RFC 6749); a second token does no harm and ends within minutes",
}
KEY = {"Idempotency-Key": "sent-twice"}


def list_posts() -> dict[str, set[str]]:
    """The POST operations of the document: the headers that each takes, by its id."""
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    return {
        methods["post"]["operationId"]: {
            one["name"] for one in methods["post"].get("parameters", ()) if one["in"] == "header"
        }
        for methods in paths.values()
        if "post" in methods
    }


def test_every_post_takes_a_key_or_says_why_it_need_not():
    posts = list_posts()
    without = {name for name, headers in posts.items() if "Idempotency-Key" not in headers}
    assert without == set(NEEDS_NONE)
    assert len(posts) > len(without)


def test_what_reads_writes_nothing(api, grant):
    stems = ["moonlit-drums"]
    intent = ask(api).json()["intent"]
    before = (Event.objects.count(), Clearance.objects.count())
    assert api.post("/api/v1/rights:check", {"stems": stems, "intent": intent}, format="json").status_code == 200  # fmt: skip
    checked = api.post("/api/v1/certificates:verify", {"certificate": "a.b.c"}, format="json")
    assert checked.status_code == 200
    assert (Event.objects.count(), Clearance.objects.count()) == before
    assert not IdempotencyRecord.objects.exists()


def test_a_clearance_is_cancelled_and_extended_once_for_a_key(api, grant):
    first = ask(api).json()["id"]
    for verb, kind in (
        ("extend", "clearance.extended"),
        ("cancel", "clearance.cancelled"),
    ):
        address = f"/api/v1/clearances/{first}:{verb}"
        body = {"hold_seconds": 7 * 24 * 3600} if verb == "extend" else None
        once, again = (
            api.post(address, body, format="json", headers={"Idempotency-Key": verb})
            for _ in range(2)
        )
        assert (once.status_code, again.status_code) == (200, 200), again.content
        assert again.headers["Idempotency-Replayed"] == "true"
        assert again.json() == once.json()
        assert Event.objects.filter(kind=kind).count() == 1


def test_an_approval_is_superseded_once_for_a_key(api, generator, approval, now):  # noqa: F811 - a fixture
    successor = approve(make_submission(generator, now), now)
    address = f"/api/v1/approvals/{approval.public_id}:supersede"
    body = {"successor": successor.public_id}
    once, again = (api.post(address, body, format="json", headers=KEY) for _ in range(2))
    assert (once.status_code, again.status_code) == (200, 200), again.content
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json() == once.json()
    assert once.json()["superseded_by"] == successor.public_id
