"""Deliver events to webhook endpoints: the job's handler. At least once; receivers tell repeats by `webhook-id`."""

import datetime as dt
from collections.abc import Callable

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from compliance.models import (
    DeliveryState,
    Job,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
)
from compliance.services.jobs import NotNow
from compliance.services.outbox import TEST_KIND, encode_event
from compliance.services.sealing import get_sealed
from compliance.services.webhook_client import WebhookAnswer, post_message
from compliance.services.webhook_signing import make_headers
from compliance.services.webhooks import disable_endpoint

# The answer with which a receiver says that it will never want a message again. Source: Standard Webhooks.
GONE = 410


def deliver_webhook_job(job: Job) -> Callable[[], None]:
    """Send the message; return what records the end, or raise NotNow when it is to be tried again."""
    delivery = WebhookDelivery.objects.select_related("event", "endpoint__generator").get(
        public_id=job.subject
    )
    endpoint = delivery.endpoint
    if not may_receive(delivery):
        return lambda: _end(delivery, DeliveryState.CANCELLED)
    started_at = timezone.now()
    body = encode_event(get_sealed(delivery.event))
    headers = make_headers(
        secrets_in_use=list_secrets(endpoint, now=started_at),
        message_id=delivery.event.public_id, now=started_at, body=body,
    )  # fmt: skip
    answer = post_message(
        url=endpoint.url, headers=headers, body=body, allow_private=settings.WEBHOOK_ALLOW_PRIVATE
    )
    # The request was made, whatever becomes of the job: its record is no part of the job's result.
    record_attempt(delivery=delivery, answer=answer, at=started_at)
    if answer.status_code == GONE:
        return lambda: _give_up_endpoint(delivery)
    if not answer.is_success:
        raise NotNow(answer.error or f"{endpoint.url} answered {answer.status_code}")
    return lambda: _end(delivery, DeliveryState.DELIVERED)


def may_receive(delivery: WebhookDelivery) -> bool:
    """Tell whether the delivery is to be sent; a test reaches a disabled endpoint too."""
    endpoint = delivery.endpoint
    is_test = delivery.event.kind == TEST_KIND
    return endpoint.deleted_at is None and (endpoint.is_enabled or is_test)


def list_secrets(endpoint: WebhookEndpoint, *, now: dt.datetime) -> list[str]:
    """Return the secrets to sign with: while one is being replaced, both."""
    found = [endpoint.secret]
    if endpoint.previous_secret_until is not None and endpoint.previous_secret_until > now:
        found.append(endpoint.previous_secret)
    return found


def record_attempt(*, delivery: WebhookDelivery, answer: WebhookAnswer, at: dt.datetime) -> None:
    """Add one request to the delivery log."""
    WebhookAttempt.objects.create(
        delivery=delivery, at=at, duration_ms=answer.duration_ms, status_code=answer.status_code,
        answer=answer.text, error=answer.error,
    )  # fmt: skip


def bury_delivery(job: Job) -> None:
    """Give a message up whose every attempt failed; it can be replayed."""
    delivery = WebhookDelivery.objects.get(public_id=job.subject)
    _end(delivery, DeliveryState.FAILED)


def _end(delivery: WebhookDelivery, state: DeliveryState) -> None:
    WebhookDelivery.objects.filter(pk=delivery.pk).update(state=state, finished_at=timezone.now())


@transaction.atomic
def _give_up_endpoint(delivery: WebhookDelivery) -> None:
    _end(delivery, DeliveryState.FAILED)
    disable_endpoint(endpoint=delivery.endpoint, by="system", why="The endpoint answered 410 Gone.")
