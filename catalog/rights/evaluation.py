"""May these stems be used so? Every failing term of every stem, and what would be possible.

A set of stems clears if for every stem, every required side (master, publishing, voice if there is one), every use, every
territory and every day of the interval there is a permission and no prohibition, and edit limits, consents, approvals of
use, shares and caps hold. What is not known denies.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final

from catalog.rights.coverage import FOREVER, SideCoverage, cover_side
from catalog.rights.intended_use import IntendedUse
from catalog.rights.need import Need
from catalog.rights.reasons import Mismatch, Reason, RightsCode
from catalog.rights.rules import STEM_RULES, TERM_RULES
from catalog.rights.rules.caps import get_quantity
from catalog.rights.terms import (
    CapPeriod,
    CapScope,
    CapUnit,
    EditLimits,
    GrantTerms,
    StemFacts,
)

# Raised in the commit that changes what an evaluation answers; stored with every decision.
RIGHTS_POLICY_VERSION: Final = "rights-2"


@dataclass(frozen=True, slots=True, kw_only=True)
class CapUse:
    """What one song takes from a cap, for one stem if the cap counts by stem."""

    cap_id: int
    grant_id: int
    grant: str
    unit: CapUnit
    period: CapPeriod
    limit: int
    remaining: int
    quantity: int
    stem: str = ""

    @property
    def songs_left(self) -> int:
        """Return how many more such songs the cap allows, this one included."""
        return self.remaining // self.quantity if self.quantity else self.remaining

    def to_json(self) -> dict[str, Any]:
        """Return the cap and what remains of it as plain values."""
        return {
            "grant": self.grant,
            "unit": str(self.unit),
            "period": str(self.period),
            "limit": self.limit,
            "remaining": self.remaining,
            "stem": self.stem or None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RightsEvaluation:
    """The answer: cleared if there is no reason against it.

    `territories` are those in which all stems could be used as asked, `valid_until` the first day from `starts_on` on that
    is not licensed in one of them (None: until further notice), `binding_cap` the cap with the fewest songs left.
    """

    stems: tuple[str, ...]
    reasons: tuple[Reason, ...]
    territories: tuple[str, ...]
    valid_until: date | None
    binding_cap: CapUse | None
    cap_uses: tuple[CapUse, ...]
    grants: tuple[int, ...]
    edit_limits: Mapping[str, EditLimits]
    policy_version: str = RIGHTS_POLICY_VERSION

    @property
    def cleared(self) -> bool:
        """Tell whether nothing stands against the use."""
        return not self.reasons

    def to_json(self) -> dict[str, Any]:
        """Return the answer as plain values, complete enough to be the record of a decision."""
        return {
            "outcome": "cleared" if self.cleared else "denied",
            "stems": list(self.stems),
            "reasons": [reason.to_json() for reason in self.reasons],
            "valid": {
                "territories": list(self.territories),
                "until": self.valid_until.isoformat() if self.valid_until else None,
                "binding_cap": self.binding_cap.to_json() if self.binding_cap else None,
            },
            "grants": list(self.grants),
            "edit_limits": {stem: asdict(limits) for stem, limits in self.edit_limits.items()},
            "policy_version": self.policy_version,
        }


def evaluate(
    *, stems: Sequence[str], facts: Mapping[str, StemFacts], intent: IntendedUse
) -> RightsEvaluation:
    """Return whether the stems may be used as intended, with every reason why not.

    A stem without facts is unknown and denies. Stems named twice count once; their order changes nothing but the order of
    the answer.
    """
    names = tuple(dict.fromkeys(stems))
    reasons: list[Reason] = []
    territories = intent.territories if names else frozenset()
    reaches: list[tuple[frozenset[str], date]] = []
    relied_on: dict[int, GrantTerms] = {}
    stems_of_grant: dict[int, list[str]] = {}
    limits: dict[str, EditLimits] = {}
    for name in names:
        stem = facts.get(name)
        if stem is None:
            reasons.append(_make_unknown(name))
            territories = frozenset()
            continue
        stem_reasons, coverages = evaluate_stem(stem=stem, intent=intent, stem_count=len(names))
        reasons += stem_reasons
        limits[name] = EditLimits()
        for coverage in coverages:
            territories &= coverage.territories
            reaches += coverage.reaches
            for grant in coverage.relied_on:
                limits[name] = limits[name].narrow(grant.edit_limits)
                relied_on[grant.id] = grant
                if name not in stems_of_grant.setdefault(grant.id, []):
                    stems_of_grant[grant.id].append(name)
        territories = _leave_out_refused(territories, stem_reasons)
    cap_uses = _list_cap_uses(relied_on=relied_on, stems_of_grant=stems_of_grant, intent=intent)
    return RightsEvaluation(
        stems=names,
        reasons=tuple(reasons),
        territories=tuple(sorted(territories)),
        valid_until=_find_earliest_end(territories, reaches),
        binding_cap=min(cap_uses, key=lambda use: (use.songs_left, use.cap_id), default=None),
        cap_uses=cap_uses,
        grants=tuple(sorted(relied_on)),
        edit_limits=limits,
    )


def evaluate_stem(
    *, stem: StemFacts, intent: IntendedUse, stem_count: int
) -> tuple[tuple[Reason, ...], tuple[SideCoverage, ...]]:
    """Return the reasons against one stem and the coverage of each required side."""
    reasons = [reason for rule in STEM_RULES for reason in rule(stem, intent)]
    coverages = []
    for side in stem.required_sides:
        need = Need(stem=stem, side=side, intent=intent, stem_count=stem_count)
        coverage = cover_side(need, find_mismatches=lambda grant, need=need: _ask(grant, need))  # type: ignore[misc]
        reasons += coverage.reasons
        coverages.append(coverage)
    return tuple(reasons), tuple(coverages)


def _ask(grant: GrantTerms, need: Need) -> tuple[Mismatch, ...]:
    """Return what every term rule has against the grant."""
    return tuple(found for rule in TERM_RULES if (found := rule(grant, need)) is not None)


def _leave_out_refused(territories: frozenset[str], reasons: Sequence[Reason]) -> frozenset[str]:
    """Return the territories that no reason refuses; one that names none refuses everywhere."""
    for reason in reasons:
        territories = territories - set(reason.territories) if reason.territories else frozenset()
    return territories


def _find_earliest_end(
    territories: frozenset[str], reaches: Sequence[tuple[frozenset[str], date]]
) -> date | None:
    if not territories:
        return None
    earliest = min(reach for part, reach in reaches if part & territories)
    return None if earliest == FOREVER else earliest


def _list_cap_uses(
    *,
    relied_on: Mapping[int, GrantTerms],
    stems_of_grant: Mapping[int, Sequence[str]],
    intent: IntendedUse,
) -> tuple[CapUse, ...]:
    """Return what one song takes from every cap of the grants it rests on."""
    uses = []
    for grant in (relied_on[grant_id] for grant_id in sorted(relied_on)):
        for cap in grant.caps:
            quantity = get_quantity(cap, intent)
            if quantity is None:
                continue
            scopes = sorted(stems_of_grant[grant.id]) if cap.scope == CapScope.STEM else [""]
            uses += [
                CapUse(
                    cap_id=cap.id,
                    grant_id=grant.id,
                    grant=grant.label,
                    unit=cap.unit,
                    period=cap.period,
                    limit=cap.limit,
                    remaining=cap.get_remaining(stem),
                    quantity=quantity,
                    stem=stem,
                )
                for stem in scopes
            ]
    return tuple(uses)


def _make_unknown(name: str) -> Reason:
    return Reason(
        code=RightsCode.UNKNOWN_STEM,
        stem=name,
        text=f"There is no stem {name!r} in the catalog; check the spelling.",
    )
