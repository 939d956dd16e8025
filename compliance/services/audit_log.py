"""The audit log as stored: read, verified, and what outsiders hold it to."""

import datetime as dt
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from compliance.audit import GENESIS_HASH, Checkpoint, Entry
from compliance.models import Event

# Rows read at once: little memory, few queries.
CHUNK = 1000
# Stands for the time of a row that cannot be read.
UNREADABLE = "unreadable"
CHECKPOINT_FORMAT = "cleartone-audit-checkpoint/1"


class InvalidCheckpoint(Exception):
    """A file is not a checkpoint of the audit log."""


def format_moment(moment: dt.datetime) -> str:
    """Return a moment as the log writes it: UTC, microseconds, Z."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def read_entry(event: Event) -> Entry:
    """Return the entry that a row holds."""
    return Entry(
        sequence=event.sequence,
        event=event.public_id,
        kind=event.kind,
        subject=event.subject,
        generator=event.generator_id_text,
        actor=event.actor,
        data=event.data,
        created_at=format_moment(event.created_at),
        prev_hash=event.prev_hash,
        hash=event.hash,
    )


def read_log() -> Iterator[Entry]:
    """Yield every entry in order of its sequence, however many there are."""
    rows = Event.objects.order_by("sequence", "pk").values_list("pk", flat=True)
    pks = rows.iterator(chunk_size=CHUNK)
    while chunk := list(islice(pks, CHUNK)):
        try:
            found = Event.objects.in_bulk(chunk)
            entries = [read_entry(found[pk]) for pk in chunk]
        except (ValueError, AttributeError):
            entries = [_read_doubtful_entry(pk) for pk in chunk]
        yield from entries


def _read_doubtful_entry(pk: int) -> Entry:
    """Return the entry of a row; one that somebody made unreadable comes without time and data, so its hash is wrong."""
    try:
        return read_entry(Event.objects.get(pk=pk))
    except (ValueError, AttributeError):
        names = ("sequence", "public_id", "kind", "subject", "generator_id_text", "actor", "prev_hash", "hash")  # fmt: skip
        row = Event.objects.values(*names).get(pk=pk)
        return Entry(
            event=row.pop("public_id"), generator=row.pop("generator_id_text"), data=None, created_at=UNREADABLE, **row
        )  # fmt: skip


def count_log() -> int:
    """Return how many entries the log has."""
    return Event.objects.count()


def make_checkpoint(*, now: dt.datetime) -> Checkpoint:
    """Return the size and the head of the log as they are now."""
    head = Event.objects.order_by("-sequence").values_list("sequence", "hash").first()
    size, head_hash = head or (0, GENESIS_HASH)
    return Checkpoint(size=size, head_hash=head_hash, created_at=format_moment(now))


def describe_checkpoint(checkpoint: Checkpoint) -> dict[str, Any]:
    """Return a checkpoint as JSON data."""
    return {
        "format": CHECKPOINT_FORMAT,
        "size": checkpoint.size,
        "head_hash": checkpoint.head_hash,
        "created_at": checkpoint.created_at,
    }


def read_checkpoint(path: Path) -> Checkpoint:
    """Return the checkpoint in a file.

    Raises
    ------
    InvalidCheckpoint : if the file is not one
    """
    try:
        found = json.loads(path.read_text())
        if found["format"] != CHECKPOINT_FORMAT:
            raise InvalidCheckpoint(f"expected format {CHECKPOINT_FORMAT}, got {found['format']!r}")
        return Checkpoint(
            size=int(found["size"]),
            head_hash=str(found["head_hash"]),
            created_at=str(found["created_at"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidCheckpoint(f"{path} is not a checkpoint: {error!r}") from error
