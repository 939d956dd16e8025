"""What would change if a change set were put in force: tried out in a transaction that is rolled back."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Max

from catalog.models import Cap, CapBalance, ChangeSet
from catalog.models.agreements import GrantStatus
from catalog.queries.approved_songs import ApprovedSong, find_approved_songs
from catalog.queries.rights_facts import load_stem_facts
from catalog.rights.evaluation import evaluate
from catalog.rights.intended_use import IntendedUse
from catalog.rights.terms import UseType
from catalog.rights.territories import ALL_TERRITORIES
from catalog.services.agreements import list_stems
from catalog.services.change_sets import activate_change_set, make_changes

# How many stems are tried out; a change to more is judged by this many of them, by external id.
MAX_STEMS_TRIED: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class StemImpact:
    """What one stem gains and loses for one use."""

    stem: str
    use: str
    gained: frozenset[str]
    lost: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CapChange:
    """What a cap allows before and after; a cap of a grant that is not in force allows nothing to anybody (None)."""

    cap: str
    grant: str
    taken: int
    before: int | None
    after: int | None

    @property
    def is_overspent(self) -> bool:
        """Tell whether more is taken already than the cap will allow."""
        return self.after is not None and self.taken > self.after


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeImpact:
    """The difference a change set makes; `problem` says why it cannot be put in force as things stand."""

    on: date
    impacts: tuple[StemImpact, ...]
    n_stems: int
    n_stems_tried: int
    approved_songs: tuple[ApprovedSong, ...]
    cap_changes: tuple[CapChange, ...] = ()
    problem: str = ""

    @property
    def gained(self) -> frozenset[str]:
        """Return the territories in which something becomes possible."""
        return frozenset().union(*(impact.gained for impact in self.impacts))

    @property
    def lost(self) -> frozenset[str]:
        """Return the territories in which something is no longer possible."""
        return frozenset().union(*(impact.lost for impact in self.impacts))


def preview_change_set(*, change_set: ChangeSet, by: User | None, now: datetime) -> ChangeImpact:
    """Return what would be possible and what not, before and after, on the day the changes take effect.

    The changes are made by the same code that activates them, as `by` would, and rolled back. With `by` None the difference is
    shown to somebody who may not decide, its author say.
    """
    changes = list(change_set.changes.select_related("grant__agreement"))
    on = max(
        [now.date(), *(change.ends_on or change.grant.valid_from for change in changes)],
    )
    stems = {
        stem.external_id: stem for change in changes for stem in list_stems(grant=change.grant)
    }
    tried = sorted(stems)[:MAX_STEMS_TRIED]
    uses = sorted({use for change in changes for use in change.grant.uses} or {*map(str, UseType)})
    grants = {change.grant_id for change in changes}
    before = _map_possible(tried, uses=uses, on=on, now=now)
    limits_before = _map_limits(grants, on=on)
    problem = ""
    after, limits_after = before, limits_before
    with transaction.atomic():
        try:
            with transaction.atomic():
                if by is None:
                    make_changes(change_set=change_set, by=None, now=now)
                else:
                    activate_change_set(change_set=change_set, by=by, now=now)
            after = _map_possible(tried, uses=uses, on=on, now=now)
            limits_after = _map_limits(grants, on=on)
        except Exception as error:  # noqa: BLE001 - whatever keeps it from being activated is the answer
            problem = str(error)
        transaction.set_rollback(True)
    impacts = tuple(
        StemImpact(
            stem=stem, use=use, gained=after[key] - before[key], lost=before[key] - after[key]
        )
        for key in before
        for stem, use in [key]
        if after[key] != before[key]
    )
    losing = {impact.stem for impact in impacts if impact.lost}
    return ChangeImpact(
        on=on,
        impacts=impacts,
        n_stems=len(stems),
        n_stems_tried=len(tried),
        approved_songs=find_approved_songs(losing),
        cap_changes=_compare_caps(limits_before, limits_after),
        problem=problem,
    )


def _map_possible(
    stems: Sequence[str], *, uses: Sequence[str], on: date, now: datetime
) -> dict[tuple[str, str], frozenset[str]]:
    """Return the territories in which each stem may be used each way on a day."""
    possible = {}
    for use in uses:
        intent = IntendedUse(
            territories=ALL_TERRITORIES,
            uses=frozenset({use}),
            starts_on=on,
            ends_on=on + timedelta(days=1),
        )
        facts = load_stem_facts(stems=stems, intent=intent, on=now.date())
        for stem in stems:
            answer = evaluate(stems=[stem], facts=facts, intent=intent)
            possible[stem, use] = frozenset(answer.territories)
    return possible


def _map_limits(grants: Collection[int], *, on: date) -> dict[int, int | None]:
    """Return the limit of each cap of the grants, by its primary key; None while its grant is not in force."""
    caps = Cap.objects.filter(grant__in=grants).select_related("grant")
    return {
        cap.pk: cap.limit
        if cap.grant.status == GrantStatus.ACTIVE and (cap.grant.valid_until or date.max) > on
        else None
        for cap in caps
    }


def _compare_caps(
    before: Mapping[int, int | None], after: Mapping[int, int | None]
) -> tuple[CapChange, ...]:
    changed = [pk for pk in after if before.get(pk) != after[pk]]
    caps = Cap.objects.filter(pk__in=changed).select_related("grant__agreement")
    taken = dict(
        CapBalance.objects.filter(cap__in=changed)
        .order_by()
        .values("cap_id")
        .annotate(taken=Max(F("held") + F("captured")))
        .values_list("cap_id", "taken")
    )
    return tuple(
        CapChange(
            cap=f"{cap.get_unit_display()}, {cap.get_period_display().lower()}",
            grant=cap.grant.label,
            taken=taken.get(cap.pk, 0),
            before=before.get(cap.pk),
            after=after[cap.pk],
        )
        for cap in caps
    )
