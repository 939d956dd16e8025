"""Which approved songs still hold the rights they were cleared by, asked stem by stem for many songs at once."""

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from catalog.queries.rights_facts import load_stem_facts
from catalog.rights.evaluation import evaluate_stem
from catalog.rights.intended_use import IntendedUse
from catalog.rights.reasons import RightsCode
from catalog.rights.terms import StemFacts
from compliance.models import Approval
from compliance.services.rights_intent import read_intent

# A song that was approved has taken its share of every cap: an exhausted one takes nothing away from it.
SPENT_CODES = frozenset({RightsCode.CAP_EXHAUSTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class SongUse:
    """What an approved song was cleared for, of how many stems, and the stems in question."""

    intent: Mapping[str, Any]
    n_stems: int
    stems: Collection[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """How a song stands on the stems asked about: whether every one is licensed, and by which grants now."""

    is_licensed: bool
    grants: Mapping[str, frozenset[int]]


def assess_holdings(
    songs: Mapping[Approval, Collection[str]], *, now: dt.datetime
) -> dict[Approval, Holding]:
    """Return how each approval stands on the stems named with it, for what is left of its intended use."""
    uses = {}
    for approval, stems in songs.items():
        clearance = approval.submission.clearance
        uses[approval.pk] = SongUse(
            intent=clearance.intent, n_stems=len(clearance.stems), stems=stems
        )
    holdings = assess_uses(uses, now=now)
    return {approval: holdings[approval.pk] for approval in songs}


def assess_uses(songs: Mapping[int, SongUse], *, now: dt.datetime) -> dict[int, Holding]:
    """Return how each song, named by the key of its approval, stands, for what is left of its intended use.

    Songs that ask the same of the same stem are evaluated once, and the facts are loaded once for each use.
    """
    today = now.astimezone(dt.UTC).date()
    use_names = {key: json.dumps(song.intent, sort_keys=True) for key, song in songs.items()}
    stems_of: dict[str, set[str]] = defaultdict(set)
    for key, song in songs.items():
        stems_of[use_names[key]].update(song.stems)
    uses = {name: _read_remaining_use(name, today=today) for name in stems_of}
    facts = {
        name: load_stem_facts(stems=stems_of[name], intent=use, on=today)
        for name, use in uses.items()
    }
    answers: dict[tuple[str, str, int], frozenset[int] | None] = {}
    holdings: dict[tuple[str, int, tuple[str, ...]], Holding] = {}
    found = {}
    for key, song in songs.items():
        asked = (use_names[key], song.n_stems, tuple(song.stems))
        if asked not in holdings:
            holdings[asked] = _hold(*asked, facts=facts, uses=uses, answers=answers)
        found[key] = holdings[asked]
    return found


def _hold(
    name: str,
    n_stems: int,
    stems: tuple[str, ...],
    *,
    facts: Mapping[str, Mapping[str, StemFacts]],
    uses: Mapping[str, IntendedUse],
    answers: dict[tuple[str, str, int], frozenset[int] | None],
) -> Holding:
    found: dict[str, frozenset[int] | None] = {}
    for stem in stems:
        key = (stem, name, n_stems)
        if key not in answers:
            answers[key] = _find_grants(facts[name].get(stem), use=uses[name], n_stems=n_stems)
        found[stem] = answers[key]
    return Holding(
        is_licensed=all(grants is not None for grants in found.values()),
        grants={stem: grants for stem, grants in found.items() if grants is not None},
    )


def _read_remaining_use(text: str, *, today: dt.date) -> IntendedUse:
    use = read_intent(json.loads(text))
    last_day = use.ends_on - dt.timedelta(days=1)
    return replace(use, starts_on=min(max(use.starts_on, today), last_day))


def _find_grants(
    stem: StemFacts | None, *, use: IntendedUse, n_stems: int
) -> frozenset[int] | None:
    """Return the grants that cover a stem for a use, or None if something stands against it."""
    if stem is None:
        return None
    reasons, coverages = evaluate_stem(stem=stem, intent=use, stem_count=n_stems)
    if any(reason.code not in SPENT_CODES for reason in reasons):
        return None
    return frozenset(grant.id for coverage in coverages for grant in coverage.relied_on)
