"""The one signal between apps: a reviewer decided a case, so its subject moves."""

from typing import Any

from django.dispatch import receiver

from compliance.services import clearances, decisions, reverification
from compliance.services.actors import NotAllowed, Person, as_person
from moderation.signals import DecisionRefused, review_case_decided


@receiver(review_case_decided, dispatch_uid="compliance.carry_out_decision")
def carry_out_decision(sender: object, *, case: Any, reviewer: Person, **kwargs: Any) -> None:
    """Move the clearance or the submission that the case is about; runs in the decision's transaction."""
    approved = case.decision == "approve"
    actor = as_person(reviewer)
    if case.subject_kind == clearances.SUBJECT_KIND:
        clearances.decide_clearance_review(
            public_id=case.subject_id, approved=approved, actor=actor, now=case.decided_at
        )
    elif case.subject_kind == decisions.SUBJECT_KIND:
        decisions.decide_submission_review(
            public_id=case.subject_id,
            approved=approved,
            note=case.note,
            actor=actor,
            now=case.decided_at,
        )
    elif case.subject_kind == reverification.SUBJECT_KIND:
        try:
            reverification.decide_reverification_review(
                public_id=case.subject_id,
                approved=approved,
                note=case.note,
                actor=actor,
                now=case.decided_at,
            )
        except NotAllowed as refusal:
            raise DecisionRefused(f"{refusal}.") from refusal
