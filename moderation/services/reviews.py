"""Open and decide review cases. Each write is one transaction; a decided case stays decided."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.db import IntegrityError, transaction

from moderation.models import CaseStatus, Decision, ReviewCase, ReviewDecision, SecondPerson
from moderation.signals import review_case_decided

_MAX_TITLE_LENGTH = 200
# Who may decide.
DECIDE_PERMISSION = "moderation.decide_reviewcase"


class UnknownReviewCase(Exception):
    """There is no such case."""


class MayNotDecide(Exception):
    """The person has no permission to decide cases."""

    def __init__(self, *, name: str) -> None:
        super().__init__(f"{name} may not decide review cases: that needs {DECIDE_PERMISSION}")


class Reviewer(Protocol):
    """Somebody who signed in."""

    def get_username(self) -> str:
        """Return the name in the record."""

    def has_perm(self, perm: str, /) -> bool:
        """Tell whether a role gives the permission."""


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
    takes_two: bool = False,
) -> ReviewCase:
    """Return the open case of the subject; a new one unless there is one. `takes_two`: one person's yes is not enough."""
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
                    "takes_two": takes_two,
                    "created_at": now,
                },
            )
    except IntegrityError:  # opened by somebody else in the same moment
        case = ReviewCase.objects.get(**subject)
    return case


@transaction.atomic
def decide_review_case(
    *, case_id: int, decision: str, note: str, by: Reviewer, now: dt.datetime
) -> ReviewCase:
    """Decide an open case and tell whoever listens; all of it happens, or nothing.

    Raises
    ------
    MayNotDecide : if the person has no permission to
    UnknownReviewCase : if there is no such case
    AlreadyDecided : if it was decided before
    DecisionRefused : if carrying it out needs what the person may not do
    ValueError : if the decision is not one of "approve" and "reject"
    """
    name = by.get_username()
    if not by.has_perm(DECIDE_PERMISSION):
        raise MayNotDecide(name=name)
    decision = Decision(decision).value
    moved = ReviewCase.objects.filter(pk=case_id, status=CaseStatus.OPEN).update(
        status=CaseStatus.DECIDED, decision=decision, note=note, decided_by=name, decided_at=now
    )
    case = ReviewCase.objects.filter(pk=case_id).first()
    if case is None:
        raise UnknownReviewCase(f"There is no review case {case_id}.")
    if not moved:
        raise AlreadyDecided(case)
    ReviewDecision.objects.create(
        case=case, decision=decision, note=note, decided_by=name, decided_at=now
    )
    review_case_decided.send(sender=ReviewCase, case=case, reviewer=by)
    case.refresh_from_db(fields=["second_person", "second_person_by"])
    return case


def note_second_person(*, subject_kind: str, subject_id: str, state: str, by: str) -> None:
    """Say on the last approved case of a subject that a second person is awaited, or what that person said.

    Raises
    ------
    ValueError : if the state is none of SecondPerson
    """
    case = ReviewCase.objects.filter(
        subject_kind=subject_kind, subject_id=subject_id, decision=Decision.APPROVE
    ).order_by("-id")[:1]  # fmt: skip
    ReviewCase.objects.filter(pk__in=list(case.values_list("pk", flat=True))).update(
        second_person=SecondPerson(state), second_person_by=by
    )
