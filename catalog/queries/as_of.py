"""The catalog as it was at a moment, read from the history of its rows, and what has changed since."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db.models import Model

from catalog.models import Cap, Grant, Share, Stem
from catalog.models.agreements import TERM_FIELDS
from catalog.models.fields import describe_value
from catalog.rights.wording import describe_uses, name_words

# What is compared between then and now, and how it is called.
GRANT_FIELDS: Final = {
    **{name: name_words(name.removesuffix("_id")) for name in TERM_FIELDS},
    "status": "status",
    "valid_until": "end",
}
STEM_FIELDS: Final = {
    "status": "status", "title": "title", "artist_id": "artist", "recording_id": "recording", "has_voice": "voice",
    "audio_sha256": "audio",
}  # fmt: skip
# Letters of a value that are shown.
VALUE_SHOWN: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantThen:
    """A grant as it was, with each term that is another today."""

    id: int
    label: str
    licensor: str
    status: str
    effect: str
    sides: tuple[str, ...]
    uses: str
    territories: str
    starts_on: date
    ends_on: date | None
    caps: tuple[str, ...]
    clause_refs: str
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StemThen:
    """A stem as it was, with the shares entered for it, and each fact that is another today."""

    id: int
    external_id: str
    title: str
    artist: str
    status: str
    shares: tuple[str, ...]
    changes: tuple[str, ...]


def list_grants_as_of(*, ids: Collection[int], at: datetime) -> tuple[GrantThen, ...]:
    """Return the grants as they were; one entered later is not among them."""
    now = Grant.objects.select_related("agreement__licensor", "territory").in_bulk(list(ids))
    caps = list(Cap.history.as_of(at).filter(grant_id__in=list(ids)))
    then = Grant.history.as_of(at).filter(id__in=list(ids)).select_related("territory")
    return tuple(
        GrantThen(
            id=grant.pk,
            label=now[grant.pk].label,
            licensor=now[grant.pk].agreement.licensor.name,
            status=grant.get_status_display(),
            effect=grant.get_effect_display(),
            sides=grant.sides,
            uses=describe_uses(grant.uses),
            territories=str(grant.territory),
            starts_on=grant.valid_from,
            ends_on=grant.valid_until,
            caps=tuple(str(cap) for cap in caps if cap.grant_id == grant.pk),
            clause_refs=grant.clause_refs,
            changes=_list_changes(grant, now[grant.pk], names=GRANT_FIELDS),
        )
        for grant in sorted(then, key=lambda grant: int(grant.pk))
    )


def list_stems_as_of(*, external_ids: Collection[str], at: datetime) -> tuple[StemThen, ...]:
    """Return the stems as they were, by ID, each with the shares of itself, its recording and its works."""
    now = {
        stem.pk: stem
        for stem in Stem.objects.filter(external_id__in=external_ids)
        .select_related("artist", "recording")
        .prefetch_related("recording__works")
    }
    then = Stem.history.as_of(at).filter(id__in=list(now)).select_related("artist")
    return tuple(
        StemThen(
            id=stem.pk,
            external_id=stem.external_id,
            title=stem.title,
            artist=stem.artist.name,
            status=stem.get_status_display(),
            shares=_list_shares(now[stem.pk], at=at),
            changes=_list_changes(stem, now[stem.pk], names=STEM_FIELDS),
        )
        for stem in sorted(then, key=lambda stem: str(stem.external_id))
    )


def _list_shares(stem: Stem, *, at: datetime) -> tuple[str, ...]:
    shares = Share.history.as_of(at)
    found: Sequence[Share] = list(shares.filter(stem_id=stem.pk))
    if stem.recording is not None:
        works = [work.pk for work in stem.recording.works.all()]
        found = [
            *found,
            *shares.filter(recording_id=stem.recording.pk),
            *shares.filter(work_id__in=works),
        ]
    return tuple(f"{share}: {share.party.name}, {share.territory}" for share in found)


def _list_changes(then: Model, now: Model, *, names: dict[str, str]) -> tuple[str, ...]:
    """Return each named column that differs, as it was and as it is."""
    return tuple(
        f"{label}: {_show(then, name)} → {_show(now, name)}"
        for name, label in names.items()
        if getattr(then, name) != getattr(now, name)
    )


def _show(row: Model, name: str) -> str:
    column = name.removesuffix("_id")
    text = describe_value(getattr(row, column), column=row._meta.get_field(column))
    return text[:VALUE_SHOWN]
