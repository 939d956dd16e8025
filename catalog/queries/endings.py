"""What ends soon, and what has lapsed."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.db.models import Q

from catalog.models import Grant, Stem
from catalog.models.agreements import STATUSES_ON_RECORD, GrantStatus

# Days before the end at which legal staff want to hear of it. Source: issue 3, point 6.
BANDS_DAYS: Final = (1, 7, 30, 90)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndingBand:
    """The grants that end within so many days, and not within the band before."""

    days: int
    grants: tuple[Grant, ...]


def list_endings(*, on: date) -> tuple[EndingBand, ...]:
    """Return the grants in force that end within 1, 7, 30 and 90 days, each once."""
    ending = list(
        Grant.objects.filter(
            status__in=[GrantStatus.ACTIVE, GrantStatus.SUSPENDED],
            valid_until__gt=on,
            valid_until__lte=on + timedelta(days=BANDS_DAYS[-1]),
        )
        .select_related("agreement__licensor", "territory")
        .order_by("valid_until", "id")
    )
    bands = []
    after = on
    for days in BANDS_DAYS:
        until = on + timedelta(days=days)
        grants = tuple(g for g in ending if g.valid_until and after < g.valid_until <= until)
        bands.append(EndingBand(days=days, grants=grants))
        after = until
    return tuple(bands)


@dataclass(frozen=True, slots=True, kw_only=True)
class LapsedGrant:
    """A grant that stopped holding: why, from which day on, and what its contract says of songs made before.

    `tail` is what becomes of those songs, `sunset_days` how long after the end they may stay (None: the contract is silent).
    """

    id: int
    label: str
    why: GrantStatus
    ended_on: date
    tail: str
    sunset_days: int | None
    stems: tuple[str, ...]


def list_lapsed_grants(*, since: datetime, now: datetime) -> tuple[LapsedGrant, ...]:
    """Return the permissions that stopped holding after `since`: their day came, or somebody ended or suspended them.

    A superseded grant is among them: whether its successor licenses the same is for an evaluation to say.
    """
    changed = Grant.history.filter(history_date__gt=since, history_date__lte=now).values("id")
    rows = (
        Grant.objects.filter(
            Q(id__in=changed) | Q(valid_until__gt=since.date(), valid_until__lte=now.date()),
            Q(valid_until__lte=now.date()) | Q(status=GrantStatus.SUSPENDED),
            status__in=STATUSES_ON_RECORD,
            effect="permission",
        )
        .select_related("agreement")
        .order_by("id")
    )
    return tuple(_describe_lapsed(grant, now=now) for grant in rows)


def _describe_lapsed(grant: Grant, *, now: datetime) -> LapsedGrant:
    is_over = grant.valid_until is not None and grant.valid_until <= now.date()
    why = GrantStatus(grant.status)
    stems = Stem.objects.under(grant).order_by("external_id")
    return LapsedGrant(
        id=grant.pk,
        label=grant.label,
        why=GrantStatus.ENDED if why == GrantStatus.ACTIVE else why,
        ended_on=grant.valid_until if is_over and grant.valid_until else now.date(),
        tail=grant.tail,
        sunset_days=grant.sunset_days,
        stems=tuple(stems.values_list("external_id", flat=True)),
    )
