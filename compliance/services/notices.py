"""Tell generators in time: of caps that their songs use up, and of grants that their songs rest on and that end soon."""

import datetime as dt
from collections.abc import Iterable

from django.db import IntegrityError, transaction

from catalog.queries.endings import BANDS_DAYS
from catalog.queries.limits_near import (
    CrossedBalance,
    EndingGrant,
    list_crossed_balances,
    list_ending_grants,
    list_holders,
)
from compliance.models import (
    ApprovalBasis,
    ApprovalStatus,
    CapLevel,
    CapNotice,
    Clearance,
    Generator,
    GrantNotice,
    Submission,
)
from compliance.services.bulk_events import EventDraft, record_events

# How many of the newest holds are asked whose they are; older ones are songs, which the grant itself names.
HOLDS_ASKED = 500


def tell_of_caps(*, now: dt.datetime, limit: int = 100) -> int:
    """Tell whoever counts against a cap that it is nearly or wholly used up, each once; return how many caps."""
    n_told = 0
    for level in CapLevel:
        known = CapNotice.objects.filter(level=level).order_by().values("balance")
        for crossed in list_crossed_balances(
            exhausted=level == CapLevel.EXHAUSTED, leave_out=known, limit=limit
        ):
            n_told += _tell_of_cap(crossed, level=level, now=now)
    return n_told


def tell_of_endings(*, now: dt.datetime, limit: int = 100) -> int:
    """Tell generators whose songs rest on a grant that it ends in 90, 30, 7 days or 1 day; return how many grants."""
    today = now.astimezone(dt.UTC).date()
    n_told = 0
    for days in BANDS_DAYS:
        known = GrantNotice.objects.filter(days=days).order_by().values("grant")
        for ending in list_ending_grants(on=today, days=days, leave_out=known, limit=limit):
            n_told += _tell_of_ending(ending, now=now)
    return n_told


def _tell_of_cap(crossed: CrossedBalance, *, level: CapLevel, now: dt.datetime) -> bool:
    generators = list_generators_of_grant(crossed.grant_id) | _list_holding_generators(crossed)
    try:
        with transaction.atomic():
            CapNotice.objects.create(balance_id=crossed.balance_id, level=level, told_at=now)
            _record(
                f"cap.{level.value}", f"cap:{crossed.cap_id}", generators, now=now,
                data={
                    "grant": crossed.grant, "unit": crossed.unit, "bucket": crossed.bucket, "limit": crossed.limit,
                    "taken": crossed.taken,
                },
            )  # fmt: skip
    except IntegrityError:
        return False  # another machine's upkeep was first
    return True


def _tell_of_ending(ending: EndingGrant, *, now: dt.datetime) -> bool:
    try:
        with transaction.atomic():
            GrantNotice.objects.create(grant_id=ending.grant_id, days=ending.days, told_at=now)
            _record(
                "license.expiring", f"license:{ending.label}", list_generators_of_grant(ending.grant_id), now=now,
                data={"ends_on": ending.ends_on.isoformat(), "days": ending.days},
            )  # fmt: skip
    except IntegrityError:
        return False
    return True


def list_generators_of_grant(grant_id: int) -> set[str]:
    """Return the generators with songs in use that rest on a grant."""
    rows = ApprovalBasis.objects.filter(
        grant=grant_id, approval__status__in=[ApprovalStatus.LIVE, ApprovalStatus.SUSPENDED]
    )
    generators = rows.order_by().values_list(
        "approval__submission__generator__public_id", flat=True
    )
    return set(generators.distinct())


def _list_holding_generators(crossed: CrossedBalance) -> set[str]:
    subjects = list_holders(cap_id=crossed.cap_id, bucket=crossed.bucket, limit=HOLDS_ASKED)
    names = [subject.partition(":")[2] for subject in subjects]
    of_clearances = Generator.objects.filter(
        pk__in=Clearance.objects.filter(public_id__in=names).order_by().values("generator")
    )
    of_songs = Generator.objects.filter(
        pk__in=Submission.objects.filter(public_id__in=names).order_by().values("generator")
    )
    return {row.public_id for row in of_clearances | of_songs}


def _record(
    kind: str,
    subject: str,
    generators: Iterable[str],
    *,
    now: dt.datetime,
    data: dict[str, str | int],
) -> None:
    """Record one event for each generator, or one that nobody is told when there is none."""
    record_events(
        [
            EventDraft(kind=kind, subject=subject, actor="system", generator=generator, data=data)
            for generator in sorted(generators) or [""]
        ],
        now=now,
    )
