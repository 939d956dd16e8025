"""What workers run: ids in, one service call, safe to run twice."""

import datetime as dt
import uuid

from django.conf import settings
from django.utils import timezone

from compliance.services import jobs
from compliance.services.access_tokens import delete_expired_tokens
from compliance.services.approval_ends import sunset_approvals
from compliance.services.clearance_times import expire_clearances, warn_of_expiry
from compliance.services.deliveries import bury_delivery, deliver_webhook_job
from compliance.services.idempotency import delete_old_records
from compliance.services.index_jobs import (
    build_index_job,
    bury_index_build,
    enqueue_index_build_if_behind,
)
from compliance.services.index_publication import prune_segment_cache
from compliance.services.notices import tell_of_caps, tell_of_endings
from compliance.services.outbox import DELIVER_JOB, RETRIES
from compliance.services.rate_limits import delete_old_windows
from compliance.services.recall_batches import apply_recall_job, bury_recall
from compliance.services.recalls import APPLY_JOB, open_due_recalls, remind_generators
from compliance.services.reverification import REVERIFY_JOB, bury_reverification, reverify_job
from compliance.services.sealing import seal_new_events
from compliance.services.verification import bury_verification, verify_submission_job

# Kinds of jobs: adding one is a line in each table and a service.
HANDLERS: dict[str, jobs.Handler] = {
    REVERIFY_JOB: reverify_job,
    "verify_submission": verify_submission_job,
    "build_index": build_index_job,
    DELIVER_JOB: deliver_webhook_job,
    APPLY_JOB: apply_recall_job,
}
BURIALS: dict[str, jobs.Burial] = {
    REVERIFY_JOB: bury_reverification,
    "verify_submission": bury_verification,
    "build_index": bury_index_build,
    DELIVER_JOB: bury_delivery,
    APPLY_JOB: bury_recall,
}
# Kinds that are tried again in their own time.
POLICIES: dict[str, jobs.RetryPolicy] = {DELIVER_JOB: RETRIES}


def run_job(job_id: str) -> None:
    """Run one job; django-q2 calls this with the hint's id."""
    jobs.run_job(
        job_id=uuid.UUID(job_id), handlers=HANDLERS, read_clock=timezone.now, policies=POLICIES
    )


def sweep_jobs() -> int:
    """Move whatever is overdue, seal what nobody sealed; the supervisor calls this every second."""
    seal_new_events()
    return jobs.sweep_jobs(burials=BURIALS, now=timezone.now())


def count_stalled_jobs() -> int:
    """Return how many jobs nobody took up within WORKER_STALL_S."""
    return jobs.count_waiting_jobs(
        older_than=timezone.now() - dt.timedelta(seconds=settings.WORKER_STALL_S)
    )


def do_upkeep() -> None:
    """End what ran out, say what soon will, forget what is kept for a time only, keep the index up with the catalog."""
    now = timezone.now()
    warn_of_expiry(now=now)
    expire_clearances(now=now)
    open_due_recalls(now=now)
    remind_generators(now=now)
    sunset_approvals(now=now)
    tell_of_caps(now=now)
    tell_of_endings(now=now)
    delete_old_records(now=now)
    delete_expired_tokens(now=now)
    delete_old_windows(now=now)
    prune_segment_cache(now=now)
    enqueue_index_build_if_behind(now=now)
