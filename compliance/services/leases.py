"""Keep a job's lease while its handler runs, and show the supervisor a sign of life."""

import datetime as dt
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog
from django.conf import settings
from django.db import DatabaseError, connection

from compliance.models import Job, JobState

logger = structlog.get_logger(__name__)

# The environment variable in which the supervisor names its heartbeat file.
HEARTBEAT_VARIABLE = "CLEARTONE_WORKER_HEARTBEAT"
# Leases are renewed so many times before they would run out: one lost renewal is no loss of the lease.
RENEWALS_PER_LEASE = 3


def touch_heartbeat() -> None:
    """Tell the supervisor that a worker of its cluster is alive."""
    if path := os.environ.get(HEARTBEAT_VARIABLE):
        Path(path).touch()


@contextmanager
def keep_lease(*, job: Job, read_clock: Callable[[], dt.datetime]) -> Iterator[None]:
    """Renew the job's lease until the block ends.

    A worker that is killed renews no longer, so its job is free again within JOB_LEASE_S; a handler that hangs
    is ended by django-q2's timeout, which kills the process and this thread with it.
    """
    ended = threading.Event()
    thread = threading.Thread(
        target=_renew, args=(job, ended, read_clock), daemon=True, name="lease"
    )
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _renew(job: Job, ended: threading.Event, read_clock: Callable[[], dt.datetime]) -> None:
    lease = dt.timedelta(seconds=settings.JOB_LEASE_S)
    try:
        while not ended.wait(settings.JOB_LEASE_S / RENEWALS_PER_LEASE):
            touch_heartbeat()
            mine = Job.objects.filter(
                pk=job.pk, state=JobState.RUNNING, lease_token=job.lease_token
            )
            try:
                if not mine.update(due_at=read_clock() + lease):
                    return  # lost: the fence will keep our result out
            except DatabaseError:
                logger.warning("lease.renewal_failed", exc_info=True)
    finally:
        connection.close()
