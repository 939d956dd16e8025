"""Open and decide review cases. Each write is one transaction; a decided case stays decided."""

import datetime as dt
from typing import Any

from django.db import IntegrityError, transaction

from moderation.models import CaseStatus, Decision, ReviewCase, ReviewDecision
from moderation.signals import review_case_decided

_MAX_TITLE_LENGTH = 200


class UnknownReviewCase(Exception):
    """There is no such case."""


class AlreadyDecided(Exception):
    """Somebody decided the case before."""

    def __init__(self, case: ReviewCase) -> None:
        super().__init__(f"Case {case.pk} was decided by {case.decided_by}: {case.decision}.")
        self.case = case


def open_review_case(
    *,
    subject_kind: str,
    subject_id: str,
    client: str,
    title: str,
    reasons: list[dict[str, Any]],
    evidence: dict[str, Any],
    now: dt.datetime,
) -> ReviewCase:
    """Return the open case of the subject; a new one unless there is one."""
    screening = evidence.get("screening") or {}
    language = (screening.get("language") or {}).get("code", "")
    subject = {"subject_kind": subject_kind, "subject_id": subject_id, "status": CaseStatus.OPEN}
    try:
        with transaction.atomic():
            case, _ = ReviewCase.objects.get_or_create(
                **subject,
                defaults={
                    "client": client,
                    "title": title[:_MAX_TITLE_LENGTH],
                    "language": language,
                    "reasons": reasons,
                    "evidence": evidence,
                    "created_at": now,
                },
            )
    except IntegrityError:  # opened by somebody else in the same moment
        case = ReviewCase.objects.get(**subject)
    return case


@transaction.atomic
def decide_review_case(
    *, case_id: int, decision: str, note: str, by: str, now: dt.datetime
) -> ReviewCase:
    """Decide an open case and tell whoever listens; all of it happens, or nothing.

    Raises
    ------
    UnknownReviewCase : if there is no such case
    AlreadyDecided : if it was decided before
    ValueError : if the decision is not one of "approve" and "reject"
    """
    decision = Decision(decision).value
    moved = ReviewCase.objects.filter(pk=case_id, status=CaseStatus.OPEN).update(
        status=CaseStatus.DECIDED, decision=decision, note=note, decided_by=by, decided_at=now
    )
    case = ReviewCase.objects.filter(pk=case_id).first()
    if case is None:
        raise UnknownReviewCase(f"There is no review case {case_id}.")
    if not moved:
        raise AlreadyDecided(case)
    ReviewDecision.objects.create(
        case=case, decision=decision, note=note, decided_by=by, decided_at=now
    )
    review_case_decided.send(sender=ReviewCase, case=case)
    return case
