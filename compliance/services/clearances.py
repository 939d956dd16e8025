"""Clearances: screen the message; then, in one transaction, evaluate the rights and hold the caps."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import transaction

from catalog.rights.intended_use import IntendedUse
from catalog.services.clearing import clear_stems, evaluate_rights, release_caps
from compliance.models import Clearance, ClearanceStatus, Generator
from compliance.services.actors import Actor
from compliance.services.events import record_event
from compliance.services.rights_intent import read_intent
from compliance.services.sandbox import practice_rights
from moderation.screening.policy import Outcome
from moderation.screening.text_limits import InvalidText
from moderation.services.reviews import open_review_case
from moderation.services.sandbox import practice_text
from moderation.services.screenings import (
    JudgedText,
    TextToScreen,
    judge_text,
    keep_screening,
)

# Review cases about a clearance carry this kind.
SUBJECT_KIND = "clearance"


class UnknownClearance(Exception):
    """The generator has no such clearance."""


class InvalidMessage(InvalidText):
    """The message of a clearance cannot be screened."""


class ClearanceNotUsable(Exception):
    """The clearance is not cleared, or its hold has run out."""


def judge_message(*, given: TextToScreen, now: dt.datetime) -> JudgedText:
    """Screen the message of a clearance; call outside any transaction.

    Raises
    ------
    InvalidMessage : if the message cannot be screened
    """
    try:
        return judge_text(given=given, now=now)
    except InvalidText as error:
        raise InvalidMessage(error.code, error.text) from error


@transaction.atomic
def request_clearance(
    *,
    generator: Generator,
    message: JudgedText,
    stems: Sequence[str],
    intent: IntendedUse,
    intent_json: dict[str, Any],
    actor: Actor,
    now: dt.datetime,
) -> Clearance:
    """Decide whether the message, the stems and the use are cleared, and hold the caps if so.

    Raises
    ------
    NotAllowed : if the actor may not
    """
    actor.require("clearance.request")
    if generator.is_sandbox:
        message = practice_text(message)
    screening = keep_screening(judged=message, client=generator.public_id)
    clearance = Clearance.objects.create(
        generator=generator, message=message.given.text, language=message.given.language or "", stems=list(stems),
        intent=intent_json, screening_id=screening.public_id,
    )  # fmt: skip
    hold_until = now + dt.timedelta(seconds=settings.CLEARANCE_HOLD_S)
    answer = screening.answer
    is_allowed = answer["outcome"] == Outcome.ALLOW
    if generator.is_sandbox:
        rights = practice_rights(stems=stems, intent=intent, now=now)
    elif is_allowed:
        rights = clear_stems(
            stems=stems, intent=intent, subject=clearance.cap_subject, hold_until=hold_until, now=now
        )  # fmt: skip
    else:
        rights = evaluate_rights(stems=stems, intent=intent, now=now)
    reasons = [*_screening_reasons(answer), *(reason.to_json() for reason in rights.reasons)]
    expires_at: dt.datetime | None = hold_until
    decided_at: dt.datetime | None = now
    status = ClearanceStatus.CLEARED
    if not rights.cleared or answer["outcome"] == Outcome.BLOCK:
        status, expires_at = ClearanceStatus.DENIED, None
    elif not is_allowed:
        review_until = now + dt.timedelta(seconds=settings.CLEARANCE_REVIEW_S)
        status, expires_at, decided_at = ClearanceStatus.NEEDS_REVIEW, review_until, None
        if not generator.is_sandbox:
            open_review_case(
                subject_kind=SUBJECT_KIND, subject_id=clearance.public_id, client=generator.public_id,
                title=f"Message of clearance {clearance.public_id}", reasons=_screening_reasons(answer),
                evidence={"text": message.given.text, "screening": answer}, now=now,
            )  # fmt: skip
    clearance.transition_to(
        status,
        reasons=reasons,
        rights=rights.to_json(),
        expires_at=expires_at,
        decided_at=decided_at,
    )
    record_event(
        kind=f"clearance.{status.value}", subject=clearance.cap_subject, actor=actor.label,
        generator=generator.public_id, data={"reasons": [reason["code"] for reason in reasons]},
    )  # fmt: skip
    return clearance


def _screening_reasons(answer: dict[str, Any]) -> list[dict[str, Any]]:
    return list(answer["reasons"]) if answer["outcome"] != Outcome.ALLOW else []


@transaction.atomic
def decide_clearance_review(
    *, public_id: str, approved: bool, actor: Actor, now: dt.datetime
) -> None:
    """Carry out what a moderator decided about the message of a clearance.

    While it waited nothing was held: rights and caps are evaluated now, and what fails denies. A clearance that expired or
    was cancelled meanwhile stays so.

    Raises
    ------
    NotAllowed : if the actor may not
    """
    actor.require("clearance.decide")
    clearance = Clearance.objects.select_for_update().get(public_id=public_id)
    if clearance.status != ClearanceStatus.NEEDS_REVIEW:
        return
    if approved:
        _clear_reviewed(clearance, now=now)
    else:
        clearance.transition_to(ClearanceStatus.DENIED, decided_at=now, expires_at=None)
    record_event(
        kind=f"clearance.{clearance.status}", subject=clearance.cap_subject, actor=actor.label,
        generator=clearance.generator.public_id,
        data={"reasons": [reason["code"] for reason in clearance.reasons]},
    )  # fmt: skip


def _clear_reviewed(clearance: Clearance, *, now: dt.datetime) -> None:
    hold_until = now + dt.timedelta(seconds=settings.CLEARANCE_HOLD_S)
    rights = clear_stems(
        stems=clearance.stems, intent=read_intent(clearance.intent), subject=clearance.cap_subject,
        hold_until=hold_until, now=now,
    )  # fmt: skip
    failures = [reason.to_json() for reason in rights.reasons]
    clearance.transition_to(
        ClearanceStatus.CLEARED if rights.cleared else ClearanceStatus.DENIED,
        decided_at=now,
        expires_at=hold_until if rights.cleared else None,
        rights=rights.to_json(),
        reasons=[*clearance.reasons, *failures],
    )


@transaction.atomic
def cancel_clearance(*, clearance: Clearance, actor: Actor, now: dt.datetime) -> None:
    """Give the held caps back.

    Raises
    ------
    NotAllowed : if the actor may not
    ClearanceNotUsable : if the clearance is denied, expired or cancelled already, or songs were submitted under it
    """
    actor.require("clearance.cancel")
    if clearance.status not in (ClearanceStatus.CLEARED, ClearanceStatus.NEEDS_REVIEW):
        raise ClearanceNotUsable(f"Clearance {clearance.public_id} is {clearance.status}.")
    if clearance.submissions.filter(cap_subject=clearance.cap_subject).exists():
        raise ClearanceNotUsable(f"Songs were submitted under clearance {clearance.public_id}.")
    clearance.transition_to(ClearanceStatus.CANCELLED, decided_at=now)
    release_caps(subject=clearance.cap_subject, now=now)
    record_event(
        kind="clearance.cancelled",
        subject=clearance.cap_subject,
        actor=actor.label,
        generator=clearance.generator.public_id,
    )
