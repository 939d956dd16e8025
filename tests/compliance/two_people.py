"""Two people for what one alone may not do."""

from django.utils import timezone

from compliance.models import ActionRequest
from compliance.services.actors import Actor
from compliance.services.agreements import agree_to_request
from moderation.models import ReviewCase
from moderation.services.reviews import decide_review_case
from tests.reviewer import Reviewer


def make_person(name: str, *permissions: str) -> Actor:
    """Somebody with these permissions; without any, with all."""
    return Actor(label=f"user:{name}", has_perm=lambda one: not permissions or one in permissions)


def approve_song_as_two(submission: str, *, note: str = "ok") -> None:
    """A moderator approves a song in review, and where that is not enough a second person agrees."""
    case = ReviewCase.objects.get(subject_id=submission, status="open")
    decide_review_case(
        case_id=case.pk, decision="approve", note=note, by=Reviewer("mo"), now=timezone.now()
    )
    for request in ActionRequest.objects.filter(status="waiting"):
        agree_to_request(request=request, actor=make_person("li"), note="", now=timezone.now())
