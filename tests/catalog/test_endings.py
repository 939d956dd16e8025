from datetime import date, timedelta

import pytest
from django.utils import timezone

from catalog.queries.endings import list_lapsed_grants
from catalog.services.agreements import end_grant, suspend_grant
from tests.catalog.rows import add_license

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
