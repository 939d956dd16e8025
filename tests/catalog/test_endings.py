from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from catalog.models import TerritorySet, UseApproval, VoiceConsent
from catalog.queries import endings
from catalog.queries.endings import list_endings, list_lapsed_grants
from catalog.services.agreements import activate_grant, end_grant, suspend_grant
from catalog.services.options import OptionNotOpen, add_option, exercise_option
from catalog.services.parties import get_or_add_party
from tests.catalog.rows import NOW, add_agreement, add_draft, add_license

pytestmark = pytest.mark.django_db


@pytest.fixture
def grant(stems):
    return add_license(stems=stems, tail="leave_existing", sunset_days=30)


def list_since(minutes_ago=5):
    now = timezone.now()
    return list_lapsed_grants(since=now - timedelta(minutes=minutes_ago), now=now)


def test_a_grant_in_force_has_not_lapsed(grant):
    assert list_since() == ()


@pytest.mark.parametrize("days_ago", [0, 40])
def test_a_grant_that_somebody_ended_has_lapsed_with_its_tail(grant, days_ago):
    day = timezone.now().date() - timedelta(days=days_ago)
    end_grant(grant=grant, ends_on=day, by=None, now=timezone.now())
    (lapsed,) = list_since()
    assert (lapsed.label, lapsed.why, lapsed.ended_on) == ("AGR-1/1", "ended", day)
    assert (lapsed.tail, lapsed.sunset_days) == ("leave_existing", 30)
    assert lapsed.stems == ("stem-1", "stem-2")


def test_a_suspended_grant_has_lapsed(grant):
    suspend_grant(grant=grant, by=None)
    assert [lapsed.why for lapsed in list_since()] == ["suspended"]


def test_a_grant_whose_day_came_has_lapsed_once(stems):
    add_license(stems=stems, valid_from=date(2026, 1, 1), valid_until=timezone.now().date())
    assert [lapsed.why for lapsed in list_since(minutes_ago=24 * 60)] == ["ended"]
    now = timezone.now() + timedelta(days=3)
    assert list_lapsed_grants(since=now - timedelta(days=1), now=now) == ()


TODAY = NOW.date()


def in_days(days: int) -> date:
    return TODAY + timedelta(days=days)


def list_lines() -> dict[int, list[tuple[str, str]]]:
    """Return the calendar of the day: for each band what it holds."""
    return {
        band.days: [(ending.kind.value, ending.label) for ending in band.endings]
        for band in list_endings(on=TODAY)
    }


def add_license_with_option(stems, **option):
    draft = add_draft(add_agreement(), stems=stems)
    added = add_option(grant=draft, **{"extends": "term", "gives": "two more years", **option})
    activate_grant(grant=draft, by=None, now=NOW)
    return added


@pytest.mark.parametrize(
    ("days", "band"), [(1, 1), (2, 7), (7, 7), (8, 30), (30, 30), (31, 90), (90, 90), (91, None)]
)
def test_a_grant_stands_in_the_band_of_its_end(stems, days, band):
    add_license(stems=stems, valid_until=in_days(days))
    expected = {1: [], 7: [], 30: [], 90: []} | (
        {band: [("Grant ends", "AGR-1/1")]} if band else {}
    )
    assert list_lines() == expected


def test_an_option_stands_in_the_calendar_until_it_is_exercised(stems):
    option = add_license_with_option(stems, exercise_by=in_days(5))
    assert list_lines()[7] == [("Option lapses", "AGR-1/1")]
    exercise_option(option=option, on=TODAY, by=None)
    assert list_lines()[7] == []


def test_an_option_is_exercised_once_and_in_time(stems):
    option = add_license_with_option(stems, exercise_by=in_days(5))
    with pytest.raises(OptionNotOpen, match="until"):
        exercise_option(option=option, on=in_days(6), by=None)
    exercise_option(option=option, on=in_days(5), by=None)
    with pytest.raises(OptionNotOpen, match="was exercised"):
        exercise_option(option=option, on=TODAY, by=None)


def test_the_option_of_a_draft_cannot_be_exercised(stems):
    draft = add_draft(add_agreement(), stems=stems)
    option = add_option(grant=draft, extends="term", gives="one more year", exercise_by=in_days(5))
    with pytest.raises(OptionNotOpen, match="draft"):
        exercise_option(option=option, on=TODAY, by=None)


@pytest.mark.parametrize(
    "changes", [{"gives": "everything"}, {"exercise_by": date(2030, 1, 1)}, {"amount": 1}]
)
def test_the_database_keeps_the_options_of_a_grant_in_force(stems, changes):
    option = add_license_with_option(stems, exercise_by=in_days(5))
    rows = type(option).objects.filter(pk=option.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(currency="EUR", **changes)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows._raw_delete(rows.db)
    rows.update(exercised_on=TODAY)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(exercised_on=None)


def test_an_approval_of_use_is_due_until_it_is_on_record_for_the_campaign(stems):
    grant = add_license(
        stems=stems, approval_of_use="prior_written", campaign="Summer", valid_from=in_days(-300)
    )
    assert list_lines()[1] == [("Approval of use is due", "AGR-1/1")]
    given = {"grant": grant, "approved_on": TODAY, "approver": "Ana Sol"}
    UseApproval.objects.create(campaign="Winter", **given)
    assert list_lines()[1] == [("Approval of use is due", "AGR-1/1")]
    UseApproval.objects.create(campaign="Summer", **given)
    assert list_lines()[1] == []


def test_an_approval_is_due_on_the_day_its_grant_starts(stems):
    add_license(stems=stems, approval_of_use="prior_written", valid_from=in_days(20))
    assert list_lines()[30] == [("Approval of use is due", "AGR-1/1")]


def test_a_voice_consent_stands_in_the_calendar_unless_it_was_revoked(db):
    consent = VoiceConsent.objects.create(
        performer=get_or_add_party(name="Ana Sol"),
        uses=("download",),
        territory=TerritorySet.objects.get_for("DE"),
        valid_from=in_days(-10),
        valid_until=in_days(60),
    )
    assert list_lines()[90] == [("Voice consent ends", str(consent))]
    consent.revoked_on = TODAY
    consent.save()
    assert list_lines()[90] == []


def test_a_long_band_is_shown_in_part_and_counted_whole(stems, monkeypatch):
    monkeypatch.setattr(endings, "ENDINGS_SHOWN", 1)
    for number in ("A-1", "A-2"):
        add_license(stems=stems, number=number, valid_until=in_days(3))
    band = list_endings(on=TODAY)[1]
    assert (len(band.endings), band.n_more, band.count) == (1, 1, 2)
