import datetime as dt

import pytest
from django.urls import get_resolver
from django.utils import timezone

from compliance.services.api_keys import revoke_api_key
from tests.conftest import make_client, make_generator, make_key

pytestmark = pytest.mark.django_db
METHODS = ("get", "post", "put", "patch", "delete")
# What verifies a certificate is for everybody.
PUBLIC = ("status-lists/", "oauth/")


def list_api_paths() -> list[str]:
    """Every address of the API, its parameters filled in."""
    paths = []
    for pattern in get_resolver().url_patterns:
        if str(pattern.pattern) == "api/v1/":
            paths += [
                f"/api/v1/{inner.pattern}".replace("<str:public_id>", "xyz_1")
                for inner in pattern.url_patterns
                if not str(inner.pattern).startswith(PUBLIC)
            ]
    assert len(paths) > 5
    return paths


@pytest.fixture(
    params=[
        "no key",
        "unknown key",
        "expired key",
        "revoked key",
        "inactive generator",
        "another scheme",
    ]
)
def stranger(request):
    generator, now = make_generator(), timezone.now()
    row, key = make_key(
        generator, expires_at=now - dt.timedelta(seconds=1) if "expired" in request.param else None
    )
    if "revoked" in request.param:
        revoke_api_key(api_key=row, by="tests", now=now)
    if "inactive" in request.param:
        generator.is_active = False
        generator.save()
    client = make_client({"no key": None, "unknown key": "ctk_" + "x" * 43}.get(request.param, key))
    if "scheme" in request.param:
        client.credentials(HTTP_AUTHORIZATION=f"Basic {key}")
    return client


def test_no_address_answers_a_stranger(stranger):
    for path in list_api_paths():
        for method in METHODS:
            response = getattr(stranger, method)(path)
            assert response.status_code == 401, (method, path)
            assert response.json()["code"].startswith("auth.")
            assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_key_without_scopes_opens_no_address():
    client = make_client(make_key(make_generator(), scopes=[])[1])
    for path in list_api_paths():
        for method in METHODS:
            response = getattr(client, method)(path)
            assert response.status_code in {403, 405}, (method, path)


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
