"""The audit log as stored: read, verified, and what outsiders hold it to."""

import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

from django.conf import settings

from catalog.queries.prepared import PreparedQuery
from compliance.audit import GENESIS_HASH, Checkpoint, Entry, NotCanonical
from compliance.certificates.tokens import InvalidToken, read_token, sign_token
from compliance.models import Event
from compliance.services.signing_keys import load_keys

# Rows read at once: little memory, few queries.
CHUNK = 1000
HEAD: Final = PreparedQuery(
    lambda: (
        Event.objects.exclude(sequence=None)
        .order_by("-sequence")
        .values_list("sequence", "hash")[:1]
    )
)
# Stands for the time of a row that cannot be read.
UNREADABLE = "unreadable"
CHECKPOINT_FORMAT = "cleartone-audit-checkpoint/1"
CHECKPOINT_TYPE = "audit-checkpoint+jwt"
MAC_SALT = b"cleartone audit log\0"


class InvalidCheckpoint(Exception):
    """A file is not a checkpoint of the audit log."""


def format_moment(moment: dt.datetime) -> str:
    """Return a moment as the log writes it: UTC, microseconds, Z."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def read_entry(event: Event) -> Entry:
    """Return the entry that a row holds."""
    return Entry(
        sequence=event.sequence or 0,
        event=event.public_id,
        kind=event.kind,
        subject=event.subject,
        generator=event.generator_id_text,
        actor=event.actor,
        data=event.data,
        created_at=format_moment(event.created_at),
        prev_hash=event.prev_hash or "",
        hash=event.hash or "",
    )


def read_log() -> Iterator[Entry]:
    """Yield every sealed entry in order of its sequence, however many there are."""
    rows = Event.objects.exclude(sequence=None).order_by("sequence", "pk")
    pks = rows.values_list("pk", flat=True).iterator(chunk_size=CHUNK)
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
    """Return how many sealed entries the log has."""
    return Event.objects.exclude(sequence=None).count()


def derive_mac_keys() -> list[bytes]:
    """Return the keys under which events are written and were written, the one in use first."""
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [hashlib.sha256(MAC_SALT + str(secret).encode()).digest() for secret in secrets]


def is_as_written(event: Event) -> bool:
    """Tell whether an event says what it said when it was written."""
    try:
        entry = read_entry(event)
        macs = [entry.compute_mac(key=key) for key in derive_mac_keys()]
    except (NotCanonical, ValueError, AttributeError):
        return False
    return any(hmac.compare_digest(event.mac, mac) for mac in macs)


def find_unsealed_faults() -> Iterator[str]:
    """Yield a sentence for each event that waits for its seal and is not as it was written."""
    for pk in Event.objects.filter(sequence=None).order_by("pk").values_list("pk", flat=True):
        try:
            is_sound = is_as_written(Event.objects.get(pk=pk))
        except (ValueError, AttributeError):
            is_sound = False
        if not is_sound:
            name = Event.objects.values_list("public_id", flat=True).get(pk=pk)
            yield f"{name}, not sealed yet, is not as it was written"


def read_head() -> tuple[int, str]:
    """Return the sequence and the hash of the last sealed event."""
    head = next(HEAD.ask(), None)
    return (head[0] or 0, head[1] or "") if head else (0, GENESIS_HASH)


def make_checkpoint(*, now: dt.datetime) -> Checkpoint:
    """Return the size and the head of the log as they are now."""
    size, head_hash = read_head()
    return Checkpoint(size=size, head_hash=head_hash, created_at=format_moment(now))


def describe_checkpoint(checkpoint: Checkpoint) -> dict[str, Any]:
    """Return a checkpoint as JSON data; `token` is the same, signed with the key that signs certificates."""
    claims = {
        "format": CHECKPOINT_FORMAT,
        "size": checkpoint.size,
        "head_hash": checkpoint.head_hash,
        "created_at": checkpoint.created_at,
    }
    token = sign_token(
        claims={"iss": settings.PUBLIC_URL, **claims}, token_type=CHECKPOINT_TYPE, keys=load_keys()
    )
    return {**claims, "token": token}


def read_checkpoint(path: Path) -> Checkpoint:
    """Return the checkpoint in a file, as the service signed it.

    Raises
    ------
    InvalidCheckpoint : if the file is not one, or its signature does not fit
    """
    try:
        found = json.loads(path.read_text())
        if "token" in found:  # checkpoints were not signed at first
            found = read_token(token=found["token"], token_type=CHECKPOINT_TYPE, keys=load_keys())
        if found["format"] != CHECKPOINT_FORMAT:
            raise InvalidCheckpoint(f"expected format {CHECKPOINT_FORMAT}, got {found['format']!r}")
        return Checkpoint(
            size=int(found["size"]),
            head_hash=str(found["head_hash"]),
            created_at=str(found["created_at"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, InvalidToken) as error:
        raise InvalidCheckpoint(f"{path} is not a checkpoint: {error!r}") from error
