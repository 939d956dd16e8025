import base64
import datetime as dt

import pytest
from django.utils import timezone

from compliance.models import AccessToken
from compliance.services.access_tokens import delete_expired_tokens
from compliance.services.api_keys import revoke_api_key
from tests.conftest import make_client, make_generator, make_key

pytestmark = pytest.mark.django_db
TOKEN = "/api/v1/oauth/token"  # noqa: S105 - an address
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def key(generator):
    return make_key(generator)


def ask(client, generator, secret, **changes):
    form = {
        "grant_type": "client_credentials",
        "client_id": generator.public_id,
        "client_secret": secret,
    } | changes
    body = "&".join(f"{name}={value}" for name, value in form.items() if value is not None)
    return client.post(TOKEN, body, content_type=FORM)


def test_a_token_opens_what_its_scopes_name_and_is_stored_only_as_a_hash(client, generator, key):
    answer = ask(client, generator, key[1], scope="submissions:read catalog:read")
    token = answer.json()
    assert (answer.status_code, token["token_type"], token["expires_in"]) == (200, "Bearer", 900)
    assert token["scope"] == "catalog:read submissions:read"
    assert answer.headers["Cache-Control"] == "no-store"
    assert token["access_token"] not in str(AccessToken.objects.values())
    caller = make_client(token["access_token"])
    assert caller.get("/api/v1/submissions").status_code == 200
    refused = caller.get("/api/v1/events")
    assert (refused.status_code, refused.json()["code"]) == (403, "auth.scope_missing")


def test_the_client_may_name_itself_by_basic(client, generator, key):
    secret = base64.b64encode(f"{generator.public_id}:{key[1]}".encode()).decode()
    headers = {"Authorization": f"Basic {secret}"}
    answer = client.post(TOKEN, "grant_type=client_credentials", content_type=FORM, headers=headers)
    assert answer.status_code == 200
    assert set(answer.json()["scope"].split()) == set(key[0].scopes)


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": None}, 400, "invalid_request"),
        ({"scope": "catalog:read catalog:write"}, 400, "invalid_scope"),
        ({"scope": "%20"}, 400, "invalid_scope"),
        ({"client_secret": None}, 401, "invalid_client"),
        ({"client_secret": "ctk_unknown"}, 401, "invalid_client"),
        ({"client_id": "gen_other"}, 401, "invalid_client"),
        ({"client_id": "a&client_id=b"}, 400, "invalid_request"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else None,
)
def test_errors_are_those_of_oauth(client, generator, key, changes, status, error):
    answer = ask(client, generator, key[1], **changes)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_token_ends_with_its_time_and_with_its_key(client, generator, key):
    first = make_client(ask(client, generator, key[1]).json()["access_token"])
    assert first.get("/api/v1/submissions").status_code == 200
    AccessToken.objects.update(expires_at=timezone.now())
    assert first.get("/api/v1/submissions").status_code == 401
    second = make_client(ask(client, generator, key[1]).json()["access_token"])
    revoke_api_key(api_key=key[0], by="tests", now=timezone.now())
    assert second.get("/api/v1/submissions").status_code == 401
    assert ask(client, generator, key[1]).status_code == 401
    assert delete_expired_tokens(now=timezone.now() + dt.timedelta(seconds=1)) == 1


def test_a_client_is_held_to_its_networks(client, key, generator):
    token = ask(client, generator, key[1]).json()["access_token"]
    generator.allowed_networks = ["192.0.2.0/24"]
    generator.save()
    for secret in (key[1], token):
        refused = make_client(secret).get("/api/v1/submissions")
        assert (refused.status_code, refused.json()["code"]) == (403, "auth.address_not_allowed")
        allowed = make_client(secret).get("/api/v1/submissions", REMOTE_ADDR="192.0.2.7")
        assert allowed.status_code == 200
    assert ask(client, generator, key[1]).json()["error"] == "invalid_client"


def test_oauth_libraries_find_the_endpoint(client, settings):
    found = client.get("/.well-known/oauth-authorization-server").json()
    assert found["token_endpoint"] == f"{found['issuer']}{TOKEN}" == f"{settings.PUBLIC_URL}{TOKEN}"
    assert "clearances:write" in found["scopes_supported"]


def test_a_sandbox_key_shows_that_it_is_one():
    live = make_generator("Live")
    sandbox = make_generator("Live (sandbox)")
    sandbox.sandbox_of = live
    sandbox.save()
    row, key = make_key(sandbox)
    assert key.startswith("ctk_test_")
    assert make_client(key).get("/api/v1/submissions").status_code == 200
    assert key[len(row.prefix) :] not in str(row.__dict__)
