"""Screen texts and keep what was answered."""

import datetime as dt

from django.db import transaction

from moderation.models import SCREENING_SUBJECT, Screening
from moderation.queries import get_overrides
from moderation.screening.policy import Outcome
from moderation.screening.screen import screen_text
from moderation.services.reviews import open_review_case


def screen_message(
    *, text: str, language: str | None, kind: str, client: str, now: dt.datetime
) -> Screening:
    """Screen a text for a client and store the answer; the caller sees to its consequences.

    Raises
    ------
    InvalidText : if the text is empty, too long or not valid Unicode
    """
    result = screen_text(text=text, language=language, kind=kind, overrides=get_overrides(now=now))
    return Screening.objects.create(
        client=client,
        kind=kind,
        text=text,
        language_hint=language or "",
        language=result.language.code,
        outcome=result.outcome.value,
        answer=result.to_json(),
        policy_version=result.policy_version,
        engine_version=result.engine_version,
        created_at=now,
    )


@transaction.atomic
def submit_screening(
    *, text: str, language: str | None, kind: str, client: str, now: dt.datetime
) -> Screening:
    """Screen a text that stands alone; one that needs a person becomes a review case.

    Raises
    ------
    InvalidText : if the text is empty, too long or not valid Unicode
    """
    screening = screen_message(text=text, language=language, kind=kind, client=client, now=now)
    if screening.outcome == Outcome.REVIEW:
        open_review_case(
            subject_kind=SCREENING_SUBJECT,
            subject_id=screening.public_id,
            client=client,
            title=f"{kind.capitalize()} {screening.public_id}",
            reasons=screening.answer["reasons"],
            evidence={"text": text, "screening": screening.answer},
            now=now,
        )
    return screening
