import datetime as dt
import threading
import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from compliance.models import RateWindow
from compliance.services import rate_limits
from compliance.services.rate_limits import delete_old_windows, take_request

START = dt.datetime(2026, 1, 5, 12, 0, 10, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _no_shares(monkeypatch):
    monkeypatch.setattr(rate_limits, "_shares", {})


def forget_shares() -> None:
    """Be another process."""
    rate_limits._shares.clear()


@pytest.mark.django_db
def test_exactly_the_limit_passes_and_the_next_minute_starts_anew(generator):
    generator.requests_per_minute = 7
    decisions = [take_request(generator=generator, now=START) for _ in range(9)]
    assert [one.allowed for one in decisions] == [True] * 7 + [False] * 2
    assert [one.remaining for one in decisions] == [6, 5, 4, 3, 2, 1, 0, 0, 0]
    assert (decisions[0].limit, decisions[0].reset_s) == (7, 50)
    assert take_request(generator=generator, now=START + dt.timedelta(seconds=50)).allowed


@pytest.mark.django_db
def test_processes_share_one_limit(generator):
    generator.requests_per_minute = 10
    for _ in range(10):
        assert take_request(generator=generator, now=START).allowed
        forget_shares()
    assert not take_request(generator=generator, now=START).allowed


@pytest.mark.django_db
def test_one_request_in_many_asks_the_database(generator, settings):
    settings.RATE_LIMIT_PER_MINUTE = 5_000  # shares of 100
    with CaptureQueriesContext(connection) as queries:
        for _ in range(1_000):
            assert take_request(generator=generator, now=START).allowed
    assert RateWindow.objects.get().taken == 1_000
    assert len(queries) <= 10 * 6


@pytest.mark.django_db
def test_old_windows_are_forgotten(generator):
    take_request(generator=generator, now=START)
    assert delete_old_windows(now=START + dt.timedelta(minutes=5)) == 0
    assert delete_old_windows(now=START + dt.timedelta(minutes=11)) == 1


@pytest.mark.django_db(transaction=True)
def test_racing_requests_never_pass_the_limit(generator):
    generator.requests_per_minute = 100
    allowed = []

    def race() -> None:
        try:
            for _ in range(40):
                allowed.append(take_request(generator=generator, now=START).allowed)
                time.sleep(0)
        finally:
            connection.close()

    threads = [threading.Thread(target=race) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert allowed.count(True) == 100


@pytest.mark.django_db
def test_who_asks_too_often_is_told_when_to_come_back(api, generator):
    generator.requests_per_minute = 2
    generator.save()
    answers = [api.get("/api/v1/submissions") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[0].headers["RateLimit-Policy"] == '"requests";q=2;w=60'
    assert answers[0].headers["RateLimit"].startswith('"requests";r=1;t=')
    assert answers[2].json()["code"] == "rate.limited"
    assert 1 <= int(answers[2].headers["Retry-After"]) <= 60
    assert answers[2].headers["RateLimit"].startswith('"requests";r=0;t=')
