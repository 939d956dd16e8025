"""Screen one text: normalize, tell the language, match the lexicons, score, apply the policy, explain."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from moderation.screening.categories import Category, Kind, Severity
from moderation.screening.classifier import judge_input, load_classifier
from moderation.screening.language_id import OTHER, LanguageGuess
from moderation.screening.language_pack import load_language_pack
from moderation.screening.languages import LANGUAGES
from moderation.screening.matching import Hit
from moderation.screening.model_input import ModelInput, read_model_input
from moderation.screening.overrides import NO_OVERRIDES, LexiconOverrides
from moderation.screening.passages import split_passages
from moderation.screening.policy import DEFAULT_POLICY, Outcome, Policy
from moderation.screening.text_limits import InvalidText, check_text
from moderation.screening.tokens import Disguise

__all__ = ["InvalidText", "Reason", "ScreeningResult", "Span", "screen_text"]

# Raised with every change that can change an answer.
ENGINE_VERSION = "screening-2"
# Score of a private detail found by its own check, and of a web address, in [0, 1].
_DETAIL_SCORE = 0.9
_LINK_SCORE = 0.7
_UNSUPPORTED_SEVERITY = 2
# Scores below this are noise and are not told.
_LEAST_SCORE = 0.05
# Ways of writing that only hide; repeated letters also shout for joy.
_HIDING = frozenset(Disguise) - {Disguise.REPEAT}


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
    overrides: LexiconOverrides = NO_OVERRIDES,
) -> ScreeningResult:
    """Return what is in the text and what should happen to it.

    language : the language of the form the text came from, if known; a hint, not an order.
    overrides : what people added to the lexicons or silenced in them.

    Raises
    ------
    InvalidText
        If the text is empty, too long or not valid Unicode.
    """
    check_text(text=text, kind=Kind(kind))
    whole = read_model_input(text=text, language=language, overrides=overrides)
    passages = split_passages(text=text, kind=Kind(kind))
    spans = set(_find_spans(whole, offset=0))
    if len(passages) == 1:
        scores = _score(whole, policy)
    else:
        scores = {}
        for start, end in passages:
            part = read_model_input(
                text=text[start:end], language=whole.guess.code, overrides=overrides
            )
            spans |= set(_find_spans(part, offset=start))
            for category, score in _score(part, policy).items():
                scores[category] = max(score, scores.get(category, 0.0))
    code = whole.guess.code
    core = frozenset(h.term.category for h in whole.hits if h.term.severity is Severity.CORE)
    outcome = policy.decide(scores=scores, language=code, core=core)
    if code == OTHER and outcome is Outcome.ALLOW:
        outcome = Outcome.REVIEW
    raised = {
        category: score
        for category, score in scores.items()
        if score >= policy.limits(category=category, language=code).review
    }
    return ScreeningResult(
        outcome=outcome,
        language=whole.guess,
        categories={category.value: round(score, 4) for category, score in sorted(scores.items())},
        spans=tuple(sorted(spans, key=lambda span: (span.start, span.end, span.category))),
        reasons=_explain(raised, hits=whole.hits, guess=whole.guess, prior=language),
        policy_version=policy.version,
        engine_version=f"{ENGINE_VERSION}+{load_classifier().version}",
    )


def _find_spans(given: ModelInput, *, offset: int) -> Iterator[Span]:
    """Yield the findings that have a place; `offset` is where the passage begins in the text."""
    original = given.normalized.original
    for hit in given.hits:
        if hit.term.severity is not Severity.CONTEXT:
            start, end = given.normalized.locate(start=hit.start, end=hit.end)
            yield Span(
                start=start + offset,
                end=end + offset,
                category=hit.term.category,
                text=original[start:end],
                term=hit.term.text,
            )
    for detail in given.details:
        yield Span(
            start=detail.start + offset,
            end=detail.end + offset,
            category=Category.PII,
            text=original[detail.start : detail.end],
            term=detail.kind,
        )
    for start, end in given.links:
        yield Span(
            start=start + offset,
            end=end + offset,
            category=Category.SPAM,
            text=original[start:end],
            term="link",
        )


def _score(given: ModelInput, policy: Policy) -> dict[Category, float]:
    """Return a score for each category that takes part.

    The model's score goes to the category that explains it best; the others get their share of it. Disguise, private
    details and links are findings of their own.
    """
    judgement = judge_input(given)
    shares = dict(judgement.shares)
    for hit in given.hits:
        worth = policy.severity_scores[hit.term.severity]
        shares[hit.term.category] = max(shares[hit.term.category], worth)
    # Rounded before it is compared with a limit: the last bits differ between processors.
    overall = round(judgement.score, 4)
    if any(hit.disguise in _HIDING and hit.term.severity >= Severity.REVIEW for hit in given.hits):
        overall = max(overall, policy.disguise_score)
    for hit in given.hits:
        if hit.term.decreed:
            overall = max(overall, policy.severity_scores[hit.term.severity])
    most = max(shares.values())
    scores = {
        category: overall * share / most
        for category, share in shares.items()
        if overall * share / most >= _LEAST_SCORE
    }
    if given.details:
        scores[Category.PII] = max(scores.get(Category.PII, 0.0), _DETAIL_SCORE)
    if given.links:
        scores[Category.SPAM] = max(scores.get(Category.SPAM, 0.0), _LINK_SCORE)
    return scores


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
