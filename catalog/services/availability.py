"""Keep what stems are offered for in step with grants and stems.

Every service that changes a grant, an agreement's status or a stem says so here, in its own transaction.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.db import transaction

from catalog.models import Availability, Grant, GrantTarget, Stem, TerritorySet
from catalog.models.agreements import AgreementStatus, GrantEffect, GrantStatus
from catalog.models.music import StemStatus
from catalog.queries.rights_facts import expand_signed
from catalog.rights.offers import Offer, Permitted, list_offers, make_permitted
from catalog.rights.terms import Side

BATCH_STEMS: Final = 1000
# Grants that count for the days they run; a suspended one does not.
COUNTING: Final = (GrantStatus.ACTIVE, GrantStatus.ENDED, GrantStatus.SUPERSEDED)
FILTER_COLUMNS: Final = ("external_id", "genre", "role", "key", "bpm")


def refresh_availability_of_grant(*, grant: Grant) -> None:
    """Work out anew what the stems of a grant are offered for."""
    refresh_availability(stem_ids=Stem.objects.under(grant).order_by().values_list("id", flat=True))


@transaction.atomic
def refresh_availability(*, stem_ids: Iterable[int]) -> int:
    """Work out anew what these stems are offered for; return how many offers there are."""
    territories = _TerritoryIds()
    n_offers = 0
    for ids in _batch(sorted(set(stem_ids))):
        stems = list(
            Stem.objects.filter(id__in=ids, status=StemStatus.ACTIVE)
            .order_by()
            .values("id", "recording_id", "has_voice", *FILTER_COLUMNS)
        )
        permissions = _load_permissions(stems)
        rows = [
            Availability(
                stem_id=stem["id"],
                use=offer.use,
                territory_id=territories.find(offer),
                starts_on=offer.starts_on,
                ends_on=offer.ends_on,
                **{name: stem[name] for name in FILTER_COLUMNS},
            )
            for stem in stems
            for offer in list_offers(permissions[stem["id"]], sides=_list_sides(stem))
        ]
        Availability.objects.filter(stem_id__in=ids).delete()
        Availability.objects.bulk_create(rows, batch_size=BATCH_STEMS)
        n_offers += len(rows)
    return n_offers


def fill_availability(**_options: Any) -> None:
    """Work out everything if nothing is there yet: after the migration that made the table, or by hand after emptying it."""
    if not Availability.objects.exists():
        active = Stem.objects.filter(status=StemStatus.ACTIVE)
        refresh_availability(stem_ids=active.order_by().values_list("id", flat=True))


def _list_sides(stem: Mapping[str, Any]) -> tuple[Side, ...]:
    return tuple(side for side in Side if side != Side.VOICE or stem["has_voice"])


def _load_permissions(stems: list[dict[str, Any]]) -> Mapping[int, frozenset[Permitted]]:
    """Return the permissions that count, by the stem's primary key."""
    of_stem: dict[int, set[Permitted]] = defaultdict(set)
    of_recording: dict[int, set[Permitted]] = defaultdict(set)
    recordings = {stem["recording_id"] for stem in stems if stem["recording_id"]}
    # Two look-ups by index: SQLite would otherwise begin with every grant that counts.
    named = GrantTarget.objects.filter(stem_id__in=[stem["id"] for stem in stems])
    by_recording = GrantTarget.objects.filter(recording_id__in=recordings)
    targets = GrantTarget.objects.filter(
        pk__in=named.order_by().values("pk").union(by_recording.order_by().values("pk")),
        grant__effect=GrantEffect.PERMISSION,
        grant__status__in=COUNTING,
        grant__agreement__status=AgreementStatus.ACTIVE,
    ).values_list(
        "stem_id", "recording_id", "grant__sides", "grant__uses", "grant__territory__signed", "grant__valid_from",
        "grant__valid_until",
    )  # fmt: skip
    for stem_id, recording_id, sides, uses, signed, starts_on, ends_on in targets:
        if ends_on is not None and ends_on <= starts_on:
            continue
        permitted = make_permitted(
            sides=sides,
            uses=uses,
            territories=expand_signed(signed),
            starts_on=starts_on,
            ends_on=ends_on,
        )
        (of_stem[stem_id] if stem_id else of_recording[recording_id]).add(permitted)
    return {
        stem["id"]: frozenset(of_stem[stem["id"]] | of_recording[stem["recording_id"] or 0])
        for stem in stems
    }


class _TerritoryIds:
    """Finds the stored expression of a set of countries, entering it if there is none."""

    def __init__(self) -> None:
        self.known: dict[frozenset[str], int] = {}

    def find(self, offer: Offer) -> int:
        """Return the primary key of the expression of an offer's territories."""
        if offer.territories not in self.known:
            row = TerritorySet.objects.get_for(", ".join(sorted(offer.territories)))
            self.known[offer.territories] = row.pk
        return self.known[offer.territories]


def _batch(ids: list[int]) -> Iterable[list[int]]:
    for start in range(0, len(ids), BATCH_STEMS):
        yield ids[start : start + BATCH_STEMS]
