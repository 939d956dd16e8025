import datetime as dt
import threading

import pytest
from django.db import connection

from compliance.models import Event, IdempotencyRecord
from compliance.services import idempotency
from compliance.services.events import record_event
from tests.conftest import make_generator

pytestmark = pytest.mark.django_db(transaction=True)


def create_thing():
    record_event(kind="thing.made", subject="thing:1", actor="tests")
    return 201, {"n": Event.objects.count()}


def run_once(generator, now, *, key="k", body="same", work=create_thing):
    return idempotency.run_once(
        generator=generator, key=key, request_sha256=body, now=now, work=work
    )


def test_a_repeated_request_gets_the_first_answer_and_does_nothing(generator, now):
    first, second = run_once(generator, now), run_once(generator, now)
    assert (first.replayed, second.replayed) == (False, True)
    assert (second.status_code, second.body) == (201, first.body)
    assert Event.objects.filter(kind="thing.made").count() == 1


def test_a_request_without_a_key_is_done_each_time(generator, now):
    for _ in range(2):
        assert not run_once(generator, now, key=None).replayed
    assert Event.objects.filter(kind="thing.made").count() == 2


def test_a_key_with_another_request_is_refused(generator, now):
    run_once(generator, now)
    with pytest.raises(idempotency.IdempotencyMismatch):
        run_once(generator, now, body="other")


def test_a_request_that_failed_may_be_sent_again(generator, now):
    def fail():
        record_event(kind="thing.made", subject="thing:1", actor="tests")
        raise ValueError("refused")

    with pytest.raises(ValueError, match="refused"):
        run_once(generator, now, work=fail)
    assert not Event.objects.filter(kind="thing.made").exists()
    assert run_once(generator, now).status_code == 201


def test_a_request_in_flight_is_told_to_wait_and_taken_over_when_its_lock_ran_out(generator, now):
    IdempotencyRecord.objects.create(
        generator=generator,
        key="k",
        request_sha256="same",
        locked_until=now + dt.timedelta(seconds=60),
    )
    with pytest.raises(idempotency.IdempotencyInFlight) as refusal:
        run_once(generator, now)
    assert refusal.value.retry_after_s > 0
    assert run_once(generator, now + dt.timedelta(seconds=61)).status_code == 201


def test_two_generators_may_choose_the_same_key(generator, now):
    assert not run_once(generator, now).replayed
    assert not run_once(make_generator("Other"), now).replayed


def test_racing_requests_with_one_key_make_one_thing(generator, now):
    outcomes = []
    barrier = threading.Barrier(8)

    def race() -> None:
        try:
            barrier.wait()
            outcomes.append("replayed" if run_once(generator, now).replayed else "made")
        except idempotency.IdempotencyInFlight:
            outcomes.append("in flight")
        finally:
            connection.close()

    threads = [threading.Thread(target=race) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 8
    assert outcomes.count("made") == 1
    assert Event.objects.filter(kind="thing.made").count() == 1


def test_old_answers_are_forgotten(generator, now):
    run_once(generator, now)
    assert idempotency.delete_old_records(now=now) == 0
    assert idempotency.delete_old_records(now=now + dt.timedelta(days=30)) == 1
