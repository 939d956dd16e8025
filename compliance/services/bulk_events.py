"""Many events at once: written in one go, delivered at a pace that leaves the workers to songs too."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from compliance.models import Event, Job, WebhookDelivery, WebhookEndpoint
from compliance.services.events import seal_on_commit, write_event
from compliance.services.outbox import DELIVER_JOB, RETRIES, is_told_to_generators, wants

# Messages a second that many events at once are spread to: what a bulk says may wait, a song's verdict may not.
BULK_DELIVERIES_PER_S = 50.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDraft:
    """An event to be written."""

    kind: str
    subject: str
    actor: str
    generator: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


@transaction.atomic(savepoint=False)
def record_events(
    drafts: Sequence[EventDraft], *, now: dt.datetime, n_before: int = 0
) -> list[Event]:
    """Append what happened, in order, and have it delivered; call inside the transaction that made it happen.

    `n_before` is how many events the same bulk recorded already: their messages come first.
    """
    if not drafts:
        return []
    events = [
        write_event(
            kind=draft.kind, subject=draft.subject, actor=draft.actor, generator=draft.generator, data=draft.data
        )
        for draft in drafts
    ]  # fmt: skip
    Event.objects.bulk_create(events)
    seal_on_commit()
    _send(events, now=now, n_before=n_before)
    return events


def _send(events: Sequence[Event], *, now: dt.datetime, n_before: int) -> None:
    """Make the deliveries and their jobs; no hint is sent, the sweeper takes each job up when it is due."""
    receivers: dict[str, list[WebhookEndpoint]] = defaultdict(list)
    for endpoint in WebhookEndpoint.objects.filter(
        generator__public_id__in={event.generator_id_text for event in events},
        is_enabled=True,
        deleted_at=None,
    ).select_related("generator"):
        receivers[endpoint.generator.public_id].append(endpoint)
    deliveries = [
        WebhookDelivery(event=event, endpoint=endpoint)
        for event in events
        if is_told_to_generators(event.kind)
        for endpoint in receivers[event.generator_id_text]
        if wants(endpoint, event.kind)
    ]
    WebhookDelivery.objects.bulk_create(deliveries)
    moments = [
        now + dt.timedelta(seconds=place / BULK_DELIVERIES_PER_S)
        for place in range(n_before, n_before + len(deliveries))
    ]
    Job.objects.bulk_create(
        Job(
            kind=DELIVER_JOB, subject=delivery.public_id, max_attempts=RETRIES.max_attempts, due_at=at, not_before=at
        )
        for delivery, at in zip(deliveries, moments, strict=True)
    )  # fmt: skip
