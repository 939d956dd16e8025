"""Webhook endpoints of generators: made, changed, their secrets replaced, tried out, and events sent again."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import transaction

from compliance.models import Event, Generator, WebhookDelivery, WebhookEndpoint
from compliance.services.events import append_event, record_event
from compliance.services.outbox import TEST_KIND, find_receivers, send_event
from compliance.services.webhook_client import parse_webhook_url
from compliance.services.webhook_signing import make_secret

# How many endpoints one generator may have: each event is sent to every one.
MAX_ENDPOINTS = 10
# How long messages are also signed with the secret that was replaced.
OVERLAP = dt.timedelta(hours=24)


class UnknownWebhookEndpoint(Exception):
    """The generator has no such endpoint."""


class UnknownEvent(Exception):
    """The generator has no such event."""


class TooManyEndpoints(Exception):
    """The generator has as many endpoints as it may have."""


class NoReceiver(Exception):
    """No enabled endpoint of the generator asked for this kind of event."""


@transaction.atomic
def create_endpoint(
    *, generator: Generator, url: str, kinds: Sequence[str], by: str
) -> WebhookEndpoint:
    """Register an address; its `secret` is for the caller to show, this once.

    Raises
    ------
    InvalidWebhookUrl : if nothing may be sent to the address
    TooManyEndpoints : if the generator has MAX_ENDPOINTS
    """
    parse_webhook_url(url, allow_private=settings.WEBHOOK_ALLOW_PRIVATE)
    Generator.objects.select_for_update().get(pk=generator.pk)
    if generator.webhook_endpoints.filter(deleted_at=None).count() >= MAX_ENDPOINTS:
        raise TooManyEndpoints(
            f"You have {MAX_ENDPOINTS} webhook endpoints, as many as there may be."
        )
    endpoint = WebhookEndpoint.objects.create(
        generator=generator, url=url, kinds=list(kinds), secret=make_secret()
    )
    _record(endpoint, "created", by=by, data={"url": url, "kinds": endpoint.kinds})
    return endpoint


@transaction.atomic
def change_endpoint(*, endpoint: WebhookEndpoint, by: str, **changes: Any) -> WebhookEndpoint:
    """Change `url`, `kinds` or `is_enabled`; what is not named stays.

    Raises
    ------
    InvalidWebhookUrl : if nothing may be sent to the new address
    """
    if "url" in changes:
        parse_webhook_url(changes["url"], allow_private=settings.WEBHOOK_ALLOW_PRIVATE)
    for name, value in changes.items():
        setattr(endpoint, name, value)
    if endpoint.is_enabled:
        endpoint.disabled_reason = ""
    endpoint.save(update_fields=["url", "kinds", "is_enabled", "disabled_reason"])
    _record(endpoint, "changed", by=by, data=changes)
    return endpoint


@transaction.atomic
def disable_endpoint(*, endpoint: WebhookEndpoint, by: str, why: str) -> None:
    """Send nothing more to an endpoint until somebody enables it again."""
    enabled = WebhookEndpoint.objects.filter(pk=endpoint.pk, is_enabled=True)
    if enabled.update(is_enabled=False, disabled_reason=why):
        endpoint.is_enabled, endpoint.disabled_reason = False, why
        _record(endpoint, "disabled", by=by, data={"why": why})


@transaction.atomic
def delete_endpoint(*, endpoint: WebhookEndpoint, by: str, now: dt.datetime) -> None:
    """Forget the secrets and send nothing more; the delivery log stays."""
    present = WebhookEndpoint.objects.filter(pk=endpoint.pk, deleted_at=None)
    if present.update(deleted_at=now, is_enabled=False, secret="", previous_secret=""):
        _record(endpoint, "deleted", by=by)


@transaction.atomic
def rotate_secret(*, endpoint: WebhookEndpoint, by: str, now: dt.datetime) -> WebhookEndpoint:
    """Replace the secret; the old one signs too for OVERLAP, so that receivers can change theirs in peace."""
    endpoint = WebhookEndpoint.objects.select_for_update().get(pk=endpoint.pk)
    endpoint.previous_secret, endpoint.previous_secret_until = endpoint.secret, now + OVERLAP
    endpoint.secret = make_secret()
    endpoint.save(update_fields=["secret", "previous_secret", "previous_secret_until"])
    _record(endpoint, "secret_rotated", by=by)
    return endpoint


@transaction.atomic
def send_test(*, endpoint: WebhookEndpoint, by: str, now: dt.datetime) -> WebhookDelivery:
    """Send a message that means nothing to this endpoint alone, though it may be disabled."""
    event = append_event(
        kind=TEST_KIND, subject=f"webhook_endpoint:{endpoint.public_id}", actor=by,
        generator=endpoint.generator.public_id,
    )  # fmt: skip
    return send_event(event=event, endpoints=[endpoint], now=now)[0]


@transaction.atomic
def replay_event(*, event: Event, now: dt.datetime) -> list[WebhookDelivery]:
    """Send an event again, to every endpoint that would get it if it happened now.

    Raises
    ------
    NoReceiver : if there is none
    """
    endpoints = find_receivers(event)
    if not endpoints:
        raise NoReceiver(f"No enabled webhook endpoint of yours asked for {event.kind}.")
    return send_event(event=event, endpoints=endpoints, now=now)


def _record(
    endpoint: WebhookEndpoint, verb: str, *, by: str, data: dict[str, Any] | None = None
) -> None:
    record_event(
        kind=f"webhook_endpoint.{verb}", subject=f"webhook_endpoint:{endpoint.public_id}", actor=by,
        generator=endpoint.generator.public_id, data=data,
    )  # fmt: skip
