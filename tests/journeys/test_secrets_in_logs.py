"""No key, token or secret is written to a log, whatever is done with it."""

import base64
import logging

import pytest
import structlog
from django.utils import timezone

from compliance.services.api_keys import revoke_api_key
from tests.conftest import make_client, make_key
from tests.songs import ask

pytestmark = pytest.mark.django_db
FORM = "application/x-www-form-urlencoded"


def test_no_key_token_or_secret_is_logged(client, generator, grant, settings, caplog):
    settings.WEBHOOK_ALLOW_PRIVATE = True
    row, key = make_key(generator)
    expired = make_key(generator, expires_at=timezone.now())[1]
    basic = base64.b64encode(f"{generator.public_id}:{key}".encode()).decode()
    with caplog.at_level(logging.DEBUG):
        form = f"grant_type=client_credentials&client_id={generator.public_id}&client_secret={key}"
        token = client.post("/api/v1/oauth/token", form, content_type=FORM).json()["access_token"]
        wrong = client.post("/api/v1/oauth/token", form + "x", content_type=FORM)
        named = client.post(
            "/api/v1/oauth/token", "grant_type=client_credentials", content_type=FORM,
            headers={"Authorization": f"Basic {basic}"},
        )  # fmt: skip
        assert (wrong.status_code, named.status_code) == (401, 200)
        api = make_client(token)
        assert ask(api).status_code == 201
        endpoint = api.post(
            "/api/v1/webhook-endpoints", {"url": "http://127.0.0.1:9/"}, format="json"
        ).json()
        address = f"/api/v1/webhook-endpoints/{endpoint['id']}"
        rotated = api.post(f"{address}:rotate-secret", format="json").json()
        assert api.post(f"{address}:test", format="json").status_code < 400
        assert make_client(expired).get("/api/v1/submissions").status_code == 401
        assert make_client(key).post("/api/v1/clearances", "{", content_type="application/json").status_code == 400  # fmt: skip
        revoke_api_key(api_key=row, by="tests", now=timezone.now())
        assert make_client(key).get(f"/api/v1/submissions?token={token}").status_code == 401
    secrets = {
        "key": key, "expired key": expired, "token": token, "second token": named.json()["access_token"],
        "key in Basic": basic, "webhook secret": endpoint["secret"], "new webhook secret": rotated["secret"],
    }  # fmt: skip
    assert all(len(secret) > 20 for secret in secrets.values())
    (written,) = (
        handler.formatter
        for handler in logging.getLogger().handlers
        if isinstance(handler.formatter, structlog.stdlib.ProcessorFormatter)
    )
    lines = [written.format(record) for record in caplog.records]
    assert any("/api/v1/submissions?token=cta_[masked]" in line for line in lines)
    for name, secret in secrets.items():
        leaks = [line for line in lines if secret in line]
        assert not leaks, f"{name}: {leaks[:1]}"
