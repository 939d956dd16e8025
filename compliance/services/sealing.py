"""Seal events: give each its place in the order of commits and chain it to the one before.

To chain an event inside the transaction that writes it, every writer would have to wait for the commit of the writer before: 95
events a second with four threads on PostgreSQL, measured. So events are written without a place, and whoever commits seals what
is there, in a short transaction of its own, batch by batch. One seals at a time; the others go their way, because the one who
seals looks again before it stops, and finds what they committed.
"""

import threading
from typing import Final

import structlog
from django.db import connection, transaction

from catalog.queries.prepared import PreparedQuery
from compliance.models import Event
from compliance.services.audit_log import is_as_written, read_entry, read_head
from compliance.services.bulk_updates import update_each

logger = structlog.get_logger(__name__)

# Key of the advisory lock under which PostgreSQL seals; any number nobody else uses. SQLite has one writer at a time.
SEAL_LOCK = 6_021_023_001
# Events sealed in one transaction: few enough that it stays short, many enough that a backlog is soon worked off.
BATCH = 500
# Asked after every commit that made events.
UNSEALED: Final = PreparedQuery(
    lambda: Event.objects.filter(sequence=None).order_by().values_list("pk")[:1]
)
# Among the threads of this process: saves those who would not get the database's lock from asking for it.
_sealing = threading.Lock()


def seal_new_events() -> int:
    """Seal every committed event, unless somebody else is at it; return how many were sealed."""
    return _seal_all(wait=False)


def seal_committed_events() -> int:
    """Seal like `seal_new_events`, without a look whether there is anything: call after a commit that made events."""
    return _seal_all(wait=False, look_first=False)


def seal_all_events() -> int:
    """Seal every event committed before the call, waiting for whoever is at it; return how many were sealed."""
    return _seal_all(wait=True)


def get_sealed(event: Event) -> Event:
    """Return the event with its place in the chain."""
    if event.sequence is None:
        seal_all_events()
        event.refresh_from_db(fields=["sequence", "prev_hash", "hash"])
    return event


def _seal_all(*, wait: bool, look_first: bool = True) -> int:
    n_sealed = 0
    while not look_first or any(UNSEALED.ask()):
        look_first = True
        n = _seal_batch(wait=wait)
        if n is None:
            break
        n_sealed += n
    return n_sealed


def _seal_batch(*, wait: bool) -> int | None:
    """Seal what is there; return how many events, None if there is nothing to be done here: looking again is no use."""
    if not _sealing.acquire(blocking=wait):
        return None
    try:
        with transaction.atomic():
            if not _lock_chain(wait=wait):
                return None
            rows = list(Event.objects.filter(sequence=None).order_by("pk")[:BATCH])
            if not rows:  # somebody else sealed them
                return 0
            sealed = [event for event in rows if is_as_written(event)]
            sequence, head = read_head()
            for event in sealed:
                sequence += 1
                entry = read_entry(event).seal(sequence=sequence, prev_hash=head)
                event.sequence, event.prev_hash, event.hash = sequence, head, entry.hash
                head = entry.hash
            update_each(sealed, ["sequence", "prev_hash", "hash"])
    finally:
        _sealing.release()
    if len(sealed) < len(rows):
        logger.error("audit.altered_before_seal", n=len(rows) - len(sealed))
    return None if rows and not sealed else len(sealed)


def _lock_chain(*, wait: bool) -> bool:
    """Take the chain until the transaction ends; tell whether it was to be had."""
    if connection.vendor != "postgresql":
        return True
    function = "pg_advisory_xact_lock" if wait else "pg_try_advisory_xact_lock"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [SEAL_LOCK])
        return wait or bool(cursor.fetchone()[0])
