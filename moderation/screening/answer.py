"""What a screening answers: the outcome, where the findings are, and why, in words for the person who wrote the text."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from moderation.screening.categories import Category, Severity
from moderation.screening.language_id import LanguageGuess
from moderation.screening.policy import Evidence, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Where a finding is, and the lexicon entry that matched there.

    start, end : code point offsets in the original text. line : of lyrics, counted from 1.
    term, language, severity : of the entry; `term` names the kind of a private detail. disguise : how it was hidden.
    """

    start: int
    end: int
    category: str
    text: str
    line: int | None = None
    term: str | None = None
    language: str | None = None
    severity: int | None = None
    disguise: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a person should look; text : for the person who wrote the message, with what to change."""

    code: str
    category: str
    severity: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreeningResult:
    """The answer to one text.

    categories : score in [0, 1] of every category with a sign of it. explanation_language : of the reasons' texts.
    """

    outcome: Outcome
    language: LanguageGuess
    categories: Mapping[str, float]
    spans: tuple[Span, ...]
    reasons: tuple[Reason, ...]
    explanation_language: str
    campaign: str
    policy_version: str
    engine_version: str

    def to_json(self) -> dict[str, Any]:
        """Return the answer in plain values."""
        return {
            "outcome": self.outcome.value,
            "language": {"code": self.language.code, "confidence": self.language.confidence},
            "categories": dict(self.categories),
            "spans": [
                {key: value for key, value in asdict(span).items() if value is not None}
                for span in self.spans
            ],
            "reasons": [asdict(reason) for reason in self.reasons],
            "explanation_language": self.explanation_language,
            "campaign": self.campaign,
            "policy_version": self.policy_version,
            "engine_version": self.engine_version,
        }


def read_evidence(answer: Mapping[str, Any]) -> Evidence:
    """Return what the decision of a stored answer rested on.

    Answers of the first engines name the severity of an entry in their reasons only.
    """
    severities = [*answer["spans"], *answer["reasons"]]
    known = set(Category)
    return Evidence(
        scores={
            Category(category): score
            for category, score in answer["categories"].items()
            if category in known
        },
        core=frozenset(
            Category(each["category"])
            for each in severities
            if each.get("severity") == Severity.CORE and each["category"] in known
        ),
        language=answer["language"]["code"],
        campaign=answer.get("campaign", ""),
    )
