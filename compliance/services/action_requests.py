"""Requests for a second person: asked, refused, taken back. What is agreed to is done in `agreements`."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from compliance.lifecycle.duties import BY_ACTION
from compliance.models import ActionRequest, RequestStatus
from compliance.services.actors import PERSON, Actor, NotAllowed
from compliance.services.events import record_event


class SamePerson(Exception):
    """Nobody agrees to what they asked for."""

    def __init__(self, *, public_id: str, by: str) -> None:
        super().__init__(f"{by} asked for {public_id}: somebody else must decide")


class NotTheAsker(Exception):
    """Only who asked takes a request back."""

    def __init__(self, *, public_id: str, asked_by: str) -> None:
        super().__init__(
            f"{asked_by} asked for {public_id}: nobody else takes it back; refuse it instead"
        )


class AlreadyRequested(Exception):
    """The same is waiting for a second person already."""

    def __init__(self, *, public_id: str) -> None:
        super().__init__(f"{public_id} asks for the same already and waits for a second person")


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """Two people who want the same; what takes two takes one of these."""

    action: str
    asked_by: str
    agreed_by: str

    def __post_init__(self) -> None:
        """Refuse one person twice.

        Raises
        ------
        SamePerson : if both are the same
        """
        if self.asked_by == self.agreed_by:
            raise SamePerson(public_id=self.action, by=self.asked_by)

    @property
    def label(self) -> str:
        """Name both for the record."""
        return f"{self.asked_by} and {self.agreed_by}"

    def require(self, action: str) -> None:
        """Return if this is the consent to that action.

        Raises
        ------
        ValueError : if it is the consent to something else
        """
        if self.action != action:
            raise ValueError(f"consent to {self.action} is none to {action}")


@transaction.atomic
def ask_second_person(
    *, action: str, subjects: Sequence[str], reason: str, actor: Actor, now: dt.datetime
) -> ActionRequest:
    """Ask for something that takes two people; it is done when another one agrees.

    Raises
    ------
    NotAllowed : if the actor may not ask for it, or is no person: the service and a person are not two people
    AlreadyRequested : if the same is waiting
    """
    actor.require(action)
    if actor.kind != PERSON:
        raise NotAllowed(actor=actor, action=action)
    waiting = ActionRequest.objects.filter(action=action, status=RequestStatus.WAITING)
    for request in waiting:
        if set(request.subjects) & set(subjects):
            raise AlreadyRequested(public_id=request.public_id)
    request = ActionRequest.objects.create(
        action=action, subjects=list(subjects), reason=reason, asked_by=actor.label, asked_at=now
    )
    _record(request, "asked", by=actor.label)
    return request


@transaction.atomic
def refuse_request(*, request: ActionRequest, actor: Actor, note: str, now: dt.datetime) -> None:
    """Turn a request down: nothing is done.

    Raises
    ------
    NotAllowed, SamePerson : if the actor may not decide
    IllegalTransition, AlreadyMoved : if it is decided already
    """
    actor.require("request.refuse")
    if request.asked_by == actor.label:
        raise SamePerson(public_id=request.public_id, by=actor.label)
    settle(request, RequestStatus.REFUSED, by=actor.label, note=note, now=now)


@transaction.atomic
def withdraw_request(*, request: ActionRequest, actor: Actor, now: dt.datetime) -> None:
    """Take a request back.

    Raises
    ------
    NotAllowed, NotTheAsker : if somebody else asked
    IllegalTransition, AlreadyMoved : if it is decided already
    """
    actor.require("request.withdraw")
    if request.asked_by != actor.label:
        raise NotTheAsker(public_id=request.public_id, asked_by=request.asked_by)
    settle(request, RequestStatus.WITHDRAWN, by=actor.label, note="", now=now)


def settle(
    request: ActionRequest, status: RequestStatus, *, by: str, note: str, now: dt.datetime
) -> None:
    """Move a request to its end and record it; call inside a transaction.

    Raises
    ------
    IllegalTransition, AlreadyMoved : if it is decided already
    """
    request.transition_to(status, decided_by=by, decided_at=now, decision_note=note)
    _record(request, status, by=by)


def _record(request: ActionRequest, verb: str, *, by: str) -> None:
    record_event(
        kind=f"request.{verb}", subject=f"request:{request.public_id}", actor=by,
        data={
            "action": request.action, "does": BY_ACTION[request.action].does, "subjects": request.subjects,
            "reason": request.reason, "note": request.decision_note,
        },
    )  # fmt: skip
