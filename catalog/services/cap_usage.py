"""What reported use takes from caps. It has happened already: the ledger records it, beyond the limit too."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db import transaction
from django.db.models import F

from catalog.models import Cap, CapBalance, CapEntry, CapHold
from catalog.models.caps import EntryKind, HoldStatus
from catalog.services.clearing import lock_caps


@dataclass(frozen=True, slots=True, kw_only=True)
class CapBooking:
    """What one subject takes from a bucket of a cap; a negative quantity gives back what was reported too much."""

    cap_id: int
    bucket: str
    subject: str
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CapCrossing:
    """A bucket that came to its warning mark or to its limit."""

    cap_id: int
    grant: str
    unit: str
    bucket: str
    limit: int
    taken: int
    level: Literal["warning", "exhausted"]


@transaction.atomic
def book_usage(*, bookings: Sequence[CapBooking], now: datetime) -> tuple[CapCrossing, ...]:
    """Write bookings to the ledger and return the marks that were reached by them.

    Raises
    ------
    IntegrityError : if more is given back than was taken
    """
    caps = {cap.pk: cap for cap in lock_caps({booking.cap_id for booking in bookings})}
    keys = sorted({(booking.cap_id, booking.bucket) for booking in bookings})
    balances = {
        key: CapBalance.objects.get_or_create(cap_id=key[0], bucket=key[1])[0] for key in keys
    }
    _write_ledger(bookings, now=now)
    crossings = []
    for key, balance in balances.items():
        change = sum(each.quantity for each in bookings if (each.cap_id, each.bucket) == key)
        if change:
            CapBalance.objects.filter(pk=balance.pk).update(captured=F("captured") + change)
        before = balance.held + balance.captured
        crossings += _find_crossings(caps[key[0]], key[1], before=before, after=before + change)
    return tuple(crossings)


def _write_ledger(bookings: Sequence[CapBooking], *, now: datetime) -> None:
    holds = CapHold.objects.bulk_create(
        CapHold(
            cap_id=booking.cap_id, bucket=booking.bucket, subject=booking.subject,
            quantity=abs(booking.quantity), hold_until=now, held_at=now, settled_at=now,
            status=HoldStatus.CAPTURED if booking.quantity > 0 else HoldStatus.REVERSED,
        )
        for booking in bookings
    )  # fmt: skip
    CapEntry.objects.bulk_create(
        CapEntry(
            cap_id=hold.cap_id, hold=hold, quantity=hold.quantity, subject=hold.subject, bucket=hold.bucket, at=now,
            kind=EntryKind.CAPTURE if hold.status == HoldStatus.CAPTURED else EntryKind.REVERSE,
        )
        for hold in holds
    )  # fmt: skip


def _find_crossings(cap: Cap, bucket: str, *, before: int, after: int) -> list[CapCrossing]:
    """Return the highest mark that is reached now and was not before."""
    warning_at = -(-cap.limit * cap.warn_at_pct // 100)
    for level, mark in (("exhausted", cap.limit), ("warning", warning_at)):
        if before < mark <= after:
            return [
                CapCrossing(
                    cap_id=cap.pk, grant=cap.grant.label, unit=cap.unit, bucket=bucket, limit=cap.limit, taken=after,
                    level="exhausted" if level == "exhausted" else "warning",
                )
            ]  # fmt: skip
    return []
