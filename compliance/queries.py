"""What is read of compliance. Every query of a generator's data takes the generator: another's row is a missing row."""

import datetime as dt

from django.db.models import BooleanField, ExpressionWrapper, Q

from compliance.certificates.status_list import LIST_SIZE
from compliance.models import (
    Approval,
    ApprovalStatus,
    Clearance,
    Collection,
    ContentCredential,
    Event,
    Generator,
    IndexGeneration,
    Submission,
    Verification,
    WebhookDelivery,
    WebhookEndpoint,
)


def get_clearance(*, public_id: str, generator: Generator) -> Clearance | None:
    """Return the generator's clearance, or None."""
    return Clearance.objects.filter(public_id=public_id, generator=generator).first()


def get_submission(*, public_id: str, generator: Generator) -> Submission | None:
    """Return the generator's submission, or None."""
    return (
        Submission.objects.filter(public_id=public_id, generator=generator)
        .select_related("clearance", "approval")
        .first()
    )


def get_last_verification(*, submission: Submission) -> Verification | None:
    """Return the newest snapshot of a submission, or None while it waits."""
    return Verification.objects.filter(submission=submission).first()


def list_submissions(
    *, generator: Generator, before_id: int | None, limit: int
) -> list[Submission]:
    """Return the generator's submissions, newest first, starting below `before_id`."""
    rows = (
        Submission.objects.filter(generator=generator)
        .select_related("clearance", "approval")
        .order_by("-id")
    )
    if before_id is not None:
        rows = rows.filter(id__lt=before_id)
    return list(rows[:limit])


def get_current_index() -> IndexGeneration | None:
    """Return the index of recordings in use, or None before the first build."""
    return IndexGeneration.objects.filter(collection=Collection.RECORDINGS).first()


def get_approval(*, public_id: str, generator: Generator) -> Approval | None:
    """Return the generator's approval, or None."""
    return (
        Approval.objects.filter(public_id=public_id, submission__generator=generator)
        .select_related("submission__clearance")
        .first()
    )


def find_approval_status(*, public_id: str, token: str) -> tuple[str, dt.datetime] | None:
    """Return status and end of the approval that has exactly this certificate, whoever asks; None if there is none."""
    approvals = Approval.objects.filter(public_id=public_id, certificate=token)
    return approvals.values_list("status", "valid_to").first()


def is_signed_copy(*, approval: str, file_sha256: str) -> bool:
    """Tell whether a digest is that of a copy of the approved song with content credentials in it."""
    copies = ContentCredential.objects.filter(approval__public_id=approval, is_sidecar=False)
    return copies.filter(file_sha256=file_sha256).exists()


def count_status_lists() -> int:
    """Return how many status lists there are: every submission has a place in one, and the first is always there."""
    newest = Submission.objects.order_by("-id").values_list("id", flat=True).first()
    return (newest or 0) // LIST_SIZE + 1


def list_exceptions(*, number: int, now: dt.datetime) -> list[tuple[int, str, bool]]:
    """Return (submission, status, is it over) of the approvals in a status list that do not hold as of `now`."""
    first = number * LIST_SIZE
    listed = Approval.objects.filter(
        submission_id__gte=first, submission_id__lt=first + LIST_SIZE
    ).exclude(status=ApprovalStatus.LIVE, valid_to__gt=now)
    over = ExpressionWrapper(Q(valid_to__lte=now), output_field=BooleanField())
    return list(listed.order_by().values_list("submission_id", "status", over))


def list_events(*, generator: Generator, after: int, limit: int) -> list[Event]:
    """Return what happened (and is sealed) to the generator's things after a place in the sequence, oldest first."""
    rows = Event.objects.filter(generator_id_text=generator.public_id, sequence__gt=after)
    return list(rows.order_by("sequence")[:limit])


def get_event(*, public_id: str, generator: Generator) -> Event | None:
    """Return the generator's event, or None."""
    return Event.objects.filter(public_id=public_id, generator_id_text=generator.public_id).first()


def list_webhook_endpoints(*, generator: Generator) -> list[WebhookEndpoint]:
    """Return the generator's endpoints, newest first."""
    return list(WebhookEndpoint.objects.filter(generator=generator, deleted_at=None))


def get_webhook_endpoint(*, public_id: str, generator: Generator) -> WebhookEndpoint | None:
    """Return the generator's endpoint, or None."""
    return (
        WebhookEndpoint.objects.filter(public_id=public_id, generator=generator, deleted_at=None)
        .select_related("generator")
        .first()
    )


def list_deliveries(
    *, endpoint: WebhookEndpoint, before_id: int | None, limit: int
) -> list[WebhookDelivery]:
    """Return the deliveries of an endpoint with their attempts, newest first, starting below `before_id`."""
    rows = WebhookDelivery.objects.filter(endpoint=endpoint)
    if before_id is not None:
        rows = rows.filter(id__lt=before_id)
    rows = rows.select_related("event", "endpoint").prefetch_related("attempts")
    return list(rows.order_by("-id")[:limit])
