"""What would change if a change set were put in force: tried out in a transaction that is rolled back."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils.module_loading import import_string

from catalog.models import ChangeSet
from catalog.queries.rights_facts import load_stem_facts
from catalog.rights.evaluation import evaluate
from catalog.rights.intended_use import IntendedUse
from catalog.rights.terms import UseType
from catalog.rights.territories import ALL_TERRITORIES
from catalog.services.agreements import list_stems
from catalog.services.change_sets import activate_change_set, make_changes

# How many stems are tried out; a change to more is judged by this many of them, by external id.
MAX_STEMS_TRIED: Final = 200
# Name of the setting that holds the dotted path of a function from stem ids to approved songs that use them.
APPROVED_SONGS_SETTING: Final = "CATALOG_FIND_APPROVED_SONGS"

FindApprovedSongs = Callable[[Collection[str]], Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class StemImpact:
    """What one stem gains and loses for one use."""

    stem: str
    use: str
    gained: frozenset[str]
    lost: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeImpact:
    """The difference a change set makes; `problem` says why it cannot be put in force as things stand."""

    on: date
    impacts: tuple[StemImpact, ...]
    n_stems: int
    n_stems_tried: int
    approved_songs: tuple[str, ...]
    problem: str = ""

    @property
    def gained(self) -> frozenset[str]:
        """Return the territories in which something becomes possible."""
        return frozenset().union(*(impact.gained for impact in self.impacts))

    @property
    def lost(self) -> frozenset[str]:
        """Return the territories in which something is no longer possible."""
        return frozenset().union(*(impact.lost for impact in self.impacts))


def find_approved_songs(stems: Collection[str]) -> tuple[str, ...]:
    """Return the approved songs that use any of the stems, if the project says how to find them."""
    path = getattr(settings, APPROVED_SONGS_SETTING, "")
    if not path:
        return ()
    find: FindApprovedSongs = import_string(path)
    return tuple(find(stems))


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
    before = _map_possible(tried, uses=uses, on=on, now=now)
    problem = ""
    after = before
    with transaction.atomic():
        try:
            with transaction.atomic():
                if by is None:
                    make_changes(change_set=change_set, by=None, now=now)
                else:
                    activate_change_set(change_set=change_set, by=by, now=now)
            after = _map_possible(tried, uses=uses, on=on, now=now)
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
        approved_songs=find_approved_songs(losing) if losing else (),
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
