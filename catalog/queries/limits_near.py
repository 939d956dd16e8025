"""What is nearly over: balances of caps, and grants, that somebody has to be told of."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import F, QuerySet

from catalog.models import CapBalance, CapHold, Grant
from catalog.models.agreements import GrantEffect, GrantStatus
from catalog.models.caps import HoldStatus
from catalog.queries.endings import BANDS_DAYS
from catalog.rights.terms import CapUnit


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossedBalance:
    """One bucket of a cap that is used up to its warning, or wholly."""

    balance_id: int
    cap_id: int
    grant_id: int
    grant: str
    bucket: str
    unit: str
    limit: int
    taken: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EndingGrant:
    """A grant and the band of days in which it ends."""

    grant_id: int
    label: str
    ends_on: date
    days: int


def list_crossed_balances(
    *, exhausted: bool, leave_out: QuerySet[Any, Any], limit: int
) -> list[CrossedBalance]:
    """Return balances of songs that are used up, or have reached their warning; `leave_out` selects the ids already known.

    Caps on plays and seconds are not among them: whoever books their use says so then.
    """
    rows = CapBalance.objects.filter(cap__unit=CapUnit.SONG).exclude(pk__in=leave_out)
    rows = rows.annotate(taken=F("held") + F("captured"))
    if exhausted:
        rows = rows.filter(taken__gte=F("cap__limit"))
    else:
        rows = rows.annotate(scaled=F("taken") * 100).filter(
            taken__lt=F("cap__limit"), scaled__gte=F("cap__limit") * F("cap__warn_at_pct")
        )
    return [
        CrossedBalance(
            balance_id=row.pk, cap_id=row.cap_id, grant_id=row.cap.grant_id, grant=row.cap.grant.label,
            bucket=row.bucket, unit=row.cap.unit,
            limit=row.cap.limit, taken=row.held + row.captured,
        )
        for row in rows.select_related("cap__grant__agreement").order_by("pk")[:limit]
    ]  # fmt: skip


def list_holders(*, cap_id: int, bucket: str, limit: int) -> list[str]:
    """Return for what the newest holds of a cap were taken: the subjects that reservations were made under."""
    holds = CapHold.objects.filter(
        cap_id=cap_id, bucket=bucket, status__in=[HoldStatus.HELD, HoldStatus.CAPTURED]
    )
    return list(holds.order_by("-id").values_list("subject", flat=True)[:limit])


def list_ending_grants(
    *, on: date, days: int, leave_out: QuerySet[Any, Any], limit: int
) -> list[EndingGrant]:
    """Return the grants in force that end within so many days and not within the next shorter band."""
    after = on + timedelta(days=max([0, *(band for band in BANDS_DAYS if band < days)]))
    rows = Grant.objects.filter(
        effect=GrantEffect.PERMISSION, status__in=[GrantStatus.ACTIVE, GrantStatus.SUSPENDED],
        valid_until__gt=after, valid_until__lte=on + timedelta(days=days),
    ).exclude(pk__in=leave_out)  # fmt: skip
    return [
        EndingGrant(grant_id=row.pk, label=row.label, ends_on=row.valid_until, days=days)
        for row in rows.select_related("agreement").order_by("pk")[:limit]
        if row.valid_until is not None
    ]
