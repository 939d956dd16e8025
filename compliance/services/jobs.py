"""Durable jobs on top of django-q2: the row is the truth, the message is a hint.

django-q2 alone loses or hangs work when processes die (measured: README, decisions). So a job is a row made in the caller's
transaction; it is claimed by one conditional UPDATE that hands out a lease; its result is recorded in one transaction fenced
by the lease's token; and a sweeper sends hints again, takes back leases and buries what keeps failing.
"""

import datetime as dt
import random
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django_q.tasks import async_task

from compliance.models import Job, JobState
from compliance.services.leases import keep_lease, touch_heartbeat

logger = structlog.get_logger(__name__)

# A handler does the slow work and returns what records it: a function run in the transaction that ends the job.
Handler = Callable[[Job], Callable[[], None]]
# What is done, in one transaction, when a job has failed for good.
Burial = Callable[[Job], None]

# Pause before attempt n + 1 of a kind without a policy of its own: 2^n seconds, at most this many seconds.
MAX_BACKOFF_S = 300.0
# Pauses are stretched or shortened by up to this share: what failed together does not come back together.
JITTER = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """When a kind of job is tried again: the pause after each failed attempt but the last, in seconds."""

    pauses_s: tuple[float, ...]

    @property
    def max_attempts(self) -> int:
        """How often a job is tried."""
        return len(self.pauses_s) + 1

    def get_pause_s(self, attempts: int) -> float:
        """Return the pause after so many attempts."""
        return self.pauses_s[min(attempts, len(self.pauses_s)) - 1] if self.pauses_s else 0.0


def get_default_policy() -> RetryPolicy:
    """Return how a job is tried again whose kind has no policy of its own."""
    attempts = range(1, settings.JOB_MAX_ATTEMPTS)
    return RetryPolicy(pauses_s=tuple(min(MAX_BACKOFF_S, 2.0**n) for n in attempts))


NO_POLICIES: Mapping[str, RetryPolicy] = MappingProxyType({})


class NotNow(Exception):
    """The world outside did not do its part; the job is to be tried again. Logged without a traceback."""


class Postponed(Exception):
    """Something of ours has to be ready first; the job waits without using up an attempt."""

    def __init__(self, *, why: str, pause_s: float) -> None:
        super().__init__(why)
        self.pause_s = pause_s


class LeaseLost(Exception):
    """Another worker holds the job now; what this one measured must not be recorded."""


def enqueue_job(
    *,
    kind: str,
    subject: str,
    now: dt.datetime,
    policy: RetryPolicy | None = None,
    start_at: dt.datetime | None = None,
) -> Job:
    """Make a job in the caller's transaction; its hint is sent when that commits, or by the sweeper from `start_at` on."""
    job = Job.objects.create(
        kind=kind,
        subject=subject,
        max_attempts=(policy or get_default_policy()).max_attempts,
        due_at=start_at or now + dt.timedelta(seconds=settings.JOB_RESEND_S),
        not_before=start_at,
    )
    if start_at is None:
        # robust: a queue that is down must not fail the request; the sweeper sends the hint again.
        transaction.on_commit(lambda: send_hint(job.pk), robust=True)
    return job


def hasten_job(*, kind: str, subject: str, now: dt.datetime) -> bool:
    """Let the open job of a subject run now instead of after its pause; return whether there is an open one."""
    jobs = Job.objects.filter(kind=kind, subject=subject)
    job = jobs.filter(state__in=[JobState.PENDING, JobState.RUNNING]).first()
    if job is None:
        return False
    resend_at = now + dt.timedelta(seconds=settings.JOB_RESEND_S)
    if jobs.filter(pk=job.pk, state=JobState.PENDING).update(not_before=None, due_at=resend_at):
        transaction.on_commit(lambda: send_hint(job.pk), robust=True)
    return True


def send_hint(job_id: uuid.UUID) -> None:
    """Tell the queue that a job waits. Only the id travels: messages are pickles."""
    async_task(
        "compliance.tasks.run_job", str(job_id), q_options={"save": False, "ack_failure": True}
    )


def claim_job(*, job_id: uuid.UUID, now: dt.datetime) -> Job | None:
    """Return the job with a fresh lease, or None if it is done, dead, leased to somebody else or pausing.

    A hint may arrive late or twice: the pause after a failure is kept here, not by whoever sends hints.
    """
    token = uuid.uuid4()
    may_start = Q(not_before=None) | Q(not_before__lte=now)
    is_free = Q(may_start, state=JobState.PENDING) | Q(state=JobState.RUNNING, due_at__lt=now)
    claimed = Job.objects.filter(is_free, pk=job_id, attempts__lt=F("max_attempts")).update(
        state=JobState.RUNNING,
        lease_token=token,
        attempts=F("attempts") + 1,
        due_at=now + dt.timedelta(seconds=settings.JOB_LEASE_S),
    )
    return Job.objects.get(pk=job_id) if claimed else None


def run_job(
    *,
    job_id: uuid.UUID,
    handlers: Mapping[str, Handler],
    read_clock: Callable[[], dt.datetime],
    policies: Mapping[str, RetryPolicy] = NO_POLICIES,
) -> None:
    """Claim a job, do it, record it. Safe to call any number of times for one job."""
    touch_heartbeat()
    job = claim_job(job_id=job_id, now=read_clock())
    if job is None:
        return
    with structlog.contextvars.bound_contextvars(
        job_id=str(job.pk), kind=job.kind, subject=job.subject
    ):
        try:
            with keep_lease(job=job, read_clock=read_clock):
                record = handlers[job.kind](job)
            with transaction.atomic():
                _finish(job, now=read_clock())
                record()
        except LeaseLost:
            logger.warning("job.lease_lost", attempt=job.attempts)
        except Postponed as postponed:
            _postpone(job, pause_s=postponed.pause_s, now=read_clock())
            logger.info("job.postponed", why=str(postponed), pause_s=postponed.pause_s)
        except NotNow as error:
            _give_back(job, error=error, now=read_clock(), policy=policies.get(job.kind))
            logger.warning("job.not_now", attempt=job.attempts, why=str(error))
        except Exception as error:
            _give_back(job, error=error, now=read_clock(), policy=policies.get(job.kind))
            logger.exception("job.failed", attempt=job.attempts)
        else:
            logger.info("job.done", attempt=job.attempts)


def _finish(job: Job, *, now: dt.datetime) -> None:
    """Mark the job done if its lease is still ours; the caller's transaction records the result with it."""
    mine = Job.objects.filter(pk=job.pk, state=JobState.RUNNING, lease_token=job.lease_token)
    if not mine.update(state=JobState.DONE, finished_at=now, error=""):
        raise LeaseLost(str(job.pk))


def _give_back(job: Job, *, error: Exception, now: dt.datetime, policy: RetryPolicy | None) -> None:
    """Return a failed job to the queue after a pause; the sweeper buries it when its attempts are used up."""
    pause_s = 0.0
    if job.attempts < job.max_attempts:
        pause_s = (policy or get_default_policy()).get_pause_s(job.attempts)
        pause_s *= random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - jitter
    start = now + dt.timedelta(seconds=pause_s)
    Job.objects.filter(pk=job.pk, lease_token=job.lease_token, state=JobState.RUNNING).update(
        state=JobState.PENDING, error=repr(error)[:2000], due_at=start, not_before=start
    )


def _postpone(job: Job, *, pause_s: float, now: dt.datetime) -> None:
    start = now + dt.timedelta(seconds=pause_s)
    Job.objects.filter(pk=job.pk, lease_token=job.lease_token, state=JobState.RUNNING).update(
        state=JobState.PENDING, attempts=F("attempts") - 1, due_at=start, not_before=start
    )


def sweep_jobs(*, burials: Mapping[str, Burial], now: dt.datetime, limit: int = 500) -> int:
    """Send overdue hints again, take back leases that ran out, bury what is used up; return how many moved.

    Any number of machines may sweep at once: every move is a conditional UPDATE.
    """
    moved = 0
    overdue = Job.objects.filter(state__in=[JobState.PENDING, JobState.RUNNING], due_at__lt=now)
    for job in overdue.order_by("due_at")[:limit]:
        unchanged = Job.objects.filter(
            pk=job.pk, state=job.state, due_at=job.due_at, attempts=job.attempts
        )
        if job.attempts >= job.max_attempts:
            with transaction.atomic():
                if unchanged.update(
                    state=JobState.DEAD, finished_at=now, error=job.error or "lease ran out"
                ):
                    burials[job.kind](job)
                    logger.error(
                        "job.dead", job_id=str(job.pk), subject=job.subject, error=job.error
                    )
                    moved += 1
        elif unchanged.update(
            state=JobState.PENDING, due_at=now + dt.timedelta(seconds=settings.JOB_RESEND_S)
        ):
            send_hint(job.pk)
            moved += 1
    return moved


def count_waiting_jobs(*, older_than: dt.datetime) -> int:
    """Return how many jobs wait for their first worker since before `older_than`; pausing ones do not count."""
    waiting = Job.objects.filter(state=JobState.PENDING, attempts=0, not_before=None)
    return waiting.filter(created_at__lt=older_than).count()
