import datetime as dt
import uuid

import pytest
from django.db import IntegrityError, transaction
from django_q.models import OrmQ

from compliance.models import Event, Job, JobState
from compliance.services import jobs
from compliance.services.events import record_event

pytestmark = pytest.mark.django_db(transaction=True)
KIND = "make_noise"


@pytest.fixture
def clock(now):
    """A clock that a test moves by hand."""

    class Clock:
        at = now

        def __call__(self) -> dt.datetime:
            return self.at

        def advance(self, **delta) -> None:
            self.at += dt.timedelta(**delta)

    return Clock()


def enqueue(now, subject: str = "one") -> Job:
    with transaction.atomic():
        return jobs.enqueue_job(kind=KIND, subject=subject, now=now)


def record_effect(job: Job):
    return lambda: record_event(kind="effect", subject=job.subject, actor="system")


def run(job: Job, clock, handler=record_effect) -> None:
    jobs.run_job(job_id=job.pk, handlers={KIND: handler}, read_clock=clock)


def count_effects() -> int:
    return Event.objects.filter(kind="effect").count()


def test_a_job_in_a_transaction_that_rolls_back_leaves_neither_row_nor_hint(now):
    with transaction.atomic():
        jobs.enqueue_job(kind=KIND, subject="one", now=now)
        transaction.set_rollback(True)
    assert not Job.objects.exists()
    assert not OrmQ.objects.exists()


def test_a_committed_job_sends_a_hint_that_holds_nothing_but_its_id(now):
    job = enqueue(now)
    hint = OrmQ.objects.get()
    assert hint.func() == "compliance.tasks.run_job"
    assert hint.task["args"] == (str(job.pk),)


def test_a_queue_that_is_down_does_not_fail_the_request(now, monkeypatch):
    def fail(*args, **kwargs):
        raise ConnectionError("no broker")

    monkeypatch.setattr(jobs, "async_task", fail)
    job = enqueue(now)
    assert job.state == JobState.PENDING


def test_a_job_has_its_effect_once_however_often_it_is_delivered(clock):
    job = enqueue(clock.at)
    for _ in range(3):
        run(job, clock)
    job.refresh_from_db()
    assert (job.state, job.attempts, count_effects()) == (JobState.DONE, 1, 1)


def test_a_job_held_by_a_live_worker_is_not_taken(clock):
    job = enqueue(clock.at)
    assert jobs.claim_job(job_id=job.pk, now=clock.at)
    assert jobs.claim_job(job_id=job.pk, now=clock.at) is None


def test_a_job_whose_worker_died_is_taken_when_its_lease_ran_out(clock, settings):
    job = enqueue(clock.at)
    first = jobs.claim_job(job_id=job.pk, now=clock.at)
    clock.advance(seconds=settings.JOB_LEASE_S + 1)
    second = jobs.claim_job(job_id=job.pk, now=clock.at)
    assert second.attempts == 2
    assert second.lease_token != first.lease_token


def test_what_a_worker_measured_after_losing_its_lease_is_not_recorded(clock, settings):
    job = enqueue(clock.at)

    def lose_lease(held: Job):
        clock.advance(seconds=settings.JOB_LEASE_S + 1)
        assert jobs.claim_job(job_id=held.pk, now=clock.at)  # another worker takes over
        return record_effect(held)

    run(job, clock, handler=lose_lease)
    job.refresh_from_db()
    assert (job.state, count_effects()) == (JobState.RUNNING, 0)


def test_a_failing_record_undoes_the_end_of_its_job(clock):
    job = enqueue(clock.at)

    def fail_to_record(held: Job):
        def record() -> None:
            record_effect(held)()
            raise RuntimeError("disk full")

        return record

    run(job, clock, handler=fail_to_record)
    job.refresh_from_db()
    assert (job.state, count_effects()) == (JobState.PENDING, 0)
    assert "disk full" in job.error


def test_a_sweep_sends_an_overdue_hint_again(clock, settings):
    enqueue(clock.at)
    OrmQ.objects.all().delete()  # the queue lost it
    assert jobs.sweep_jobs(burials={}, now=clock.at) == 0
    clock.advance(seconds=settings.JOB_RESEND_S + 1)
    assert jobs.sweep_jobs(burials={}, now=clock.at) == 1
    assert OrmQ.objects.count() == 1


def test_a_job_that_keeps_failing_is_buried_once_and_a_person_is_told(clock, settings):
    settings.JOB_MAX_ATTEMPTS = 2
    job = enqueue(clock.at)
    buried = []

    def fail(held: Job):
        raise ValueError("poison")

    for _ in range(3):
        run(job, clock, handler=fail)
        clock.advance(hours=1)
        jobs.sweep_jobs(burials={KIND: lambda held: buried.append(held.subject)}, now=clock.at)
        clock.advance(hours=1)
    job.refresh_from_db()
    assert (job.state, job.attempts, buried) == (JobState.DEAD, 2, ["one"])
    assert "poison" in job.error


def test_a_postponed_job_waits_without_using_up_an_attempt(clock):
    job = enqueue(clock.at)

    def postpone(held: Job):
        raise jobs.Postponed(why="the index is behind", pause_s=60)

    for _ in range(10):
        run(job, clock, handler=postpone)
        job.refresh_from_db()
        assert (job.state, job.attempts) == (JobState.PENDING, 0)
        run(job, clock)  # too early
        assert count_effects() == 0
        clock.advance(seconds=61)
    run(job, clock)
    job.refresh_from_db()
    assert (job.state, count_effects()) == (JobState.DONE, 1)


def test_a_second_open_job_for_the_same_subject_is_refused(now):
    enqueue(now)
    with pytest.raises(IntegrityError):
        enqueue(now)


def test_an_unknown_job_is_nothing_to_do(clock):
    jobs.run_job(job_id=uuid.uuid4(), handlers={}, read_clock=clock)
    assert not Event.objects.exists()


def test_a_hint_that_comes_before_the_pause_is_over_does_not_start_the_job(clock):
    job = enqueue(clock.at)

    def fail(held: Job):
        raise ValueError("not yet")

    run(job, clock, handler=fail)
    run(job, clock)
    assert count_effects() == 0
    clock.advance(minutes=10)
    run(job, clock)
    assert count_effects() == 1


def test_a_kind_with_a_policy_keeps_its_own_pauses_and_number_of_attempts(clock):
    policy = jobs.RetryPolicy(pauses_s=(100.0, 1000.0))
    with transaction.atomic():
        job = jobs.enqueue_job(kind=KIND, subject="one", now=clock.at, policy=policy)

    def fail(held: Job):
        raise jobs.NotNow("nobody there")

    starts = []
    for _ in range(3):
        jobs.run_job(
            job_id=job.pk, handlers={KIND: fail}, read_clock=clock, policies={KIND: policy}
        )
        job.refresh_from_db()
        starts.append((job.not_before - clock.at).total_seconds())
        clock.at = job.not_before
    assert (job.attempts, job.max_attempts) == (3, 3)
    assert 75 <= starts[0] <= 125
    assert 750 <= starts[1] <= 1250
    assert starts[2] == 0  # nothing to wait for: the sweeper buries it


def test_a_hastened_job_need_not_wait_and_a_finished_one_cannot_be_hastened(clock):
    job = enqueue(clock.at)

    def fail(held: Job):
        raise ValueError("not yet")

    run(job, clock, handler=fail)
    with transaction.atomic():
        assert jobs.hasten_job(kind=KIND, subject="one", now=clock.at)
    run(job, clock)
    assert count_effects() == 1
    assert not jobs.hasten_job(kind=KIND, subject="one", now=clock.at)
