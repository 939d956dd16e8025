"""Screen one text: normalize, tell the language, match the lexicons, score, apply the policy, explain."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from moderation.screening.categories import Category, Kind, Severity
from moderation.screening.language_id import OTHER, LanguageGuess, identify_language
from moderation.screening.language_pack import load_language_pack
from moderation.screening.languages import LANGUAGES
from moderation.screening.matching import Hit, load_lexicon
from moderation.screening.normalization import NormalizedText, normalize_text
from moderation.screening.pii import find_links, find_private_details
from moderation.screening.policy import DEFAULT_POLICY, Outcome, Policy
from moderation.screening.text_limits import InvalidText, check_text

__all__ = ["InvalidText", "Reason", "ScreeningResult", "Span", "screen_text"]

# Raised with every change that can change an answer.
ENGINE_VERSION = "screening-1"
# Score of a private detail found by its own check, and of a web address, in [0, 1].
_DETAIL_SCORE = 0.9
_LINK_SCORE = 0.7
_UNSUPPORTED_SEVERITY = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Where a finding is; start, end : code point offsets in the original text."""

    start: int
    end: int
    category: str
    text: str
    term: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a person should look; text : for the person who wrote the message, in their language."""

    code: str
    category: str
    severity: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreeningResult:
    """The answer to one text.

    categories : score in [0, 1] of every category that was raised.
    """

    outcome: Outcome
    language: LanguageGuess
    categories: Mapping[str, float]
    spans: tuple[Span, ...]
    reasons: tuple[Reason, ...]
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
            "policy_version": self.policy_version,
            "engine_version": self.engine_version,
        }


def screen_text(
    *,
    text: str,
    language: str | None = None,
    kind: str = Kind.MESSAGE,
    policy: Policy = DEFAULT_POLICY,
) -> ScreeningResult:
    """Return what is in the text and what should happen to it.

    language : the language of the form the text came from, if known; a hint, not an order.

    Raises
    ------
    InvalidText
        If the text is empty, too long or not valid Unicode.
    """
    check_text(text=text, kind=Kind(kind))
    normalized = normalize_text(text)
    guess = identify_language(text, prior=language)
    hits = load_lexicon().find(normalized, primary=guess.code, languages=guess.plausible)
    spans = [*_spans_of_hits(hits, normalized), *_spans_of_details(text, guess)]
    scores = _score(hits, spans, policy)
    core = frozenset(hit.term.category for hit in hits if hit.term.severity is Severity.CORE)
    outcome = policy.decide(scores=scores, language=guess.code, core=core)
    if guess.code == OTHER and outcome is Outcome.ALLOW:
        outcome = Outcome.REVIEW
    raised = {
        category: score
        for category, score in scores.items()
        if score >= policy.limits(category=category, language=guess.code).review
    }
    return ScreeningResult(
        outcome=outcome,
        language=guess,
        categories={category.value: round(score, 4) for category, score in sorted(scores.items())},
        spans=tuple(sorted(spans, key=lambda span: (span.start, span.end, span.category))),
        reasons=_explain(raised, hits=hits, guess=guess, prior=language),
        policy_version=policy.version,
        engine_version=ENGINE_VERSION,
    )


def _spans_of_hits(hits: Iterable[Hit], normalized: NormalizedText) -> Iterable[Span]:
    for hit in hits:
        if hit.term.severity is Severity.CONTEXT:
            continue
        start, end = normalized.locate(start=hit.start, end=hit.end)
        yield Span(
            start=start,
            end=end,
            category=hit.term.category,
            text=normalized.original[start:end],
            term=hit.term.text,
        )


def _spans_of_details(text: str, guess: LanguageGuess) -> Iterable[Span]:
    for detail in find_private_details(text, language=guess.code):
        yield Span(
            start=detail.start,
            end=detail.end,
            category=Category.PII,
            text=text[detail.start : detail.end],
            term=detail.kind,
        )
    for start, end in find_links(text):
        yield Span(start=start, end=end, category=Category.SPAM, text=text[start:end], term="link")


def _score(hits: Iterable[Hit], spans: Iterable[Span], policy: Policy) -> dict[Category, float]:
    """Return a score for each category: the chance that at least one sign of it is true."""
    doubt: dict[Category, float] = {}
    for hit in hits:
        worth = policy.severity_scores[hit.term.severity]
        doubt[hit.term.category] = doubt.get(hit.term.category, 1.0) * (1.0 - worth)
    for span in spans:
        if span.category == Category.PII:
            doubt[Category.PII] = doubt.get(Category.PII, 1.0) * (1.0 - _DETAIL_SCORE)
        elif span.term == "link":
            doubt[Category.SPAM] = doubt.get(Category.SPAM, 1.0) * (1.0 - _LINK_SCORE)
    return {category: 1.0 - rest for category, rest in doubt.items()}


def _explain(
    raised: Mapping[Category, float],
    *,
    hits: Iterable[Hit],
    guess: LanguageGuess,
    prior: str | None,
) -> tuple[Reason, ...]:
    language = next((code for code in (guess.code, prior) if code in LANGUAGES), LANGUAGES[0])
    explanations = load_language_pack(language).explanations
    severities: dict[Category, int] = {}
    for hit in hits:
        category = hit.term.category
        severities[category] = max(severities.get(category, 0), int(hit.term.severity))
    reasons = [
        Reason(
            code=f"screening.{category.value}",
            category=category.value,
            severity=severities.get(category, int(Severity.REVIEW)),
            text=explanations[category.value],
        )
        for category in sorted(raised, key=lambda category: (-raised[category], category))
    ]
    if guess.code == OTHER:
        reasons.append(
            Reason(
                code="screening.language_unsupported",
                category="language_unsupported",
                severity=_UNSUPPORTED_SEVERITY,
                text=explanations["language_unsupported"],
            )
        )
    return tuple(reasons)
