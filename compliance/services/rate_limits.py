"""Rate limits: so many requests a generator and minute, over all processes and machines.

The count is a row. A process takes a share of the limit from it at once and counts that down in memory, so that one request in
many writes to the database and the others ask nobody. What a process took and did not use ends with the window.
"""

import datetime as dt
import threading
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import F

from compliance.models import Generator, RateWindow

WINDOW_S = 60
# Into how many shares a limit is cut. More shares cost more writes; fewer let a process that hoards one leave more of
# the limit unused by the others. Unit: shares.
SHARES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class RateDecision:
    """Whether a request may pass, and what its client is told of the limit."""

    allowed: bool
    limit: int
    remaining: int
    reset_s: int


@dataclass(slots=True)
class _Share:
    """What this process may still let through for one generator in one window."""

    starts_at: dt.datetime
    left: int = 0
    taken_by_all: int = 0


_shares: dict[int, _Share] = {}
_lock = threading.Lock()


def take_request(*, generator: Generator, now: dt.datetime) -> RateDecision:
    """Count one request of a generator and tell whether it may pass."""
    limit = generator.requests_per_minute or settings.RATE_LIMIT_PER_MINUTE
    starts_at = now.replace(second=0, microsecond=0)
    with _lock:
        share = _shares.get(generator.pk)
        if share is None or share.starts_at != starts_at:
            share = _shares[generator.pk] = _Share(starts_at)
        if share.left > 0:
            share.left -= 1
            return _decide(share, allowed=True, limit=limit, now=now)
        exhausted = share.taken_by_all >= limit
    granted = 0 if exhausted else _take_share(generator, share, limit=limit)
    with _lock:
        share.left += max(0, granted - 1)
        return _decide(share, allowed=granted > 0, limit=limit, now=now)


def _decide(share: _Share, *, allowed: bool, limit: int, now: dt.datetime) -> RateDecision:
    ends_at = share.starts_at + dt.timedelta(seconds=WINDOW_S)
    return RateDecision(
        allowed=allowed,
        limit=limit,
        remaining=max(0, limit - share.taken_by_all) + share.left,
        reset_s=max(1, round((ends_at - now).total_seconds())),
    )


def _take_share(generator: Generator, share: _Share, *, limit: int) -> int:
    """Take up to a share of the limit from the row all processes count on; return how many requests it holds."""
    wanted = max(1, limit // SHARES)
    window = RateWindow.objects.filter(generator=generator, starts_at=share.starts_at)
    with transaction.atomic():
        row, is_new = RateWindow.objects.get_or_create(
            generator=generator, starts_at=share.starts_at, defaults={"taken": wanted}
        )
        if is_new:
            share.taken_by_all = wanted
            return wanted
        row = window.select_for_update().get()
        granted = min(wanted, max(0, limit - row.taken))
        if granted:
            window.update(taken=F("taken") + granted)
        share.taken_by_all = row.taken + granted
        return granted


def delete_old_windows(*, now: dt.datetime) -> int:
    """Forget windows that are over; return how many."""
    oldest = now - dt.timedelta(seconds=10 * WINDOW_S)
    return RateWindow.objects.filter(starts_at__lt=oldest).delete()[0]
