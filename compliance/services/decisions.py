"""Record what became of a submission: by the verifier, by a reviewer, or because it could not be verified."""

import datetime as dt
from typing import Any

from django.db import transaction

from catalog.rights.evaluation import RightsEvaluation
from catalog.services.clearing import capture_caps, evaluate_rights, release_caps
from compliance.lifecycle.duties import UNEXPLAINED_CODES
from compliance.models import Submission, SubmissionStatus
from compliance.services.action_requests import Consent, ask_second_person
from compliance.services.actors import Actor
from compliance.services.approvals import issue_approval
from compliance.services.events import record_event
from compliance.services.rights_intent import read_intent
from moderation.services.reviews import note_second_person, open_review_case

# Review cases about a song carry this kind.
SUBJECT_KIND = "submission"


def find_rights_failures(*, submission: Submission, now: dt.datetime) -> list[dict[str, Any]]:
    """Return every reason why the rights that were cleared do not hold today; in the sandbox nothing rests on them."""
    if submission.generator.is_sandbox:
        return []
    evaluation = evaluate_rights(
        stems=submission.clearance.stems, intent=read_intent(submission.clearance.intent), now=now,
        held_by=submission.cap_subject,
    )  # fmt: skip
    return _list_failures(evaluation)


def _list_failures(evaluation: RightsEvaluation) -> list[dict[str, Any]]:
    return [reason.to_json() for reason in evaluation.reasons]


def approve_submission(
    *, submission: Submission, actor: Actor, reasons: list[dict[str, Any]], now: dt.datetime
) -> None:
    """Approve and capture the caps of the grants that hold now, or reject: nobody overrides a rights failure.

    Raises
    ------
    NotAllowed : if the actor may not; people decide on review (`decide_submission_review`)
    """
    actor.require("submission.verify")
    _approve(submission, by=actor.label, reasons=reasons, now=now)


@transaction.atomic
def _approve(
    submission: Submission, *, by: str, reasons: list[dict[str, Any]], now: dt.datetime
) -> None:
    clearance = submission.clearance
    rights = clearance.rights
    if not submission.generator.is_sandbox:
        evaluation = capture_caps(
            stems=clearance.stems, intent=read_intent(clearance.intent), subject=submission.cap_subject,
            now=now,
        )  # fmt: skip
        if not evaluation.cleared:
            failures = _list_failures(evaluation)
            _reject(submission, by=by, reasons=[*reasons, *failures], now=now)
            return
        rights = evaluation.to_json()
    submission.transition_to(
        SubmissionStatus.APPROVED, decided_at=now, decided_by=by, reasons=reasons
    )
    issue_approval(submission=submission, rights=rights, by=by, now=now)
    _record(submission, by=by)


def reject_submission(
    *, submission: Submission, actor: Actor, reasons: list[dict[str, Any]], now: dt.datetime
) -> None:
    """Reject; a hold of the song's own is given back, the clearance's hold stays for the next try.

    Raises
    ------
    NotAllowed : if the actor may not; people decide on review (`decide_submission_review`)
    """
    actor.require("submission.verify")
    _reject(submission, by=actor.label, reasons=reasons, now=now)


def _reject(
    submission: Submission, *, by: str, reasons: list[dict[str, Any]], now: dt.datetime
) -> None:
    submission.transition_to(
        SubmissionStatus.REJECTED, decided_at=now, decided_by=by, reasons=reasons
    )
    clearance = submission.clearance
    hold_ended = clearance.expires_at is None or clearance.expires_at <= now
    if submission.cap_subject != clearance.cap_subject or hold_ended:
        release_caps(subject=submission.cap_subject, now=now)
    _record(submission, by=by)


def refer_submission(
    *,
    submission: Submission,
    actor: Actor,
    reasons: list[dict[str, Any]],
    evidence: dict[str, Any],
    now: dt.datetime,
) -> None:
    """Give the song to a reviewer.

    Raises
    ------
    NotAllowed : if the actor may not
    """
    actor.require("submission.verify")
    submission.transition_to(SubmissionStatus.IN_REVIEW, reasons=reasons)
    review_song_again(submission=submission, evidence=evidence, now=now)
    _record(submission, by=actor.label)


def leave_in_review(*, submission: Submission, actor: Actor, reasons: list[dict[str, Any]]) -> None:
    """Say that a person has to look, and give the song to nobody: the sandbox's songs are for no reviewer.

    Raises
    ------
    NotAllowed : if the actor may not
    """
    actor.require("submission.verify")
    submission.transition_to(SubmissionStatus.IN_REVIEW, reasons=reasons)
    _record(submission, by=actor.label)


def review_song_again(
    *, submission: Submission, evidence: dict[str, Any], now: dt.datetime
) -> None:
    """Open a case about a song in review."""
    open_review_case(
        subject_kind=SUBJECT_KIND, subject_id=submission.public_id, client=submission.generator.public_id,
        title=f"Song {submission.public_id}", reasons=submission.reasons, evidence=evidence, now=now,
        takes_two=needs_second_person(submission),
    )  # fmt: skip


def decide_submission_review(
    *, public_id: str, approved: bool, note: str, actor: Actor, now: dt.datetime
) -> None:
    """Carry out what a reviewer decided about a song; a song that moved meanwhile stays as it is.

    A song with unexplained audio stays in review after the first yes, until a second person says so too. A song whose rights
    fail is rejected whoever said yes: that takes nobody's consent.

    Raises
    ------
    NotAllowed : if the actor may not
    """
    actor.require("submission.approve" if approved else "submission.reject")
    submission = Submission.objects.select_for_update().get(public_id=public_id)
    if submission.status != SubmissionStatus.IN_REVIEW:
        return
    if not approved:
        reject_reviewed_song(submission=submission, by=actor.label, note=note, now=now)
    elif needs_second_person(submission) and not find_rights_failures(
        submission=submission, now=now
    ):
        ask_second_person(
            action="submission.approve_unexplained", subjects=[public_id], reason=note or "Approved on review.",
            actor=actor, now=now,
        )  # fmt: skip
        note_second_person(subject_kind=SUBJECT_KIND, subject_id=public_id, state="awaited", by="")
    else:
        _approve(submission, by=actor.label, reasons=submission.reasons, now=now)


def needs_second_person(submission: Submission) -> bool:
    """Tell whether one person alone may not approve a song."""
    return bool(UNEXPLAINED_CODES & {reason["code"] for reason in submission.reasons})


def approve_unexplained_song(*, submission: Submission, consent: Consent, now: dt.datetime) -> None:
    """Approve a song that holds sound which nobody could explain; rights are evaluated again.

    Raises
    ------
    IllegalTransition, AlreadyMoved : if the song is decided already
    """
    consent.require("submission.approve_unexplained")
    _approve(submission, by=consent.label, reasons=submission.reasons, now=now)


def reject_reviewed_song(*, submission: Submission, by: str, note: str, now: dt.datetime) -> None:
    """Reject a song on review; whether somebody may is asked by the caller.

    Raises
    ------
    IllegalTransition, AlreadyMoved : if the song is decided already
    """
    reason = {"code": "review.rejected", "text": note or "A reviewer rejected the song."}
    _reject(submission, by=by, reasons=[*submission.reasons, reason], now=now)


def _record(submission: Submission, *, by: str) -> None:
    record_event(
        kind=f"submission.{submission.status}", subject=f"submission:{submission.public_id}", actor=by,
        generator=submission.generator.public_id,
        data={"reasons": [reason["code"] for reason in submission.reasons]},
    )  # fmt: skip
