"""Append events to the audit log, and tell whoever listens."""

import json
from collections.abc import Mapping
from typing import Any

from django.db import connection, transaction

from compliance.models import Event
from compliance.services.audit_log import derive_mac_keys, read_entry
from compliance.services.outbox import find_receivers, send_event
from compliance.services.sealing import seal_committed_events


@transaction.atomic(savepoint=False)
def record_event(
    *, kind: str, subject: str, actor: str, generator: str = "", data: dict[str, Any] | None = None
) -> Event:
    """Append what happened and have it delivered; call inside the transaction that made it happen.

    Nobody waits for anybody here: the event gets its sequence and its place in the chain after the commit.
    """
    event = append_event(kind=kind, subject=subject, actor=actor, generator=generator, data=data)
    send_event(event=event, endpoints=find_receivers(event), now=event.created_at)
    return event


@transaction.atomic(savepoint=False)
def append_event(
    *, kind: str, subject: str, actor: str, generator: str = "", data: dict[str, Any] | None = None
) -> Event:
    """Append an event, to be sealed when the transaction commits, and tell nobody."""
    event = write_event(kind=kind, subject=subject, actor=actor, generator=generator, data=data)
    event.save(force_insert=True)
    seal_on_commit()
    return event


def write_event(
    *, kind: str, subject: str, actor: str, generator: str = "", data: Mapping[str, Any] | None = None
) -> Event:  # fmt: skip
    """Return an event that is not stored yet."""
    event = Event(
        kind=kind,
        subject=subject,
        actor=actor,
        generator_id_text=generator,
        data=json.loads(json.dumps(data or {})),  # as it is read back: tuples become lists
    )
    event.mac = read_entry(event).compute_mac(key=derive_mac_keys()[0])
    return event


def seal_on_commit() -> None:
    """Have new events sealed when the transaction commits, once for all of it."""
    hooks: list[object] = [entry[1] for entry in connection.run_on_commit]
    if seal_committed_events not in hooks:
        # robust: what happened has happened; the worker's sweep seals what could not be sealed now.
        transaction.on_commit(seal_committed_events, robust=True)
