"""What no longer carries songs: grants that ended or are suspended, stems that are withdrawn or suspended."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from django.db.models import Q, QuerySet

from catalog.models import Grant, Stem
from catalog.models.agreements import (
    STATUSES_ON_RECORD,
    AgreementStatus,
    GrantEffect,
    GrantStatus,
    Tail,
)
from catalog.models.music import StemStatus


class UnknownSource(Exception):
    """The catalog has no such grant or stem."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What songs rest on: a grant or a stem, whether it is gone for good, and what its contract says about songs then."""

    grant_id: int | None
    stem_id: int | None
    label: str
    licensor: str
    is_final: bool
    stopped_at: datetime | None
    tail: str
    sunset_days: int


def list_stopped_grants(*, on: date) -> list[Source]:
    """Return the permissions that were in force and do not hold on a day, by what they were first."""
    stopped = _get_grants().filter(
        Q(valid_until__lte=on)
        | Q(status__in=[GrantStatus.SUSPENDED, GrantStatus.ENDED])
        | ~Q(agreement__status=AgreementStatus.ACTIVE)
    )
    return [_describe_grant(grant, on=on) for grant in stopped.order_by("id")]


def list_stopped_stems() -> list[Source]:
    """Return the stems that are withdrawn or suspended."""
    rows = Stem.objects.filter(status__in=[StemStatus.WITHDRAWN, StemStatus.SUSPENDED])
    return [_describe_stem(stem) for stem in rows.select_related("artist").order_by("id")]


def get_grant_source(*, label: str, on: date) -> Source:
    """Return a grant as people cite it: agreement number, slash, number.

    Raises
    ------
    UnknownSource : if there is none that was ever in force
    """
    agreement, _, number = label.strip().rpartition("/")
    rows = _get_grants().filter(agreement__number=agreement)
    grant = rows.filter(number=int(number)).first() if number.isdecimal() else None
    if grant is None:
        raise UnknownSource(f"No permission {label!r} was ever in force.")
    return _describe_grant(grant, on=on)


def get_stem_source(*, external_id: str) -> Source:
    """Return a stem by its external id.

    Raises
    ------
    UnknownSource : if there is none
    """
    stem = Stem.objects.filter(external_id=external_id.strip()).select_related("artist").first()
    if stem is None:
        raise UnknownSource(f"The catalog has no stem {external_id!r}.")
    return _describe_stem(stem)


def get_stem_ids(*, names: Collection[str]) -> dict[str, int]:
    """Return the primary keys of stems by their external ids."""
    return dict(Stem.objects.filter(external_id__in=list(names)).values_list("external_id", "id"))


def _get_grants() -> QuerySet[Grant]:
    return Grant.objects.filter(
        effect=GrantEffect.PERMISSION, status__in=STATUSES_ON_RECORD
    ).select_related("agreement__licensor")


def _describe_grant(grant: Grant, *, on: date) -> Source:
    until = grant.valid_until
    has_ended = until is not None and until <= on
    return Source(
        grant_id=grant.pk, stem_id=None, label=grant.label, licensor=str(grant.agreement.licensor), is_final=has_ended,
        stopped_at=datetime.combine(until, time(), UTC) if until is not None and has_ended else None,
        tail=grant.tail, sunset_days=grant.sunset_days or 0,
    )  # fmt: skip


def _describe_stem(stem: Stem) -> Source:
    return Source(
        grant_id=None, stem_id=stem.pk, label=stem.external_id, licensor=str(stem.artist),
        is_final=stem.status == StemStatus.WITHDRAWN, stopped_at=None, tail=Tail.TAKEDOWN, sunset_days=0,
    )  # fmt: skip
