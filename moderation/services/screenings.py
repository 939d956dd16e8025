"""Screen texts and keep what was answered."""

import datetime as dt
from dataclasses import dataclass

from django.db import transaction

from moderation.models import SCREENING_SUBJECT, Screening
from moderation.queries import get_overrides
from moderation.screening.policy import Outcome
from moderation.screening.screen import ScreeningResult, screen_text
from moderation.services.reviews import open_review_case


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedText:
    """A text and what screening says of it; not stored yet."""

    text: str
    language: str | None
    kind: str
    result: ScreeningResult
    at: dt.datetime


def judge_text(*, text: str, language: str | None, kind: str, now: dt.datetime) -> JudgedText:
    """Screen a text; call outside any transaction: it is most of a request's work, and writers would wait for it.

    Raises
    ------
    InvalidText : if the text is empty, too long or not valid Unicode
    """
    result = screen_text(text=text, language=language, kind=kind, overrides=get_overrides(now=now))
    return JudgedText(text=text, language=language, kind=kind, result=result, at=now)


def keep_screening(*, judged: JudgedText, client: str) -> Screening:
    """Store what was judged for a client; the caller sees to its consequences."""
    return Screening.objects.create(
        client=client,
        kind=judged.kind,
        text=judged.text,
        language_hint=judged.language or "",
        language=judged.result.language.code,
        outcome=judged.result.outcome.value,
        answer=judged.result.to_json(),
        policy_version=judged.result.policy_version,
        engine_version=judged.result.engine_version,
        created_at=judged.at,
    )


@transaction.atomic
def submit_screening(*, judged: JudgedText, client: str) -> Screening:
    """Keep the screening of a text that stands alone; one that needs a person becomes a review case."""
    screening = keep_screening(judged=judged, client=client)
    if screening.outcome == Outcome.REVIEW:
        open_review_case(
            subject_kind=SCREENING_SUBJECT,
            subject_id=screening.public_id,
            client=client,
            title=f"{judged.kind.capitalize()} {screening.public_id}",
            reasons=screening.answer["reasons"],
            evidence={"text": judged.text, "screening": screening.answer},
            now=judged.at,
        )
    return screening
