"""The outbox: an event and its deliveries are made in one transaction, so neither is without the other."""

import datetime as dt
from collections.abc import Iterable
from typing import Final

from catalog.queries.prepared import PreparedQuery, Slot
from compliance.audit import canonicalize
from compliance.lifecycle.event_kinds import KINDS
from compliance.models import DeliveryState, Event, WebhookDelivery, WebhookEndpoint
from compliance.services.audit_log import format_moment
from compliance.services.jobs import RetryPolicy, enqueue_job, hasten_job

DELIVER_JOB = "deliver_webhook"
# Pauses between attempts, in seconds: 75 hours and a half. Source: the example schedule of Standard Webhooks.
RETRIES = RetryPolicy(
    pauses_s=(5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)  # up to 24 hours
)
LIVE_ENDPOINTS: Final = PreparedQuery(
    lambda: (
        WebhookEndpoint.objects.filter(
            generator__public_id__in_set=Slot("generators"), is_enabled=True, deleted_at=None
        )
        .order_by("pk")
        .values_list("pk")
    )
)
# A kind of events, or all of one area, as endpoints name what they want.
KIND_PATTERN = r"^[a-z_]{1,40}\.([a-z_]{1,40}|\*)$"
# Events about endpoints themselves are not sent to them, except the test that somebody asks for.
ENDPOINT_AREA = "webhook_endpoint"
TEST_KIND = f"{ENDPOINT_AREA}.test"


def describe_event(event: Event) -> dict[str, object]:
    """Return what a generator is told of an event: what happened to which thing; the thing itself is asked for.

    Actors and facts stay inside, names of reviewers are nobody else's business; but for the few facts that the table of kinds
    names, a deadline say.
    """
    area, _, name = event.subject.partition(":")
    told = KINDS[event.kind].told if event.kind in KINDS else ()
    facts = {fact: event.data[fact] for fact in told if fact in event.data}
    return {
        "id": event.public_id,
        "type": event.kind,
        "timestamp": format_moment(event.created_at),
        "sequence": event.sequence,
        "data": {"object": area, "id": name, **facts},
    }


def encode_event(event: Event) -> bytes:
    """Return the body of the message about an event; the same bytes each time it is sent."""
    return canonicalize(describe_event(event))


def wants(endpoint: WebhookEndpoint, kind: str) -> bool:
    """Tell whether an endpoint asked for a kind of events."""
    area = kind.partition(".")[0]
    return not endpoint.kinds or kind in endpoint.kinds or f"{area}.*" in endpoint.kinds


def is_told_to_generators(kind: str) -> bool:
    """Tell whether events of a kind are sent at all."""
    return kind.partition(".")[0] != ENDPOINT_AREA


def find_receivers(event: Event) -> list[WebhookEndpoint]:
    """Return the enabled endpoints of the event's generator that asked for its kind."""
    if not event.generator_id_text or not is_told_to_generators(event.kind):
        return []
    live = [pk for (pk,) in LIVE_ENDPOINTS.ask(generators=[event.generator_id_text])]
    # Most generators have no endpoint.
    endpoints = WebhookEndpoint.objects.filter(pk__in=live) if live else ()
    return [endpoint for endpoint in endpoints if wants(endpoint, event.kind)]


def send_event(
    *, event: Event, endpoints: Iterable[WebhookEndpoint], now: dt.datetime
) -> list[WebhookDelivery]:
    """Have an event delivered, again where it was delivered before; call inside a transaction."""
    deliveries = []
    for endpoint in endpoints:
        delivery, is_new = WebhookDelivery.objects.get_or_create(event=event, endpoint=endpoint)
        if not is_new:
            delivery.state, delivery.finished_at = DeliveryState.PENDING, None
            delivery.save(update_fields=["state", "finished_at"])
        if is_new or not hasten_job(kind=DELIVER_JOB, subject=delivery.public_id, now=now):
            enqueue_job(kind=DELIVER_JOB, subject=delivery.public_id, now=now, policy=RETRIES)
        deliveries.append(delivery)
    return deliveries
