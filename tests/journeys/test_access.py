"""The authorization matrix: every operation of the OpenAPI document, times everybody who may not call it."""

import datetime as dt
import functools
from dataclasses import dataclass

import pytest
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator

from compliance.models import Recall, RecallNotice
from compliance.models.generator import list_all_scopes
from compliance.services.access_tokens import issue_access_token
from compliance.services.api_keys import revoke_api_key
from tests.compliance.approved import approval  # noqa: F401 - a fixture
from tests.conftest import make_client, make_generator, make_key
from tests.songs import ask

pytestmark = pytest.mark.django_db
# What is for everybody: getting a token, and what verifies a certificate. Nothing else may become public unnoticed.
PUBLIC = {
    "create_token",
    "get_authorization_server",
    "get_key_set",
    "get_status_list",
    "verify_certificate",
}
# The answer must not depend on what is sent: a stranger learns nothing of what a body should look like.
BODIES = {"application/json": "{}", "multipart/form-data": {}}


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: how to call it, and the scopes it asks for."""

    name: str
    method: str
    path: str
    content_type: str | None
    scopes: tuple[str, ...] | None

    def call(self, client, **parameters):
        """Call it; what no parameter names stands for nothing that exists."""
        names = [part.partition("}")[0] for part in self.path.split("{")[1:]]
        address = self.path.format(**dict.fromkeys(names, "1") | parameters)
        body = {} if self.content_type is None else {"data": BODIES[self.content_type]}
        if self.content_type == "application/json":
            body["content_type"] = self.content_type
        return getattr(client, self.method)(address, **body)


@functools.cache
def list_operations() -> tuple[Operation, ...]:
    """Every operation that asks who calls."""
    found = []
    for path, methods in SchemaGenerator().get_schema(request=None, public=True)["paths"].items():
        for method, described in methods.items():
            if described["operationId"] in PUBLIC:
                assert "security" not in described or described["security"] == [{}], described
                continue
            scopes = next((way["oauth2"] for way in described["security"] if "oauth2" in way), None)
            content = described.get("requestBody", {}).get("content", {})
            found.append(
                Operation(described["operationId"], method, path, next(iter(content), None), tuple(scopes or ()))
            )  # fmt: skip
    return tuple(found)


@pytest.fixture(
    params=[
        "no key",
        "unknown key",
        "expired",
        "revoked",
        "inactive",
        "another scheme",
        "expired token",
        "token of a revoked key",
    ]
)
def stranger(request):
    generator, now = make_generator(), timezone.now()
    if request.param.startswith(("expired token", "token")):
        return make_token_holder(generator, ended=request.param, now=now)
    row, key = make_key(generator, expires_at=now if request.param == "expired" else None)
    if request.param == "revoked":
        revoke_api_key(api_key=row, by="tests", now=now)
    if request.param == "inactive":
        generator.is_active = False
        generator.save()
    client = make_client({"no key": None, "unknown key": "ctk_" + "x" * 43}.get(request.param, key))
    if request.param == "another scheme":
        client.credentials(HTTP_AUTHORIZATION=f"Basic {key}")
    return client


def make_token_holder(generator, *, ended, now):
    row, _ = make_key(generator)
    issued_at = now - dt.timedelta(days=1) if ended == "expired token" else now
    issued = issue_access_token(api_key=row, scopes=None, now=issued_at)
    if ended == "token of a revoked key":
        revoke_api_key(api_key=row, by="tests", now=now)
    return make_client(issued.token)


def test_every_operation_refuses_a_stranger(stranger):
    for operation in list_operations():
        response = operation.call(stranger)
        assert response.status_code == 401, operation
        assert response.json()["code"].startswith("auth.")
        assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_every_operation_refuses_a_key_used_from_a_foreign_network():
    generator = make_generator()
    generator.allowed_networks = ["192.0.2.0/24"]
    generator.save()
    client = make_client(make_key(generator)[1])
    for operation in list_operations():
        response = operation.call(client)
        assert (response.status_code, response.json()["code"]) == (403, "auth.address_not_allowed")


def test_every_operation_asks_for_a_scope_and_refuses_whoever_lacks_it():
    generator = make_generator()
    clients = {}
    for operation in list_operations():
        assert operation.scopes, f"{operation.name} asks for no scope"
        assert set(operation.scopes) <= set(list_all_scopes())
        for scope in operation.scopes:
            if scope not in clients:
                others = set(list_all_scopes()) - {scope}
                clients[scope] = make_client(make_key(generator, scopes=others)[1])
            response = operation.call(clients[scope])
            assert response.status_code == 403, operation
            assert response.json()["code"] == "auth.scope_missing"


@pytest.fixture
def owned(api, approval, settings):  # noqa: F811 - pytest's way to name a fixture
    """By the collection it lies in: the id of something that belongs to a generator. A new collection needs a line here."""
    settings.WEBHOOK_ALLOW_PRIVATE = True
    endpoint = api.post(
        "/api/v1/webhook-endpoints", {"url": "http://127.0.0.1:9/"}, format="json"
    ).json()
    recall = Recall.objects.create(
        cause="decided", stem=approval.bases.first().stem, measure="suspend", effective_at=approval.created_at,
        deadline_at=approval.created_at, opened_at=approval.created_at, opened_by="user:ana",
    )  # fmt: skip
    RecallNotice.objects.create(
        recall=recall, generator=approval.submission.generator, told_at=recall.opened_at
    )
    return {
        "recalls": recall.public_id,
        "clearances": ask(api).json()["id"],
        "submissions": approval.submission.public_id,
        "approvals": approval.public_id,
        "webhook-endpoints": endpoint["id"],
        "events": api.get("/api/v1/events").json()["items"][0]["id"],
        "screenings": api.post("/api/v1/screenings", {"text": "hello"}, format="json").json()["id"],
    }


def test_what_belongs_to_one_generator_does_not_exist_for_another(api, owned):
    other = make_client(make_key(make_generator("Other"))[1])
    n_asked = 0
    for operation in list_operations():
        if "{" not in operation.path:
            continue
        collection = operation.path.removeprefix("/api/v1/").partition("/")[0]
        assert collection in owned, f"{operation.path}: add one of {collection} to `owned`"
        response = operation.call(other, public_id=owned[collection])
        assert (response.status_code, response.json()["code"]) == (404, "not_found"), operation
        n_asked += 1
        # This song has neither been measured nor sound: what is made of these is not there.
        if operation.method == "get" and not operation.path.endswith(
            ("timeline.svg", "timeline.png", "/c2pa")
        ):
            assert operation.call(api, public_id=owned[collection]).status_code == 200, operation
    assert n_asked > 10


def test_an_unknown_address_is_a_problem_document(client):
    response = client.get("/api/v1/no-such-thing")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert response.headers["Content-Type"] == "application/problem+json"


def test_every_answer_carries_the_id_it_is_logged_under(api):
    response = api.get("/api/v1/submissions/sub_none")
    assert len(response.headers["X-Request-ID"]) == 36
    assert response.headers["X-Request-ID"] == response.json()["request_id"]


@pytest.mark.parametrize("body", ["[" * 100_000, '{"text": ' + "[" * 5_000 + "]" * 5_000 + "}"])
def test_json_nested_too_deep_is_malformed(api, body):
    for path in ("/api/v1/screenings", "/api/v1/clearances"):
        response = api.post(path, body, content_type="application/json")
        assert response.status_code in {400, 422}, response.content


def test_the_docs_answer_only_what_they_offer(client):
    assert client.get("/api/docs").status_code == 200
    assert client.options("/api/docs").status_code == 405
