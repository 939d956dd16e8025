"""What is read of compliance. Every query of a generator's data takes the generator: another's row is a missing row."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet, Sum
from django.urls import reverse

from catalog.queries.approved_songs import ApprovedSong
from compliance.certificates.status_list import LIST_SIZE
from compliance.models import (
    Approval,
    ApprovalBasis,
    ApprovalStatus,
    Clearance,
    Collection,
    ContentCredential,
    Event,
    Generator,
    IndexGeneration,
    Recall,
    RecallNotice,
    RecallSong,
    SongOutcome,
    Submission,
    UsageEvent,
    UsageKind,
    UsageReportRow,
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
        .select_related("submission__clearance", "submission__generator", "superseded_by")
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


def lock_usage(generator: Generator) -> None:
    """Let nobody else take in use of this generator until the transaction ends."""
    Generator.objects.select_for_update().get(pk=generator.pk)


def get_approvals_of_use(*, generator: Generator, public_ids: Iterable[str]) -> dict[str, Approval]:
    """Return the generator's approvals with these ids, with what is needed to count their use."""
    rows = Approval.objects.filter(
        public_id__in=list(public_ids), submission__generator=generator
    ).select_related("submission__clearance", "rights_snapshot")
    return {row.public_id: row for row in rows.prefetch_related("submission__verifications")}


def find_usage_events(*, generator: Generator, event_ids: Iterable[str]) -> dict[str, UsageEvent]:
    """Return the events among these that were counted already, by id."""
    rows = UsageEvent.objects.filter(generator=generator, event_id__in=list(event_ids))
    return {row.event_id: row for row in rows}


def sum_correctable_use(
    approval_ids: Iterable[int],
) -> dict[tuple[int, str, dt.date], tuple[int, int]]:
    """Return quantity and seconds on record, by (approval, kind, day)."""
    rows = UsageEvent.objects.filter(approval_id__in=list(approval_ids)).order_by()
    sums = rows.values_list("approval_id", "kind", "day").annotate(
        total=Sum("quantity"), heard=Sum("seconds")
    )
    return {(approval, kind, day): (n, s) for approval, kind, day, n, s in sums}


def sum_plays(
    approval_ids: Iterable[int], *, received_before: dt.datetime | None = None
) -> dict[int, list[tuple[dt.date, int, int]]]:
    """Return (day, plays, seconds) of each approval, of what was received before a moment or ever."""
    rows = UsageEvent.objects.filter(approval_id__in=list(approval_ids), kind=UsageKind.PLAY)
    if received_before is not None:
        rows = rows.filter(received_at__lt=received_before)
    found: dict[int, list[tuple[dt.date, int, int]]] = defaultdict(list)
    for approval_id, day, plays, seconds in (
        rows.order_by()
        .values_list("approval_id", "day")
        .annotate(n=Sum("quantity"), s=Sum("seconds"))
    ):
        found[approval_id].append((day, plays, seconds))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class UseTotal:
    """Use of one song of one kind, on one day in one territory, while it was licensed or not."""

    approval_id: int
    kind: str
    day: dt.date
    territory: str
    is_licensed: bool
    quantity: int
    seconds: int


def sum_use_received(*, start: dt.datetime, end: dt.datetime) -> list[UseTotal]:
    """Return what use was received in [start, end), added up."""
    names = ("approval_id", "kind", "day", "territory", "is_licensed")
    rows = UsageEvent.objects.filter(received_at__gte=start, received_at__lt=end).order_by(*names)
    sums = rows.values(*names).annotate(total=Sum("quantity"), heard=Sum("seconds"))
    return [
        UseTotal(**{name: row[name] for name in names}, quantity=row["total"], seconds=row["heard"])
        for row in sums
    ]


def _read_approvals() -> QuerySet[Approval]:
    return Approval.objects.select_related(
        "submission__clearance", "submission__generator", "rights_snapshot"
    ).order_by("id")


def list_approvals_decided(*, start: dt.datetime, end: dt.datetime) -> list[Approval]:
    """Return the approvals of songs that were decided in [start, end), in order."""
    period = {"submission__decided_at__gte": start, "submission__decided_at__lt": end}
    return list(_read_approvals().filter(**period))


def get_approvals(ids: Iterable[int]) -> list[Approval]:
    """Return approvals by row, with what reports say of them."""
    return list(_read_approvals().filter(id__in=list(ids)))


def find_closed_report(
    *, licensor_id: int, starts_on: dt.date, ends_on: dt.date
) -> UsageReportRow | None:
    """Return the report that was closed for exactly this period, or None."""
    return UsageReportRow.objects.filter(
        licensor_id=licensor_id, starts_on=starts_on, ends_on=ends_on
    ).first()


def get_last_closed_report(*, licensor_id: int) -> UsageReportRow | None:
    """Return the licensor's newest closed report, or None."""
    return UsageReportRow.objects.filter(licensor_id=licensor_id).order_by("-ends_on").first()


def list_recall_notices(
    *, generator: Generator, before_id: int | None, limit: int
) -> list[RecallNotice]:
    """Return the recalls that concern the generator, newest first, starting below `before_id`."""
    rows = RecallNotice.objects.filter(generator=generator).select_related(*_RECALL_SOURCE)
    if before_id is not None:
        rows = rows.filter(id__lt=before_id)
    return list(rows.order_by("-id")[:limit])


def get_recall_notice(*, public_id: str, generator: Generator) -> RecallNotice | None:
    """Return what the generator was told of a recall, or None if none of its songs is in it."""
    rows = RecallNotice.objects.filter(recall__public_id=public_id, generator=generator)
    return rows.select_related(*_RECALL_SOURCE).first()


_RECALL_SOURCE = ("recall__grant__agreement", "recall__stem", "recall__undoes")


def name_recall_source(recall: Recall) -> tuple[str, str]:
    """Return the kind and the name of what the recalled songs rest on."""
    if recall.grant is not None:
        return "grant", recall.grant.label
    return "stem", recall.stem.external_id if recall.stem is not None else ""


def list_recalled_songs(
    *, public_id: str, generator: Generator, after_id: int, acknowledged: bool | None, limit: int
) -> list[RecallSong]:
    """Return the generator's songs that a recall moved, in order, starting above `after_id`."""
    rows = RecallSong.objects.filter(
        recall__public_id=public_id, generator=generator, outcome=SongOutcome.MOVED, id__gt=after_id
    )
    if acknowledged is not None:
        rows = rows.filter(acknowledged_at__isnull=not acknowledged)
    rows = rows.select_related("recall", "approval__submission").defer("approval__certificate")
    return list(rows.order_by("id")[:limit])


def get_approval_of_song(*, public_id: str) -> Approval | None:
    """Return the approval of any generator's song, for staff; None if the song has none."""
    return (
        Approval.objects.filter(submission__public_id=public_id)
        .select_related("submission__clearance", "submission__generator")
        .first()
    )


def find_submission_of(*, public_id: str) -> Submission | None:
    """Return any generator's song by its own id or its approval's, for staff."""
    rows = Submission.objects.select_related("clearance", "generator", "approval")
    return rows.filter(Q(public_id=public_id) | Q(approval__public_id=public_id)).first()


def find_clearance(*, public_id: str) -> Clearance | None:
    """Return any generator's clearance, for staff."""
    return Clearance.objects.select_related("generator").filter(public_id=public_id).first()


def find_approved_songs(stems: Iterable[str]) -> list[ApprovedSong]:
    """Return every song with an approval that uses any of the stems, newest first; the catalog asks, for legal staff."""
    using = ApprovalBasis.objects.filter(stem__external_id__in=list(stems)).values("approval")
    rows = Approval.objects.filter(pk__in=using).select_related("submission__generator")
    return [
        ApprovedSong(
            id=approval.submission.public_id,
            generator=approval.submission.generator.name,
            status=approval.get_status_display().lower(),
            approved_at=approval.created_at,
            valid_until=approval.valid_to,
            url=reverse("why-approved", args=[approval.submission.public_id]),
        )
        for approval in rows
    ]


def list_song_events(*, approval: Approval) -> list[Event]:
    """Return every sealed event about an approved song, its submission and its clearance, in order."""
    submission = approval.submission
    subjects = [
        f"approval:{approval.public_id}",
        f"submission:{submission.public_id}",
        f"clearance:{submission.clearance.public_id}",
    ]
    rows = Event.objects.filter(subject__in=subjects).exclude(sequence=None)
    return list(rows.order_by("sequence"))
