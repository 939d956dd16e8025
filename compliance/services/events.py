"""Append events to the audit log, and tell whoever listens."""

import json
from typing import Any

from django.db import connection, transaction

from compliance.audit import GENESIS_HASH
from compliance.models import Event
from compliance.services.audit_log import read_entry
from compliance.services.outbox import find_receivers, send_event

# Key of the advisory lock under which PostgreSQL appends; any number nobody else uses. SQLite has one writer at a time.
CHAIN_LOCK = 6_021_023_001


@transaction.atomic(savepoint=False)
def record_event(
    *, kind: str, subject: str, actor: str, generator: str = "", data: dict[str, Any] | None = None
) -> Event:
    """Append what happened and have it delivered; call inside the transaction that made it happen, as the last thing it does.

    Whoever appends holds the chain until its transaction ends: what comes after is waited for by every other writer, and
    a row locked after it could be one that such a writer holds.
    """
    event = append_event(kind=kind, subject=subject, actor=actor, generator=generator, data=data)
    send_event(event=event, endpoints=find_receivers(event), now=event.created_at)
    return event


@transaction.atomic(savepoint=False)
def append_event(
    *, kind: str, subject: str, actor: str, generator: str = "", data: dict[str, Any] | None = None
) -> Event:
    """Append an event to the chain and tell nobody."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CHAIN_LOCK])
    head = Event.objects.order_by("-sequence").values_list("sequence", "hash").first()
    sequence, prev_hash = head or (0, GENESIS_HASH)
    event = Event(
        sequence=sequence + 1,
        kind=kind,
        subject=subject,
        actor=actor,
        generator_id_text=generator,
        data=json.loads(json.dumps(data or {})),  # as it is read back: tuples become lists
        prev_hash=prev_hash,
    )
    event.hash = read_entry(event).compute_hash()
    event.save(force_insert=True)
    return event
