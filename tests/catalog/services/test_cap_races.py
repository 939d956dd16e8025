"""Sixty-four clearances at once, each in a thread with a connection of its own: a cap of ten is held ten times."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, connections

from catalog.models import CapBalance, CapEntry, Grant, Stem
from catalog.services.agreements import end_grant
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


def reserve(stems, *, subject):
    """Clear stems for an hour from now."""
    return clear_stems(
        stems=stems,
        intent=make_intent(),
        subject=subject,
        hold_until=NOW + timedelta(hours=1),
        now=NOW,
    )


def test_concurrent_clearances_never_overspend_a_cap(names):
    def clear(number):
        stems = [names[0], names[2]] if number % 2 else [names[2], names[0]]
        return reserve(stems, subject=f"song:{number}").cleared

    answers = run_at_once(clear, range(N_CALLERS))
    assert sum(answers) == LIMIT
    assert CapEntry.objects.filter(cap__limit=LIMIT, kind="reserve").count() == LIMIT
    assert CapBalance.objects.get(cap__limit=LIMIT).held == LIMIT


def test_capture_and_release_at_once_settle_each_hold_once(names):
    for number in range(LIMIT):
        reserve(names[:1], subject=f"song:{number}")

    def settle(number):
        subject = f"song:{number // 4}"
        if number % 2:
            return capture_caps(stems=names[:1], intent=make_intent(), subject=subject, now=NOW)
        return release_caps(subject=subject, now=NOW)

    run_at_once(settle, range(LIMIT * 4))
    # Who captures after a release takes anew: each song is captured once, whoever came first.
    balance = CapBalance.objects.get(cap__limit=LIMIT)
    assert (balance.held, balance.captured) == (0, LIMIT)
    counts = {
        kind: CapEntry.objects.filter(kind=kind).count()
        for kind in ("reserve", "capture", "release")
    }
    assert counts["capture"] == LIMIT
    assert counts["reserve"] == LIMIT + counts["release"]


def test_songs_that_move_to_another_grant_at_once_never_overspend_it(names):
    """Ten songs hold of a grant that ends; the one that takes its place has room for four, and others ask for it meanwhile."""
    room = 4
    stem = Stem.objects.get(external_id=names[0])
    for number in range(LIMIT):
        reserve(names[:1], subject=f"song:{number}")
    successor = add_license(stems=[stem], number="AGR-3", cap=room)
    ended = Grant.objects.get(agreement__number="AGR-1")
    end_grant(grant=ended, ends_on=make_intent().starts_on, by=None, now=NOW)

    def take(number):
        if number % 4:
            return capture_caps(
                stems=names[:1], intent=make_intent(), subject=f"song:{number % LIMIT}", now=NOW
            ).cleared
        return reserve(names[:1], subject=f"new:{number}").cleared

    run_at_once(take, range(LIMIT * 4))
    new = CapBalance.objects.get(cap__grant=successor)
    old = CapBalance.objects.get(cap__grant=ended)
    assert new.held + new.captured == room
    assert (old.held, old.captured) == (LIMIT - new.captured, 0)
