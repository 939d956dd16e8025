"""Open and decide review cases. Each write is one transaction; a decided case stays decided."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCase:
    """What a person should decide about a subject."""

    subject_kind: str
    subject_id: str
    client: str
    title: str
    reasons: list[dict[str, Any]]
    evidence: dict[str, Any]
    created_at: dt.datetime

    @property
    def language(self) -> str:
        """The language of the text, if the case is about one."""
        screening = self.evidence.get("screening") or {}
        return str((screening.get("language") or {}).get("code", ""))


def open_new_review_cases(*, cases: Sequence[NewCase]) -> None:
    """Open cases about subjects that were made just now, so that none can have one."""
    ReviewCase.objects.bulk_create(
        ReviewCase(
            subject_kind=case.subject_kind,
            subject_id=case.subject_id,
            client=case.client,
            title=case.title[:_MAX_TITLE_LENGTH],
            language=case.language,
            reasons=case.reasons,
            evidence=case.evidence,
            created_at=case.created_at,
        )
        for case in cases
    )


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
