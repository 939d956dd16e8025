"""How far the grants of one side cover an intended use together.

The use is a grid of uses, media, languages, territories and days.

Within one cell (a use, a medium, a language) the territories are divided into parts that the same grants reach. In each
part the periods of those grants are joined: the whole interval [starts_on, ends_on) must lie in their union. What is left
over is a gap, found by walking from `starts_on` to the end of the last grant that touches, and on from the next start.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Final

from catalog.rights.intended_use import IntendedUse
from catalog.rights.need import Need
from catalog.rights.reasons import Mismatch, Reason, RightsCode
from catalog.rights.terms import GrantTerms
from catalog.rights.territories import describe_territories

FOREVER: Final = date.max
Part = tuple[frozenset[str], tuple[GrantTerms, ...]]
Gap = tuple[date, date]
FindMismatches = Callable[[GrantTerms], tuple[Mismatch, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One use in one medium and one language; "" where the intent does not say."""

    use: str
    medium: str
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SideCoverage:
    """What the grants cover of one side: why not all, where all, until when in which part, resting on which grants."""

    reasons: tuple[Reason, ...]
    territories: frozenset[str]
    reaches: tuple[tuple[frozenset[str], date], ...]
    relied_on: tuple[GrantTerms, ...]


def list_cells(intent: IntendedUse) -> tuple[Cell, ...]:
    """Return every combination of use, medium and language asked for."""
    return tuple(
        Cell(use=use, medium=medium, language=language)
        for use in sorted(intent.uses)
        for medium in sorted(intent.media) or [""]
        for language in sorted(intent.languages) or [""]
    )


def divide_territories(
    territories: frozenset[str], grants: Iterable[GrantTerms]
) -> tuple[Part, ...]:
    """Return the territories in parts that the same grants reach."""
    parts: list[Part] = [(territories, ())]
    for grant in grants:
        divided: list[Part] = []
        for part, reaching in parts:
            inside = part & grant.territories
            if len(inside) == len(part):
                divided.append((part, (*reaching, grant)))
            elif inside:
                divided += [(inside, (*reaching, grant)), (part - inside, reaching)]
            else:
                divided.append((part, reaching))
        parts = divided
    return tuple(parts)


def find_gaps(grants: Collection[GrantTerms], *, starts_on: date, ends_on: date) -> tuple[Gap, ...]:
    """Return the half-open stretches of [starts_on, ends_on) in none of the grants' periods."""
    gaps = []
    covered_until = starts_on
    for grant in sorted(grants, key=lambda grant: grant.starts_on):
        if covered_until >= ends_on:
            break
        if grant.starts_on > covered_until:
            if grant.starts_on >= ends_on:
                break
            gaps.append((covered_until, grant.starts_on))
        covered_until = max(covered_until, grant.starts_on, grant.ends_on or FOREVER)
    if covered_until < ends_on:
        gaps.append((covered_until, ends_on))
    return tuple(gaps)


def find_reach(grants: Collection[GrantTerms], *, starts_on: date) -> date:
    """Return the first day from `starts_on` on that no grant covers without a break; `FOREVER` if none."""
    reach = starts_on
    for grant in sorted(grants, key=lambda grant: grant.starts_on):
        if grant.starts_on <= reach:
            reach = max(reach, grant.ends_on or FOREVER)
    return reach


def choose_grants(
    grants: Collection[GrantTerms], *, starts_on: date, ends_on: date
) -> tuple[GrantTerms, ...]:
    """Return the grants to rely on for a covered interval: as few as can be, uncapped before capped, oldest first."""
    chosen: list[GrantTerms] = []
    day = starts_on
    while day < ends_on:
        at_day = [g for g in grants if g.starts_on <= day and (g.ends_on or FOREVER) > day]
        if not at_day:
            return tuple(chosen)
        best = min(
            at_day,
            key=lambda g: (-min(g.ends_on or FOREVER, ends_on).toordinal(), bool(g.caps), g.id),
        )
        chosen.append(best)
        day = best.ends_on or FOREVER
    return tuple(chosen)


def cover_side(need: Need, *, find_mismatches: FindMismatches) -> SideCoverage:
    """Return how far the permissions of one side of a stem cover the intent, with every failing term."""
    intent = need.intent
    grants = tuple(g for g in need.stem.grants if g.effect == "permission" and need.side in g.sides)
    if not grants:
        return SideCoverage(
            reasons=(_make_no_grant(need),),
            territories=frozenset(),
            reaches=(),
            relied_on=(),
        )
    mismatches = {grant.id: find_mismatches(grant) for grant in grants}
    by_id = {grant.id: grant for grant in grants}

    @cache
    def find_own_gaps(grant_id: int) -> tuple[Gap, ...]:
        return find_gaps([by_id[grant_id]], starts_on=intent.starts_on, ends_on=intent.ends_on)

    eligible = [grant for grant in grants if not mismatches[grant.id]]
    reasons = _ReasonBook(need)
    territories = intent.territories
    reaches: list[tuple[frozenset[str], date]] = []
    relied_on: dict[int, GrantTerms] = {}
    for cell in list_cells(intent):
        admitted = [grant for grant in eligible if _admits(grant, cell)]
        for part, reaching in divide_territories(intent.territories, admitted):
            gaps = find_gaps(reaching, starts_on=intent.starts_on, ends_on=intent.ends_on)
            if not gaps:
                reaches.append((part, find_reach(reaching, starts_on=intent.starts_on)))
                for grant in choose_grants(
                    reaching, starts_on=intent.starts_on, ends_on=intent.ends_on
                ):
                    relied_on[grant.id] = grant
                continue
            territories -= part
            if reaching:
                reasons.add_gaps(cell=cell, part=part, grants=reaching, gaps=gaps)
                for grant in _find_full_grants(grants, mismatches, cell=cell):
                    closed = not find_gaps(
                        [*reaching, grant], starts_on=intent.starts_on, ends_on=intent.ends_on
                    )
                    if closed and (inside := part & grant.territories):
                        reasons.add_mismatch(
                            mismatch=mismatches[grant.id][0], part=inside, grant=grant
                        )
            else:
                _explain_uncovered(
                    cell=cell,
                    part=part,
                    grants=grants,
                    mismatches=mismatches,
                    find_own_gaps=find_own_gaps,
                    reasons=reasons,
                )
    return SideCoverage(
        reasons=tuple(reasons),
        territories=territories,
        reaches=tuple(reaches),
        relied_on=tuple(relied_on.values()),
    )


def _admits(grant: GrantTerms, cell: Cell) -> bool:
    """Tell whether the grant has nothing against use, medium and language."""
    return (
        cell.use in grant.uses
        and (not grant.media or cell.medium in grant.media)
        and (not grant.languages or cell.language in grant.languages)
    )


def _find_full_grants(
    grants: Sequence[GrantTerms], mismatches: Mapping[int, tuple[Mismatch, ...]], *, cell: Cell
) -> list[GrantTerms]:
    """Return the grants that allow a use but for their caps, which have no room."""
    full = (RightsCode.CAP_EXHAUSTED,)
    return [
        grant
        for grant in grants
        if tuple(mismatch.code for mismatch in mismatches[grant.id]) == full
        and _admits(grant, cell)
    ]


def _find_cell_mismatches(grant: GrantTerms, cell: Cell) -> tuple[Mismatch, ...]:
    """Return which of use, medium and language the grant does not allow; unknown ones count against it."""
    found = []
    if cell.use not in grant.uses:
        found.append(
            Mismatch(
                code=RightsCode.USE,
                text=f"{grant.label} allows {_list(grant.uses)}, not {cell.use}",
            )
        )
    if grant.media and cell.medium not in grant.media:
        asked = cell.medium or "no medium"
        found.append(
            Mismatch(
                code=RightsCode.MEDIA,
                text=f"{grant.label} is for {_list(grant.media)}, and {asked} is named",
            )
        )
    if grant.languages and cell.language not in grant.languages:
        asked = cell.language or "no language"
        found.append(
            Mismatch(
                code=RightsCode.LANGUAGE,
                text=f"{grant.label} is for {_list(grant.languages)}, and {asked} is named",
            )
        )
    return tuple(found)


def _explain_uncovered(
    *,
    cell: Cell,
    part: frozenset[str],
    grants: Sequence[GrantTerms],
    mismatches: Mapping[int, tuple[Mismatch, ...]],
    find_own_gaps: Callable[[int], tuple[Gap, ...]],
    reasons: "_ReasonBook",
) -> None:
    """Add every failing term of the grant that comes closest, territory by territory.

    `mismatches` says by grant what it has against the intent, `find_own_gaps` the days it does not cover by itself.
    """
    all_mismatches = {
        grant.id: (*mismatches[grant.id], *_find_cell_mismatches(grant, cell)) for grant in grants
    }
    failures = {
        grant.id: len(all_mismatches[grant.id]) + bool(find_own_gaps(grant.id)) for grant in grants
    }
    for territories, reaching in divide_territories(part, grants):
        reached = {grant.id for grant in reaching}
        closest = min(
            grants,
            key=lambda g: (failures[g.id] + (g.id not in reached), -g.id),
        )
        for mismatch in all_mismatches[closest.id]:
            reasons.add_mismatch(mismatch=mismatch, part=territories, grant=closest)
        if closest.id not in reached:
            reasons.add_territory(cell=cell, part=territories, grant=closest)
        gaps = find_own_gaps(closest.id)
        if gaps:
            reasons.add_gaps(cell=cell, part=territories, grants=[closest], gaps=gaps)


def _make_no_grant(need: Need) -> Reason:
    return Reason(
        code=RightsCode.NO_GRANT,
        stem=need.stem.external_id,
        side=need.side,
        text=(f"No grant covers the {need.side} of {need.stem.external_id}; leave the stem out."),
    )


def _list(words: Collection[str]) -> str:
    return ", ".join(sorted(words)) or "nothing"


def _rank_neighbor(grant: GrantTerms, gap: Gap) -> tuple[bool, date, int]:
    """Rank the grants that could be named beside a gap: the last that ended before it, else the last to end."""
    ends_on = grant.ends_on or FOREVER
    return ends_on <= gap[0], ends_on, grant.id


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """What one reason is about, apart from where; with `of_uses` its text goes on after the uses it is about."""

    code: RightsCode
    text: str
    mend: str
    grant: str
    of_uses: bool = False
    starts_on: date | None = None
    ends_on: date | None = None


class _ReasonBook:
    """Collect findings; the same finding in several cells becomes one reason with all its territories and uses."""

    def __init__(self, need: Need) -> None:
        self.need = need
        self.entries: dict[_Entry, dict[str, frozenset[str]]] = {}
        # By gap and grant: the same gap is met in many cells, and its sentence is written once.
        self.gap_entries: dict[tuple[Gap, int], _Entry] = {}

    def _add(self, entry: _Entry, part: frozenset[str], *, use: str = "") -> None:
        parts = self.entries.setdefault(entry, {})
        parts[use] = parts.get(use, frozenset()) | part

    def add_mismatch(self, *, mismatch: Mismatch, part: frozenset[str], grant: GrantTerms) -> None:
        """Note a term of the closest grant that does not admit the intent."""
        self._add(
            _Entry(
                code=mismatch.code,
                text=mismatch.text,
                mend="change the intended use or leave the stem out",
                grant=grant.label,
            ),
            part,
        )

    def add_territory(self, *, cell: Cell, part: frozenset[str], grant: GrantTerms) -> None:
        """Note territories no grant reaches."""
        self._add(
            _Entry(
                code=RightsCode.TERRITORY,
                text=f"not licensed there; {grant.label} covers {describe_territories(grant.territories)}",
                mend="leave these territories or the stem out",
                grant=grant.label,
                of_uses=True,
            ),
            part,
            use=cell.use,
        )

    def add_gaps(
        self,
        *,
        cell: Cell,
        part: frozenset[str],
        grants: Sequence[GrantTerms],
        gaps: Iterable[Gap],
    ) -> None:
        """Note days of the interval that no grant covers."""
        for gap in gaps:
            nearest = max(grants, key=lambda g: _rank_neighbor(g, gap))
            entry = self.gap_entries.get((gap, nearest.id))
            if entry is None:
                entry = self.gap_entries[gap, nearest.id] = self._describe_gap(gap, nearest)
            self._add(entry, part, use=cell.use)

    def _describe_gap(self, gap: Gap, nearest: GrantTerms) -> _Entry:
        ended = nearest.ends_on is not None and nearest.ends_on <= self.need.intent.starts_on
        period = f"from {nearest.starts_on} until {nearest.ends_on or 'further notice'}"
        first, last = gap
        return _Entry(
            code=RightsCode.EXPIRED if ended else RightsCode.TERM,
            text=(
                f"not licensed from {first} until {last}; "
                f"{nearest.label} {'ended: it ran' if ended else 'runs'} {period}"
            ),
            mend="leave the stem out" if ended else "ask for other dates or leave the stem out",
            grant=nearest.label,
            of_uses=True,
            starts_on=first,
            ends_on=last,
        )

    def __iter__(self) -> Iterator[Reason]:
        """Yield the reasons in a settled order."""
        everywhere = self.need.intent.territories
        stem = self.need.stem.external_id
        for entry, part, uses in self._list_parts():
            whole = part == everywhere and entry.code != RightsCode.TERRITORY
            where = "" if whole else f" in {describe_territories(part)}"
            what = f"{' and '.join(uses)} {'is' if len(uses) == 1 else 'are'} " if uses else ""
            yield Reason(
                code=entry.code,
                stem=stem,
                side=self.need.side,
                territories=() if whole else tuple(sorted(part)),
                uses=uses,
                grant=entry.grant,
                starts_on=entry.starts_on,
                ends_on=entry.ends_on,
                text=f"{stem} ({self.need.side}){where}: {what}{entry.text}. Mend: {entry.mend}.",
            )

    def _list_parts(self) -> Iterator[tuple[_Entry, frozenset[str], tuple[str, ...]]]:
        """Yield each finding with territories and the uses it concerns there; uses with the same territories together."""
        for entry, parts in self.entries.items():
            uses: dict[frozenset[str], list[str]] = {}
            for use, part in parts.items():
                uses.setdefault(part, []).append(use)
            for part, names in uses.items():
                yield entry, part, tuple(names) if entry.of_uses else ()
