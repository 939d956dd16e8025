"""The job that keeps the audio indexes up: who queues it, what it does, what is left when it fails."""

import datetime as dt
from collections.abc import Callable

import structlog
from django.db import IntegrityError, transaction
from django.utils import timezone

from catalog.queries.audio_sources import list_audio_sources
from compliance.models import Collection, Job
from compliance.services.earlier_songs import are_songs_waiting, publish_songs
from compliance.services.index_publication import find_generation
from compliance.services.indexing import (
    JOB_BUDGET_S,
    find_unsearchable_sources,
    tidy_index,
    update_index,
)
from compliance.services.ingest_findings import list_uncompared
from compliance.services.jobs import enqueue_job

logger = structlog.get_logger(__name__)

INDEX_JOB = "build_index"
INDEX_SUBJECT = "catalog"
# Verifications publish what they catch up with; with more segments than this upkeep has them merged.
MAX_SEGMENTS = 8


def enqueue_index_build_if_behind(*, now: dt.datetime) -> bool:
    """Queue a build if recordings miss their fingerprint or segments are many; an open build is enough."""
    generation = find_generation(Collection.RECORDINGS)
    is_behind = (
        generation is None
        or len(generation.segments) > MAX_SEGMENTS
        or list_uncompared().exists()
        or are_songs_waiting()
        or bool(find_unsearchable_sources(list_audio_sources(), generation))
    )
    if not is_behind:
        return False
    try:
        with transaction.atomic():
            enqueue_job(kind=INDEX_JOB, subject=INDEX_SUBJECT, now=now)
    except IntegrityError:  # one is queued or running
        return False
    return True


def build_index_job(job: Job) -> Callable[[], None]:  # noqa: ARG001 - one index, one job
    """Do one index job; segments and generations are published as it goes, so there is nothing left to record."""
    update_index(budget_s=JOB_BUDGET_S)
    tidy_index(now=timezone.now(), budget_s=JOB_BUDGET_S)
    publish_songs()
    return lambda: None


def bury_index_build(job: Job) -> None:
    """Leave a trace; upkeep queues the next build while recordings are missing."""
    logger.error("index.build_failed", job_id=str(job.pk), error=job.error)
