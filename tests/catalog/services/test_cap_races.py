"""Sixty-four clearances at once, each in a thread with a connection of its own: a cap of ten is held ten times."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, connections

from catalog.models import CapBalance, CapEntry
from catalog.services.clearing import capture_caps, clear_stems, release_caps
from tests.catalog.rows import NOW, add_license, add_stems, make_intent

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
N_CALLERS = 64
LIMIT = 10


def run_at_once(work, subjects):
    def call(subject):
        try:
            return work(subject)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=16) as pool:
        return list(pool.map(call, subjects))


@pytest.fixture
def names(tmp_path):
    if connection.vendor == "sqlite" and connection.is_in_memory_db():
        pytest.skip("threads need a database in a file: run with DATABASE_URL naming one")
    stems = add_stems(tmp_path / "audio", 3)
    # Two caps that overlap in part, taken by callers in both orders.
    add_license(stems=stems[:2], number="AGR-1", cap=LIMIT)
    add_license(stems=stems[1:], number="AGR-2", cap=LIMIT * 10)
    return [stem.external_id for stem in stems]


def test_concurrent_clearances_never_overspend_a_cap(names):
    def clear(number):
        stems = [names[0], names[2]] if number % 2 else [names[2], names[0]]
        return clear_stems(
            stems=stems,
            intent=make_intent(),
            subject=f"song:{number}",
            hold_until=NOW + timedelta(hours=1),
            now=NOW,
        ).cleared

    answers = run_at_once(clear, range(N_CALLERS))
    assert sum(answers) == LIMIT
    assert CapEntry.objects.filter(cap__limit=LIMIT, kind="reserve").count() == LIMIT
    assert CapBalance.objects.get(cap__limit=LIMIT).held == LIMIT


def test_capture_and_release_at_once_settle_each_hold_once(names):
    for number in range(LIMIT):
        clear_stems(
            stems=names[:1],
            intent=make_intent(),
            subject=f"song:{number}",
            hold_until=NOW + timedelta(hours=1),
            now=NOW,
        )

    def settle(number):
        settle_caps = capture_caps if number % 2 else release_caps
        try:
            return settle_caps(subject=f"song:{number // 4}", now=NOW)
        except Exception as error:  # noqa: BLE001 - the loser of the race is told so
            return type(error).__name__

    answers = run_at_once(settle, range(LIMIT * 4))
    assert answers.count(1) == LIMIT
    assert set(answers) <= {0, 1, "HoldReleased"}
    balance = CapBalance.objects.get(cap__limit=LIMIT)
    n_captured = CapEntry.objects.filter(kind="capture").count()
    assert (balance.held, balance.captured) == (0, n_captured)
    assert n_captured + CapEntry.objects.filter(kind="release").count() == LIMIT
