"""Reports of use: what is in them, and that they agree with the cap ledger to the unit, whatever happened."""

import csv
import datetime as dt
import io
import random
from decimal import Decimal

import openpyxl
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection

from catalog.models import CapBalance, CapEntry
from catalog.queries.usage import find_licensor
from compliance.audit import canonicalize
from compliance.models import Event, UsageEvent, UsageReportRow
from compliance.services.usage_drawing import Period, draw_report
from compliance.services.usage_reports import (
    PeriodNotNext,
    PeriodNotOver,
    close_report,
    find_report,
    write_report,
)
from compliance.usage.dsr import CELLS
from compliance.usage.report import NotReconciled, UsageReport
from tests.compliance.approved import approve, make_submission
from tests.compliance.usage.songs import make_approval, play, replace_grant, report
from tests.songs import make_intent

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
CAPS = (
    {"limit": 100, "unit": "song"},
    {"limit": 100, "unit": "song", "scope": "stem"},
    {"limit": 50, "unit": "play", "on_limit": "notify"},
    {"limit": 20, "unit": "play", "period": "day", "on_limit": "notify"},
    {"limit": 900, "unit": "second", "period": "month", "scope": "stem", "on_limit": "notify"},
)
FEES = (
    {"kind": "flat", "amount": Decimal(500), "currency": "EUR"},
    {"kind": "per_song", "amount": Decimal("0.25"), "currency": "EUR"},
    {"kind": "per_play", "amount": Decimal("0.0031"), "currency": "EUR"},
    {"kind": "rev_share", "amount": Decimal("12.5"), "currency": "EUR"},
)


@pytest.fixture
def counted(grant, now):
    return replace_grant(grant, now, caps=CAPS, fees=FEES)


@pytest.fixture
def licensor(counted):
    return find_licensor(counted.agreement.licensor.name)


def make_period(now, *, months: int = 0) -> Period:
    """Thirty days, the first of which is eleven days ago (so that the grant begins in it)."""
    start = now.date() - 11 * DAY + 30 * months * DAY
    return Period(starts_on=start, ends_on=start + 30 * DAY)


def test_a_report_tells_songs_use_caps_and_fees(generator, counted, licensor, now):
    song = make_approval(generator, now)
    later = now + DAY
    report(generator, play(song, now, quantity=40), play(song, later, quantity=2, territory="US"),
           play(song, now, quantity=3, kind="download", event_id="d"), now=later)  # fmt: skip
    drawn = draw_report(licensor=licensor, period=make_period(now))
    assert (drawn.total_songs, drawn.total_plays, drawn.total_downloads) == (1, 42, 3)
    assert [line.stems for line in drawn.songs] == [("moonlit-drums", "moonlit-keys")]
    assert [(line.territory, line.plays, line.downloads) for line in drawn.use] == [
        ("DE", 40, 3), ("US", 2, 0),
    ]  # fmt: skip
    assert [(cap.unit, cap.scope, cap.movement) for cap in drawn.caps if cap.grant == "B-1/1"] == [
        ("song", "grant", 1), ("song", "stem", 3), ("play", "grant", 42), ("play", "grant", 42),
        ("second", "stem", 42 * 30 * 2),
    ]  # fmt: skip
    assert [(fee.kind, fee.quantity, fee.amount) for fee in drawn.fees] == [
        ("flat", 1, "500.0000"), ("per_song", 1, "0.2500"), ("per_play", 42, "0.1302"), ("rev_share", 0, None),
    ]  # fmt: skip
    assert drawn.totals_owed == {"EUR": Decimal("500.3802")}
    assert UsageReport.from_json(drawn.to_json()) == drawn


def test_late_use_and_corrections_are_adjustments_of_the_next_report(generator, licensor, now):
    song = make_approval(generator, now)
    report(generator, play(song, now, quantity=10), now=now)
    first, second = make_period(now), make_period(now, months=1)
    after = second.start + DAY
    report(generator, play(song, now, quantity=-4), play(song, now, quantity=1), now=after)
    assert draw_report(licensor=licensor, period=first).total_plays == 10
    drawn = draw_report(licensor=licensor, period=second)
    assert (drawn.total_plays, drawn.total_songs) == (-3, 0)
    assert [(line.month, line.is_adjustment, line.plays) for line in drawn.use] == [
        (f"{now:%Y-%m}", f"{now:%Y-%m}" < f"{second.starts_on:%Y-%m}", -3)
    ]
    assert [fee.amount for fee in drawn.fees if fee.kind == "per_play"] == ["-0.0093"]


def test_a_song_that_moved_to_another_grant_is_reported_where_its_caps_were_taken(
    generator, counted, licensor, now
):
    """Its clearance held of one grant, and another one with the same caps took that one's place before the approval."""
    waiting = make_submission(generator, now, intent=make_intent(plays=30))
    kept = approve(make_submission(generator, now, intent=make_intent(plays=10)), now)
    successor = replace_grant(counted, now, number="B-2", caps=CAPS, fees=FEES)
    song = approve(waiting, now)
    report(generator, play(song, now, quantity=35), play(kept, now, quantity=4), now=now)
    drawn = draw_report(licensor=licensor, period=make_period(now))
    assert {(line.grant, line.approval) for line in drawn.songs} == {
        (successor.label, song.public_id), (counted.label, kept.public_id),
    }  # fmt: skip
    taken = {(cap.grant, cap.unit, cap.period, cap.scope): cap.movement for cap in drawn.caps}
    for label, plays in ((successor.label, 35), (counted.label, 10)):
        assert taken[label, "song", "total", "grant"] == 1
        assert taken[label, "song", "total", "stem"] == 3
        assert taken[label, "play", "total", "grant"] == plays
    assert all(cap.movement == cap.reported for cap in drawn.caps)
    held = CapBalance.objects.filter(cap__grant__in=[counted, successor])
    assert sum(held.values_list("held", flat=True)) == 0


def test_a_song_without_a_campaign_takes_nothing_from_a_cap_by_campaign(generator, grant, now):
    caps = [{"limit": 1, "unit": "song", "period": "campaign", "on_limit": "notify"}]
    made = replace_grant(grant, now, caps=caps)
    make_approval(generator, now)
    approve(make_submission(generator, now, intent=make_intent(campaign="spring")), now)
    licensor = find_licensor(made.agreement.licensor.name)
    drawn = draw_report(licensor=licensor, period=make_period(now))
    assert [cap.movement for cap in drawn.caps if cap.grant == made.label] == [1]


@pytest.mark.parametrize("seed", range(4))
def test_reports_of_any_history_add_up_to_the_ledger(generator, counted, licensor, now, seed):
    rng = random.Random(seed)
    songs = [make_approval(generator, now) for _ in range(2)]
    waiting = make_submission(generator, now, intent=make_intent(plays=rng.randint(0, 20)))
    replace_grant(counted, now, number="B-2", caps=rng.sample(CAPS, k=4), fees=FEES)
    songs.append(approve(waiting, now))
    sent = []
    for step in range(10):
        received_at = now + step * 8 * DAY
        use = []
        for number in range(rng.randint(1, 4)):
            at = now + dt.timedelta(days=rng.randint(0, step * 8), hours=rng.randint(0, 1))
            at = min(at, received_at)
            quantity = rng.choice([1, 5, 30, -3, -20])
            use.append(
                play(rng.choice(songs), at, quantity=quantity, event_id=f"{step}-{number}", territory=rng.choice(["DE", "AT"]))
            )  # fmt: skip
        sent += use
        report(generator, *use, *rng.sample(sent, k=min(2, len(sent))), now=received_at)
    periods = [make_period(now, months=months) for months in range(4)]
    drawn = [draw_report(licensor=licensor, period=period) for period in periods]
    booked = sum(UsageEvent.objects.values_list("quantity", flat=True))
    assert sum(each.total_plays for each in drawn) == booked
    for index, cap in enumerate(drawn[0].caps):
        balances = CapBalance.objects.filter(cap_id=cap.cap).values_list("captured", flat=True)
        assert sum(each.caps[index].movement for each in drawn) == sum(balances)
        assert drawn[-1].caps[index].closing == sum(balances)


def test_a_report_that_does_not_agree_with_the_ledger_fails_loudly(
    generator, counted, licensor, now
):
    song = make_approval(generator, now)
    report(generator, play(song, now, quantity=10), now=now)
    entry = CapEntry.objects.filter(cap__unit="play", cap__period="total").get()
    CapEntry.objects.create(  # somebody writes to the ledger behind the service's back
        cap=entry.cap, hold=entry.hold, kind="reverse", quantity=1, subject="oops", at=now
    )
    with pytest.raises(NotReconciled, match=r"the report has 10, the ledger 9"):
        draw_report(licensor=licensor, period=make_period(now))
    with pytest.raises(CommandError, match="does not agree"):
        run_command(licensor, make_period(now))


def test_a_closed_report_stays_as_it_is(generator, licensor, now):
    song = make_approval(generator, now)
    report(generator, play(song, now, quantity=10), now=now)
    period = make_period(now)
    closed_at = period.end + dt.timedelta(hours=2)
    with pytest.raises(PeriodNotOver):
        close_report(licensor=licensor, period=period, by="user:ana", now=period.end)
    row = close_report(licensor=licensor, period=period, by="user:ana", now=closed_at)
    event = Event.objects.get(kind="usage_report.closed")
    assert event.data["sha256"] == row.content_sha256
    report(generator, play(song, now, quantity=5), now=closed_at)
    found = find_report(licensor=licensor, period=period, now=closed_at)
    assert (found.public_id, found.report.total_plays) == (row.public_id, 10)
    row.refresh_from_db()
    import hashlib

    assert hashlib.sha256(canonicalize(row.content)).hexdigest() == row.content_sha256
    with pytest.raises(PeriodNotNext):
        close_report(licensor=licensor, period=period, by="user:ana", now=closed_at)
    with pytest.raises(PeriodNotNext):
        close_report(
            licensor=licensor, period=make_period(now, months=2), by="user:ana", now=closed_at + 90 * DAY
        )  # fmt: skip
    following = make_period(now, months=1)
    close_report(licensor=licensor, period=following, by="user:ana", now=closed_at + 30 * DAY)
    with pytest.raises(DatabaseError, match="only grows"):
        UsageReportRow.objects.update(closed_by="nobody")


def run_command(licensor, period, **options) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command(
        "usage_report", licensor=licensor.name, starts_on=period.starts_on, ends_on=period.ends_on, stdout=out, stderr=err,
        **options,
    )  # fmt: skip
    return out.getvalue(), err.getvalue()


def test_the_command_writes_csv_with_a_row_a_line(generator, licensor, now):
    song = make_approval(generator, now)
    report(generator, play(song, now, quantity=10), now=now)
    out, err = run_command(licensor, make_period(now), format="csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [(row["songs"], row["plays"]) for row in rows] == [("1", "0"), ("0", "10")]
    assert "songs 1, plays 10" in err
    with pytest.raises(CommandError, match="there are: Marigold Transit"):
        call_command("usage_report", licensor="Nobody", starts_on=now.date(), ends_on=now.date())


def test_the_workbook_shows_the_ledger_beside_the_report(generator, licensor, now, tmp_path):
    song = make_approval(generator, now)
    report(generator, play(song, now, quantity=10), now=now)
    path = tmp_path / "report.xlsx"
    run_command(licensor, make_period(now), format="xlsx", out=path)
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["Summary", "Songs and use", "Caps", "Fees", "Stems"]
    rows = list(book["Caps"].iter_rows(values_only=True))
    assert ("play", "total", 10, 10) in {(row[2], row[3], row[7], row[8]) for row in rows}
    assert ("Plays", 10) in list(book["Summary"].iter_rows(values_only=True))


def read_dsr(drawn) -> list[dict[str, str]]:
    text = write_report(drawn, file_format="dsr").decode()
    assert text.endswith("\n")
    return [
        dict(zip(CELLS[line.partition("\t")[0]], line.split("\t"), strict=True))
        for line in text.splitlines()
    ]


def test_the_flat_file_counts_itself(generator, licensor, now):
    song = make_approval(generator, now)
    shared = play(song, now, quantity=2, kind="share", event_id="s")
    report(generator, play(song, now, quantity=10), shared, now=now)
    period = make_period(now)
    records = read_dsr(find_report(licensor=licensor, period=period, now=now))
    kinds = [record["RecordType"] for record in records]
    block = ["AS01.02", "SU01.02", "SU01.02"]
    assert kinds == ["HEAD", "SY01.02", "SY01.02", *block, *block, "FOOT"]
    head, foot = records[0], records[-1]
    assert head["RecipientName"] == licensor.name
    assert head["UsageEndDate"] == str(period.ends_on - DAY)
    assert [record["TotalUsages"] for record in records[1:3]] == ["10", "2"]
    assert foot["NumberOfLinesInFile"] == str(len(records))
    assert (foot["NumberOfSummaryRecords"], foot["NumberOfBlocksInFile"]) == ("2", "2")


def test_a_period_without_use_gives_a_nil_report(licensor, now):
    drawn = find_report(licensor=licensor, period=make_period(now), now=now)
    assert drawn.report.is_nil
    assert [record["RecordType"] for record in read_dsr(drawn)] == ["HEAD", "FOOT"]


def test_what_belongs_to_another_licensor_is_not_told(generator, counted, licensor, now):
    from catalog.services.parties import get_or_add_party

    song = make_approval(generator, now)
    report(generator, play(song, now, quantity=10), now=now)
    assert find_licensor("Brand") is None  # a licensee
    other = get_or_add_party(name="Somebody Else")
    facts = type(licensor)(id=other.pk, name=other.name, dpid="")
    assert draw_report(licensor=facts, period=make_period(now)).is_nil


def test_the_ledger_refuses_to_give_back_more_than_was_taken(generator, counted, now):
    from catalog.services.cap_usage import CapBooking, book_usage

    cap = counted.caps.get(unit="play", period="total")
    booking = CapBooking(cap_id=cap.pk, bucket="", subject="usage:x", quantity=-1)
    with pytest.raises(DatabaseError):
        book_usage(bookings=[booking], now=now)
    assert connection.vendor in ("sqlite", "postgresql")
