"""Draw a report of use: read what was booked in a period, and work out again what the cap ledger should say."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from catalog.queries.usage import (
    CapFacts,
    PartyFacts,
    get_allocations,
    get_ledger_movements,
    list_caps,
    list_fees,
    list_grants_of,
)
from catalog.rights.terms import CapPeriod, CapScope, CapUnit
from compliance.models import Approval
from compliance.queries import (
    UseTotal,
    get_approvals,
    list_approvals_decided,
    sum_plays,
    sum_use_received,
)
from compliance.services.rights_intent import read_intent
from compliance.services.rights_snapshots import get_evaluation, get_rights_snapshot
from compliance.services.usage_events import find_counted_caps
from compliance.usage.bookings import DayUse, compute_bookings, fold_use
from compliance.usage.report import (
    CapLine,
    FeeLine,
    SongLine,
    StemLine,
    UsageReport,
    UseLine,
    check_reconciled,
    compute_fee,
    find_mismatches,
    name_month,
)

# A period that still runs is read while use comes in: what was half read is read again so often.
READINGS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Days [starts_on, ends_on), in UTC."""

    starts_on: dt.date
    ends_on: dt.date

    @property
    def start(self) -> dt.datetime:
        """First moment in it."""
        return dt.datetime.combine(self.starts_on, dt.time(), dt.UTC)

    @property
    def end(self) -> dt.datetime:
        """First moment after it."""
        return dt.datetime.combine(self.ends_on, dt.time(), dt.UTC)


def draw_report(*, licensor: PartyFacts, period: Period) -> UsageReport:
    """Return what was booked for a licensor in a period, proved against the ledger of every cap.

    Raises
    ------
    NotReconciled : if report and ledger disagree
    """
    for _ in range(READINGS - 1):
        report = _read_report(licensor=licensor, period=period)
        if not find_mismatches(report.caps):
            return report
    report = _read_report(licensor=licensor, period=period)
    check_reconciled(report.caps)
    return report


def _read_report(*, licensor: PartyFacts, period: Period) -> UsageReport:
    labels = list_grants_of(licensor_id=licensor.id)
    songs = [
        song
        for song in list_approvals_decided(start=period.start, end=period.end)
        if labels.keys() & set(get_evaluation(approval=song)["grants"])
    ]
    totals = sum_use_received(start=period.start, end=period.end)
    used = {song.pk: song for song in get_approvals({total.approval_id for total in totals})}
    placed = {song.pk: _list_placed_stems(song, labels) for song in (*songs, *used.values())}
    used = {pk: song for pk, song in used.items() if placed[pk]}
    totals = [total for total in totals if total.approval_id in used]
    song_lines = _list_songs(songs, labels=labels, placed=placed)
    use_lines = _list_use(totals, used=used, labels=labels, placed=placed, period=period)
    stems = {name for song in song_lines for name in song.stems}
    stems |= {name for use in use_lines for name in use.stems}

    def count(kind: str) -> int:
        return sum(total.quantity for total in totals if total.kind == kind)

    return UsageReport(
        licensor=licensor.name,
        licensor_dpid=licensor.dpid,
        start=period.start.isoformat(),
        end=period.end.isoformat(),
        stems=_list_stems([*songs, *used.values()], names=stems),
        songs=song_lines,
        use=use_lines,
        caps=_list_caps(labels, songs=songs, used=list(used.values()), period=period),
        fees=_list_fees(labels, songs=song_lines, use=use_lines, period=period),
        total_songs=len({line.approval for line in song_lines}),
        total_plays=count("play"),
        total_downloads=count("download"),
        total_shares=count("share"),
        total_seconds=sum(total.seconds for total in totals),
    )


def _list_placed_stems(song: Approval, labels: Mapping[int, str]) -> dict[int, tuple[str, ...]]:
    """Return the stems that can be heard in a song, by those grants of the licensor that they rest on."""
    found: dict[int, list[str]] = defaultdict(list)
    for stem in get_rights_snapshot(approval=song).stems:
        for grant_id in stem.get("grants", ()):
            if grant_id in labels:
                found[grant_id].append(stem["stem"])
    return {grant_id: tuple(sorted(names)) for grant_id, names in sorted(found.items())}


def _list_songs(
    songs: Collection[Approval],
    *,
    labels: Mapping[int, str],
    placed: Mapping[int, Mapping[int, tuple[str, ...]]],
) -> tuple[SongLine, ...]:
    """Return a line for each song and grant its approval rests on; without stems if none of the grant's is placed."""
    return tuple(
        SongLine(
            grant=labels[grant_id],
            approval=song.public_id,
            audio_sha256=song.submission.audio_sha256,
            generator=song.submission.generator.name,
            approved_at=_get_decided_at(song).isoformat(),
            stems=placed[song.pk].get(grant_id, ()),
        )
        for song in songs
        for grant_id in get_evaluation(approval=song)["grants"]
        if grant_id in labels
    )


def _list_use(
    totals: Collection[UseTotal],
    *,
    used: Mapping[int, Approval],
    labels: Mapping[int, str],
    placed: Mapping[int, Mapping[int, tuple[str, ...]]],
    period: Period,
) -> tuple[UseLine, ...]:
    sums: dict[tuple[int, int, str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    first_month = name_month(period.starts_on)
    for total in totals:
        for grant_id in placed[total.approval_id]:
            key = (grant_id, total.approval_id, total.territory, name_month(total.day))
            sums[key][total.kind] += total.quantity
            sums[key]["seconds"] += total.seconds
            if total.kind == "play" and not total.is_licensed:
                sums[key]["unlicensed"] += total.quantity
    return tuple(
        UseLine(
            grant=labels[grant_id],
            approval=used[approval_id].public_id,
            generator=used[approval_id].submission.generator.name,
            stems=placed[approval_id][grant_id],
            territory=territory,
            month=month,
            is_adjustment=month < first_month,
            plays=each["play"],
            downloads=each["download"],
            shares=each["share"],
            seconds=each["seconds"],
            unlicensed_plays=each["unlicensed"],
        )
        for (grant_id, approval_id, territory, month), each in sorted(sums.items())
    )


def _list_stems(songs: Collection[Approval], *, names: Collection[str]) -> tuple[StemLine, ...]:
    """Return what was on record of each stem when the last of its songs was approved."""
    known = {
        stem["stem"]: StemLine(
            stem=stem["stem"], title=stem["title"], artist=stem["artist"], isrc=stem["isrc"]
        )
        for song in sorted(songs, key=lambda song: song.pk)
        for stem in get_rights_snapshot(approval=song).stems
    }
    return tuple(known[name] for name in sorted(names))


def _list_caps(
    labels: Mapping[int, str],
    *,
    songs: Collection[Approval],
    used: Collection[Approval],
    period: Period,
) -> tuple[CapLine, ...]:
    """Return each cap with its ledger and, worked out again from songs and use, what should stand there."""
    caps = list_caps(labels)
    cap_ids = {cap.id for cap in caps}
    ledger = get_ledger_movements(cap_ids=cap_ids, start=period.start, end=period.end)
    reported: dict[int, int] = defaultdict(int)
    taken = get_allocations(
        subjects={song.submission.cap_subject for song in songs}, cap_ids=cap_ids
    )
    for (_, cap_id), buckets in taken.items():
        reported[cap_id] += sum(buckets.values())
    for cap in caps:  # where songs alone decide, they are counted and the holds are not believed
        if (cap.unit, cap.scope) == (CapUnit.SONG, CapScope.GRANT):
            reported[cap.id] = sum(_takes_from(song, cap) for song in songs)
    for cap_id, quantity in _sum_use_bookings(used, cap_ids=cap_ids, period=period).items():
        reported[cap_id] += quantity
    return tuple(
        CapLine(
            cap=cap.id,
            grant=cap.grant,
            unit=cap.unit,
            period=cap.period,
            scope=cap.scope,
            limit=cap.limit,
            opening=ledger[cap.id].opening,
            movement=ledger[cap.id].movement,
            reported=reported[cap.id],
        )
        for cap in caps
    )


def _takes_from(song: Approval, cap: CapFacts) -> bool:
    """Tell whether a song took from a cap on songs; one by campaign counts no song that names none."""
    if (
        cap.period == CapPeriod.CAMPAIGN
        and not read_intent(song.submission.clearance.intent).campaign
    ):
        return False
    return cap.grant_id in get_evaluation(approval=song)["grants"]


def _sum_use_bookings(
    used: Collection[Approval], *, cap_ids: Collection[int], period: Period
) -> dict[int, int]:
    """Return what the use received in the period takes from each cap."""
    pks = [song.pk for song in used]
    before = sum_plays(pks, received_before=period.start)
    after = sum_plays(pks, received_before=period.end)
    allocated = get_allocations(
        subjects={song.submission.cap_subject for song in used}, cap_ids=cap_ids
    )
    found: dict[int, int] = defaultdict(int)
    counted = find_counted_caps(used)
    for song in used:
        for facts, cap in counted[song.pk]:
            if facts.id not in cap_ids:
                continue
            changes = compute_bookings(
                before=fold_use(_read_days(before.get(song.pk, ())), cap=cap),
                after=fold_use(_read_days(after.get(song.pk, ())), cap=cap),
                allocated=allocated.get((song.submission.cap_subject, facts.id), {}),
            )
            found[facts.id] += sum(changes.values())
    return found


def _read_days(rows: Collection[tuple[dt.date, int, int]]) -> list[DayUse]:
    return [DayUse(day=day, plays=plays, seconds=seconds) for day, plays, seconds in rows]


def _list_fees(
    labels: Mapping[int, str],
    *,
    songs: Collection[SongLine],
    use: Collection[UseLine],
    period: Period,
) -> tuple[FeeLine, ...]:
    """Return what is owed: for songs in which a stem of the grant can be heard, and for their plays."""
    lines = []
    for fee in list_fees(labels):
        begins = period.starts_on <= dt.date.fromisoformat(fee.starts_on) < period.ends_on
        lines.append(
            compute_fee(
                grant=fee.grant, kind=fee.kind, rate=fee.amount, currency=fee.currency, payee=fee.payee,
                songs=sum(line.grant == fee.grant and bool(line.stems) for line in songs),
                plays=sum(line.plays for line in use if line.grant == fee.grant),
                begins_in_period=begins,
            )
        )  # fmt: skip
    return tuple(lines)


def _get_decided_at(song: Approval) -> dt.datetime:
    decided_at = song.submission.decided_at
    assert decided_at is not None  # noqa: S101 - the database keeps approved submissions decided
    return decided_at
