"""Which stems may be used so? What they are offered for narrows down, the evaluation decides."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from django.db.models import Exists, Model, OuterRef, QuerySet

from catalog.models import Availability, Stem, TerritorySet
from catalog.models.music import StemStatus
from catalog.queries.rights_facts import expand_signed, load_stem_facts
from catalog.rights.evaluation import RightsEvaluation, evaluate
from catalog.rights.intended_use import IntendedUse

Row = TypeVar("Row", bound=Model)
# Offered stems that are evaluated for one page before it is answered as it is: what is left over is found by the cursor.
MAX_STEMS_TRIED: Final = 200
STEM_COLUMNS: Final = (
    "external_id", "title", "artist__name", "role", "instrument", "genre", "language", "bpm", "key", "has_voice",
    "duration_s", "recording__isrc",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class StemFilter:
    """What a generator looks for; None and "" leave a column open."""

    genre: str = ""
    role: str = ""
    key: str = ""
    bpm_min: float | None = None
    bpm_max: float | None = None
    min_songs_left: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class AvailableStem:
    """A stem with what is known of it and, if a use was asked about, the answer for it alone."""

    columns: Mapping[str, Any]
    evaluation: RightsEvaluation | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StemPage:
    """Some stems in order of their external id; `last` is where the next page starts, "" at the end."""

    stems: tuple[AvailableStem, ...]
    last: str


def list_available_stems(
    *,
    intent: IntendedUse | None,
    wanted: StemFilter,
    after: str,
    limit: int,
    now: datetime,
) -> StemPage:
    """Return the next active stems that pass the filter and, with an intent, clear for it each by itself."""
    if intent is None:
        return _list_active_stems(wanted=wanted, after=after, limit=limit)
    offers = _find_offers(intent=intent, wanted=wanted)
    available: list[tuple[str, RightsEvaluation]] = []
    last = after
    n_tried = 0
    while n_tried < MAX_STEMS_TRIED:
        # Nearly all that is offered clears: a tenth more than the page lacks, and one more to know whether it is the last.
        n_wanted = (limit - len(available)) * 11 // 10 + 1
        names = list(offers.filter(external_id__gt=last)[:n_wanted])
        answers = _evaluate_each(names, intent=intent, now=now)
        for name in names:
            if len(available) == limit:
                return StemPage(stems=_fill_in(available), last=last)
            last = name
            if answers[name].cleared and _has_room(answers[name], wanted.min_songs_left):
                available.append((name, answers[name]))
        if len(names) < n_wanted:
            return StemPage(stems=_fill_in(available), last="")
        n_tried += len(names)
    return StemPage(stems=_fill_in(available), last=last)


def _list_active_stems(*, wanted: StemFilter, after: str, limit: int) -> StemPage:
    rows = _filter_columns(
        Stem.objects.filter(status=StemStatus.ACTIVE, external_id__gt=after), wanted=wanted
    )
    found = list(rows.order_by("external_id").values(*STEM_COLUMNS)[: limit + 1])
    stems = tuple(AvailableStem(columns=row, evaluation=None) for row in found[:limit])
    return StemPage(
        stems=stems, last=stems[-1].columns["external_id"] if len(found) > limit else ""
    )


def _find_offers(*, intent: IntendedUse, wanted: StemFilter) -> QuerySet[Availability, str]:
    """Return the IDs, in order, of the stems that are offered for the use: no other stem can clear."""
    territory_ids = _find_territory_ids(intent.territories)
    first, *others = sorted(intent.uses)
    rows = Availability.objects.filter(
        use=first,
        territory_id__in=territory_ids,
        starts_on__lte=intent.starts_on,
        ends_on__gte=intent.ends_on,
    )
    for use in others:
        rows = rows.filter(
            Exists(
                Availability.objects.filter(
                    stem_id=OuterRef("stem_id"),
                    use=use,
                    territory_id__in=territory_ids,
                    starts_on__lte=intent.starts_on,
                    ends_on__gte=intent.ends_on,
                )
            )
        )
    rows = _filter_columns(rows, wanted=wanted)
    return rows.order_by("external_id").values_list("external_id", flat=True).distinct()


def _find_territory_ids(territories: frozenset[str]) -> list[int]:
    """Return the stored expressions that hold all the territories; there are far fewer of them than grants."""
    return [
        pk
        for pk, signed in TerritorySet.objects.order_by().values_list("id", "signed")
        if territories <= expand_signed(signed)
    ]


def _evaluate_each(
    names: list[str], *, intent: IntendedUse, now: datetime
) -> dict[str, RightsEvaluation]:
    facts = load_stem_facts(stems=names, intent=intent, on=now.date())
    return {name: evaluate(stems=[name], facts=facts, intent=intent) for name in names}


def _fill_in(found: list[tuple[str, RightsEvaluation]]) -> tuple[AvailableStem, ...]:
    columns = {
        row["external_id"]: row
        for row in Stem.objects.filter(external_id__in=[name for name, _ in found])
        .order_by()
        .values(*STEM_COLUMNS)
    }
    return tuple(
        AvailableStem(columns=columns[name], evaluation=evaluation) for name, evaluation in found
    )


def _filter_columns(rows: QuerySet[Row], *, wanted: StemFilter) -> QuerySet[Row]:
    """Narrow rows of stems, or of their availability, by what is looked for."""
    for column in ("genre", "role", "key"):
        if value := getattr(wanted, column):
            rows = rows.filter(**{column: value})
    if wanted.bpm_min is not None:
        rows = rows.filter(bpm__gte=wanted.bpm_min)
    if wanted.bpm_max is not None:
        rows = rows.filter(bpm__lte=wanted.bpm_max)
    return rows


def _has_room(evaluation: RightsEvaluation, min_songs_left: int) -> bool:
    cap = evaluation.binding_cap
    return cap is None or cap.songs_left >= min_songs_left
