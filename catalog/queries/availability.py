"""Which stems may be used so? The database narrows down, the evaluation decides."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import OuterRef, Q, QuerySet, Subquery

from catalog.models import GrantTarget, Stem, TerritorySet
from catalog.models.agreements import AgreementStatus, GrantEffect, GrantStatus
from catalog.models.music import StemStatus
from catalog.queries.rights_facts import load_stem_facts
from catalog.rights.evaluation import RightsEvaluation, evaluate
from catalog.rights.intended_use import IntendedUse
from catalog.rights.terms import Side

# Batches of candidates looked at for one page: what is left over is found by following the cursor.
MAX_BATCHES: Final = 8
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
    rows = _filter_columns(wanted).filter(external_id__gt=after).order_by("external_id")
    if intent is None:
        found = list(rows.values(*STEM_COLUMNS)[: limit + 1])
        stems = tuple(AvailableStem(columns=row, evaluation=None) for row in found[:limit])
        more = len(found) > limit
        return StemPage(stems=stems, last=stems[-1].columns["external_id"] if more else "")
    rows = _narrow_down(rows, intent=intent)
    available: list[AvailableStem] = []
    last = after
    for _ in range(MAX_BATCHES):
        batch = list(rows.filter(external_id__gt=last).values(*STEM_COLUMNS)[: limit + 1])
        facts = load_stem_facts(
            stems=[row["external_id"] for row in batch], intent=intent, on=now.date()
        )
        for row in batch:
            if len(available) == limit:
                return StemPage(stems=tuple(available), last=last)
            last = row["external_id"]
            evaluation = evaluate(stems=[last], facts=facts, intent=intent)
            if evaluation.cleared and _has_room(evaluation, wanted.min_songs_left):
                available.append(AvailableStem(columns=row, evaluation=evaluation))
        if len(batch) <= limit:
            return StemPage(stems=tuple(available), last="")
    return StemPage(stems=tuple(available), last=last)


def _filter_columns(wanted: StemFilter) -> QuerySet[Stem]:
    rows = Stem.objects.filter(status=StemStatus.ACTIVE)
    for column in ("genre", "role", "key"):
        if value := getattr(wanted, column):
            rows = rows.filter(**{column: value})
    if wanted.bpm_min is not None:
        rows = rows.filter(bpm__gte=wanted.bpm_min)
    if wanted.bpm_max is not None:
        rows = rows.filter(bpm__lte=wanted.bpm_max)
    return rows


def _narrow_down(rows: QuerySet[Stem], *, intent: IntendedUse) -> QuerySet[Stem]:
    """Keep the stems that have, on each side, a permission for one cell of the intent: a necessary condition."""
    use = min(intent.uses)
    territory_ids = list(
        TerritorySet.objects.filter(leaves__contains=f"|{min(intent.territories)}|")
        .order_by()
        .values_list("id", flat=True)
    )
    permissions = GrantTarget.objects.filter(
        Q(grant__valid_until__isnull=True) | Q(grant__valid_until__gt=intent.starts_on),
        grant__effect=GrantEffect.PERMISSION,
        grant__status__in=[GrantStatus.ACTIVE, GrantStatus.ENDED, GrantStatus.SUPERSEDED],
        grant__agreement__status=AgreementStatus.ACTIVE,
        grant__uses__contains=f"|{use}|",
        grant__territory_id__in=territory_ids,
        grant__valid_from__lte=intent.starts_on,
    )
    for side in Side:
        of_side = permissions.filter(grant__sides__contains=f"|{side}|").order_by().values("pk")
        # A scalar subquery with a limit, and not EXISTS: PostgreSQL would answer that by hashing every grant there is,
        # where looking up the few grants of each stem, in order, fills a page sooner.
        rows = rows.alias(
            **{
                f"{side}_direct": Subquery(of_side.filter(stem_id=OuterRef("pk"))[:1]),
                f"{side}_recording": Subquery(
                    of_side.filter(recording_id=OuterRef("recording_id"))[:1]
                ),
            }
        )
        licensed = Q(**{f"{side}_direct__isnull": False}) | Q(
            **{f"{side}_recording__isnull": False}
        )
        rows = rows.filter(licensed if side != Side.VOICE else Q(has_voice=False) | licensed)
    return rows


def _has_room(evaluation: RightsEvaluation, min_songs_left: int) -> bool:
    cap = evaluation.binding_cap
    return cap is None or cap.songs_left >= min_songs_left
