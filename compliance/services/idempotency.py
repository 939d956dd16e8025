"""Do a POST once, however often it is sent.

The record is written in flight before the work, and completed *in the transaction of the work*: a crash leaves either nothing
(the lock runs out, the next try does the work) or the work and its answer.
"""

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from compliance.models import Generator, IdempotencyRecord

# How long a request may be in flight before the next one with its key may take over. Unit: seconds; above the
# time any request of ours takes (uploads are stored before the lock is taken).
LOCK_S = 60


class IdempotencyInFlight(Exception):
    """The first request with this key has not answered yet."""

    def __init__(self, *, key: str, retry_after_s: int) -> None:
        super().__init__(
            f"The first request with Idempotency-Key {key!r} is still running; ask again."
        )
        self.retry_after_s = retry_after_s


class IdempotencyMismatch(Exception):
    """The key was used with another request."""

    def __init__(self, *, key: str) -> None:
        super().__init__(
            f"Idempotency-Key {key!r} was used with another request; send this one with a key of its own."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAnswer:
    """What a creating POST answers with; `replayed` when an earlier request did the work."""

    status_code: int
    body: dict[str, Any]
    replayed: bool = False


def run_once(
    *,
    generator: Generator,
    key: str | None,
    request_sha256: str,
    now: dt.datetime,
    work: Callable[[], tuple[int, dict[str, Any]]],
) -> StoredAnswer:
    """Run `work` in a transaction, or return what it answered the first time this key was sent.

    Raises
    ------
    IdempotencyInFlight : if the first request with the key has not answered yet
    IdempotencyMismatch : if the key came with another request
    """
    if key is None:
        with transaction.atomic():
            status_code, body = work()
        return StoredAnswer(status_code=status_code, body=body)
    token = uuid.uuid4()
    stored = _take_lock(
        generator=generator, key=key, request_sha256=request_sha256, token=token, now=now
    )
    if stored is not None:
        return stored
    mine = IdempotencyRecord.objects.filter(generator=generator, key=key, lock_token=token)
    try:
        with transaction.atomic():
            status_code, body = work()
            if not mine.update(status_code=status_code, body=body):
                raise IdempotencyInFlight(key=key, retry_after_s=1)  # noqa: TRY301 - taken over: undo our work
    except BaseException:
        mine.filter(
            status_code=None
        ).delete()  # a request that failed may be repaired and sent again
        raise
    return StoredAnswer(status_code=status_code, body=body)


def _take_lock(
    *, generator: Generator, key: str, request_sha256: str, token: uuid.UUID, now: dt.datetime
) -> StoredAnswer | None:
    """Return the stored answer, or None once the lock is ours."""
    locked_until = now + dt.timedelta(seconds=LOCK_S)
    try:
        with transaction.atomic():
            IdempotencyRecord.objects.create(
                generator=generator, key=key, request_sha256=request_sha256, lock_token=token,
                locked_until=locked_until,
            )  # fmt: skip
    except IntegrityError:
        record = IdempotencyRecord.objects.filter(generator=generator, key=key).first()
        if record is None:  # the first request failed between our two statements
            raise IdempotencyInFlight(key=key, retry_after_s=1) from None
        if record.request_sha256 != request_sha256:
            raise IdempotencyMismatch(key=key) from None
        if record.status_code is not None:
            return StoredAnswer(
                status_code=record.status_code, body=record.body or {}, replayed=True
            )
        taken_over = IdempotencyRecord.objects.filter(
            pk=record.pk, lock_token=record.lock_token, status_code=None, locked_until__lt=now
        ).update(lock_token=token, locked_until=locked_until)
        if not taken_over:
            wait_s = max(1, int((record.locked_until - now).total_seconds()))
            raise IdempotencyInFlight(key=key, retry_after_s=min(wait_s, 5)) from None
    return None


def delete_old_records(*, now: dt.datetime) -> int:
    """Forget answers older than the promise; return how many."""
    oldest = now - dt.timedelta(days=settings.IDEMPOTENCY_KEPT_DAYS)
    return IdempotencyRecord.objects.filter(created_at__lt=oldest).delete()[0]
