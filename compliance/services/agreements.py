"""What happens when the second person agrees: the request is settled and done in one transaction, or neither."""

import datetime as dt
from collections.abc import Callable

from django.db import transaction

from compliance.models import ActionRequest, Approval, Recall, RequestStatus, Submission
from compliance.services.action_requests import (
    Consent,
    SamePerson,
    refuse_request,
    settle,
    withdraw_request,
)
from compliance.services.actors import Actor, name_people
from compliance.services.approvals import reinstate_approval, revoke_approval
from compliance.services.decisions import (
    SUBJECT_KIND,
    approve_unexplained_song,
    reject_reviewed_song,
    review_song_again,
)
from compliance.services.recalls import agree_to_recall, drop_recall
from compliance.services.verification import build_evidence
from moderation.services.reviews import note_second_person


@transaction.atomic
def agree_to_request(
    *, request: ActionRequest, actor: Actor, note: str, now: dt.datetime
) -> ActionRequest:
    """Do what somebody else asked for: all of it, or nothing.

    Raises
    ------
    NotAllowed, SamePerson : if the actor may not decide
    IllegalTransition, AlreadyMoved : if it is decided already, or a subject moved meanwhile
    RightsFailed : if a suspension should be lifted and the rights do not hold
    """
    actor.require("request.agree")
    request = ActionRequest.objects.select_for_update(of=("self",)).get(pk=request.pk)
    if request.asked_by == actor.label:
        raise SamePerson(public_id=request.public_id, by=actor.label)
    consent = Consent(action=request.action, asked_by=request.asked_by, agreed_by=actor.label)
    settle(request, RequestStatus.AGREED, by=actor.label, note=note, now=now)
    DOERS[request.action](request, consent, now)
    return request


@transaction.atomic
def turn_down_request(
    *, request: ActionRequest, actor: Actor, note: str, now: dt.datetime
) -> ActionRequest:
    """Refuse what somebody else asked for, or take it back who asked; what waited for it is dropped.

    Raises
    ------
    NotAllowed : if the actor may not decide
    IllegalTransition, AlreadyMoved : if it is decided already
    """
    request = ActionRequest.objects.select_for_update(of=("self",)).get(pk=request.pk)
    if request.asked_by == actor.label:
        withdraw_request(request=request, actor=actor, now=now)
    else:
        refuse_request(request=request, actor=actor, note=note, now=now)
    if request.action in DROPPERS:
        DROPPERS[request.action](request, actor, note, now)
    return request


def _reinstate(request: ActionRequest, consent: Consent, now: dt.datetime) -> None:
    for approval in _lock_approvals(request):
        reinstate_approval(approval=approval, consent=consent, reason=request.reason, now=now)


def _revoke(request: ActionRequest, consent: Consent, now: dt.datetime) -> None:
    for approval in _lock_approvals(request):
        revoke_approval(approval=approval, consent=consent, reason=request.reason, now=now)


def _lock_approvals(request: ActionRequest) -> list[Approval]:
    rows = Approval.objects.select_for_update(of=("self",)).filter(public_id__in=request.subjects)
    return list(
        rows.select_related("submission__clearance", "submission__generator").order_by("pk")
    )


def _approve_song(request: ActionRequest, consent: Consent, now: dt.datetime) -> None:
    for submission in _lock_songs(request):
        approve_unexplained_song(submission=submission, consent=consent, now=now)
        _note(submission, "agreed", by=consent.agreed_by)


def _drop_song(request: ActionRequest, actor: Actor, note: str, now: dt.datetime) -> None:
    """Reject the song; who asked and changed their mind gives it back to the reviewers."""
    for submission in _lock_songs(request):
        is_taken_back = request.status == RequestStatus.WITHDRAWN
        _note(
            submission, "withdrawn" if is_taken_back else "refused", by=actor.label
        )  # fmt: skip
        if is_taken_back:
            review_song_again(submission=submission, evidence=build_evidence(submission), now=now)
        else:
            reject_reviewed_song(submission=submission, by=actor.label, note=note, now=now)


def _note(submission: Submission, state: str, *, by: str) -> None:
    """Say on the review case what the second person said."""
    note_second_person(
        subject_kind=SUBJECT_KIND, subject_id=submission.public_id, state=state, by=name_people(by)
    )


def _lock_songs(request: ActionRequest) -> list[Submission]:
    rows = Submission.objects.select_for_update(of=("self",)).filter(public_id__in=request.subjects)
    return list(rows.select_related("clearance", "generator"))


def _begin_recall(request: ActionRequest, consent: Consent, now: dt.datetime) -> None:
    for recall in Recall.objects.filter(public_id__in=request.subjects):
        agree_to_recall(recall=recall, consent=consent, now=now)


def _drop_recall(request: ActionRequest, actor: Actor, _note: str, now: dt.datetime) -> None:
    for recall in Recall.objects.filter(public_id__in=request.subjects):
        drop_recall(recall=recall, by=actor.label, now=now)


DOERS: dict[str, Callable[[ActionRequest, Consent, dt.datetime], None]] = {
    "approval.reinstate": _reinstate,
    "approval.revoke": _revoke,
    "submission.approve_unexplained": _approve_song,
    "recall.open_large": _begin_recall,
    "recall.undo": _begin_recall,
}
DROPPERS: dict[str, Callable[[ActionRequest, Actor, str, dt.datetime], None]] = {
    "submission.approve_unexplained": _drop_song,
    "recall.open_large": _drop_recall,
    "recall.undo": _drop_recall,
}
