"""Screen texts and keep what was answered."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction

from moderation.models import SCREENING_SUBJECT, Screening
from moderation.queries import Policies, get_overrides, get_policies
from moderation.screening.answer import read_evidence
from moderation.screening.categories import Kind
from moderation.screening.overrides import LexiconOverrides
from moderation.screening.policy import Outcome
from moderation.screening.screen import ScreeningResult, screen_text
from moderation.screening.text_limits import InvalidText
from moderation.services.reviews import NewCase, open_new_review_cases


@dataclass(frozen=True, slots=True, kw_only=True)
class TextToScreen:
    """A text and what is known of it; see `screen_text`."""

    text: str
    language: str | None = None
    kind: str = Kind.MESSAGE.value
    campaign: str = ""
    explain_in: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedText:
    """A text and what screening says of it; not stored yet.

    shadow_version, shadow_outcome : of the draft that was tried beside the live policy; empty without one.
    """

    given: TextToScreen
    result: ScreeningResult
    shadow_version: str
    shadow_outcome: str
    at: dt.datetime


def judge_text(*, given: TextToScreen, now: dt.datetime) -> JudgedText:
    """Screen a text; call outside any transaction: it is most of a request's work, and writers would wait for it.

    Raises
    ------
    InvalidText : if the text is empty, too long or not valid Unicode
    """
    return _judge(given, get_policies(), get_overrides(now=now), now=now)


def judge_texts(
    *, given: Iterable[TextToScreen], now: dt.datetime
) -> list[JudgedText | InvalidText]:
    """Screen many texts, like `judge_text`; what cannot be screened stands in its place as its error."""
    policies, overrides = get_policies(), get_overrides(now=now)
    judged: list[JudgedText | InvalidText] = []
    for each in given:
        try:
            judged.append(_judge(each, policies, overrides, now=now))
        except InvalidText as error:
            judged.append(error)
    return judged


def keep_screening(*, judged: JudgedText, client: str) -> Screening:
    """Store what was judged for a client; the caller sees to its consequences."""
    screening = _build_row(judged, client)
    screening.save()
    return screening


def submit_screening(*, judged: JudgedText, client: str) -> Screening:
    """Keep the screening of a text that stands alone; one that needs a person becomes a review case."""
    (screening,) = submit_screenings(judged=[judged], client=client)
    return screening


@transaction.atomic
def submit_screenings(*, judged: Sequence[JudgedText], client: str) -> list[Screening]:
    """Keep the screenings of texts that stand alone, all or none, with a case for each that needs a person."""
    screenings = Screening.objects.bulk_create(_build_row(each, client) for each in judged)
    open_new_review_cases(
        cases=[_describe_case(each) for each in screenings if each.outcome == Outcome.REVIEW]
    )
    return screenings


def _judge(
    given: TextToScreen, policies: Policies, overrides: LexiconOverrides, *, now: dt.datetime
) -> JudgedText:
    result = screen_text(
        text=given.text,
        language=given.language,
        kind=given.kind,
        campaign=given.campaign,
        explain_in=given.explain_in,
        policy=policies.live,
        overrides=overrides,
    )
    shadow = policies.shadow
    return JudgedText(
        given=given,
        result=result,
        shadow_version=shadow.version if shadow else "",
        shadow_outcome=shadow.decide(read_evidence(result.to_json())).value if shadow else "",
        at=now,
    )


def _build_row(judged: JudgedText, client: str) -> Screening:
    result = judged.result
    return Screening(
        client=client,
        kind=judged.given.kind,
        text=judged.given.text,
        language_hint=judged.given.language or "",
        language=result.language.code,
        campaign=result.campaign,
        outcome=result.outcome.value,
        answer=result.to_json(),
        policy_version=result.policy_version,
        shadow_version=judged.shadow_version,
        shadow_outcome=judged.shadow_outcome,
        engine_version=result.engine_version,
        created_at=judged.at,
    )


def _describe_case(screening: Screening) -> NewCase:
    return NewCase(
        subject_kind=SCREENING_SUBJECT,
        subject_id=screening.public_id,
        client=screening.client,
        title=f"{screening.kind.capitalize()} {screening.public_id}",
        reasons=screening.answer["reasons"],
        evidence={"text": screening.text, "screening": screening.answer},
        created_at=screening.created_at,
    )
