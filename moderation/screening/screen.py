"""Screen texts: normalize, tell the language, match the lexicons, score, apply the policy, explain."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from moderation.screening.answer import Reason, ScreeningResult, Span
from moderation.screening.categories import Category, Kind, Severity
from moderation.screening.classifier import judge_input, load_classifier
from moderation.screening.language_id import OTHER, LanguageGuess
from moderation.screening.language_pack import load_language_pack
from moderation.screening.languages import LANGUAGES
from moderation.screening.model_input import ModelInput, read_model_input
from moderation.screening.overrides import NO_OVERRIDES, LexiconOverrides
from moderation.screening.passages import split_lines, split_passages
from moderation.screening.policy import BUILT_IN_POLICY, Evidence, Policy
from moderation.screening.scoring import find_spans, score_categories
from moderation.screening.text_limits import InvalidText, check_text

__all__ = ["InvalidText", "ScreeningResult", "screen_text"]

# Raised with every change that can change an answer.
ENGINE_VERSION = "screening-6"
_UNSUPPORTED_SEVERITY = 2

Scores = Mapping[Category, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Passage:
    """A piece of the text that was judged; start, end : offsets in the text."""

    start: int
    end: int
    scores: Scores


def screen_text(
    *,
    text: str,
    language: str | None = None,
    kind: str = Kind.MESSAGE,
    campaign: str = "",
    explain_in: str | None = None,
    policy: Policy = BUILT_IN_POLICY,
    overrides: LexiconOverrides = NO_OVERRIDES,
) -> ScreeningResult:
    """Return what is in the text and what should happen to it.

    language : the language of the form the text came from, if known; a hint, not an order.
    campaign : whose thresholds count. explain_in : the language of the reasons, if not the text's own.
    overrides : what people added to the lexicons or silenced in them.

    Raises
    ------
    InvalidText
        If the text is empty, too long or not valid Unicode.
    """
    kind = Kind(kind)
    check_text(text=text, kind=kind)
    whole = read_model_input(text=text, language=language, overrides=overrides)
    spans = set(find_spans(whole, offset=0))
    passages: list[_Passage] = []
    places = split_passages(text=text, kind=kind)
    if kind is Kind.LYRICS:
        places += _find_marked_lines(text, spans)
    for start, end in places:
        part = whole
        if len(places) > 1:
            part = read_model_input(
                text=text[start:end], language=whole.guess.code, overrides=overrides
            )
            spans |= set(find_spans(part, offset=start))
        passages.append(_Passage(start=start, end=end, scores=_judge(part)))
    evidence = Evidence(
        scores=_take_worst(passage.scores for passage in passages),
        core=frozenset(Category(s.category) for s in spans if s.severity == Severity.CORE),
        language=whole.guess.code,
        campaign=campaign,
    )
    raised = policy.find_raised(evidence)
    if len(passages) > 1:
        spans |= set(
            _place_raised(text, passages, raised, policy=policy, evidence=evidence, spans=spans)
        )
    explained_in = _choose_language(explain_in, whole.guess.code, language)
    return ScreeningResult(
        outcome=policy.decide(evidence),
        language=whole.guess,
        categories={category.value: score for category, score in sorted(evidence.scores.items())},
        spans=_sort_spans(spans, text=text if kind is Kind.LYRICS else None),
        reasons=_explain(raised, spans=spans, guess=whole.guess, language=explained_in),
        explanation_language=explained_in,
        campaign=campaign,
        policy_version=policy.version,
        engine_version=f"{ENGINE_VERSION}+{load_classifier().version}",
    )


def _find_marked_lines(text: str, spans: Collection[Span]) -> list[tuple[int, int]]:
    """Return the lines of lyrics that hold a lexicon entry: each is judged alone too, lest it drown in its verse."""
    marks = [span.start for span in spans if (span.severity or 0) >= Severity.REVIEW]
    lines = split_lines(text, start=0, end=len(text))
    return [line for line in lines if any(line[0] <= mark < line[1] for mark in marks)]


def _judge(given: ModelInput) -> Scores:
    return score_categories(given, judge_input(given))


def _take_worst(scores: Iterable[Scores]) -> dict[Category, float]:
    worst: dict[Category, float] = {}
    for each in scores:
        for category, score in each.items():
            worst[category] = max(score, worst.get(category, 0.0))
    return worst


def _place_raised(
    text: str,
    passages: Collection[_Passage],
    raised: Collection[Category],
    *,
    policy: Policy,
    evidence: Evidence,
    spans: Collection[Span],
) -> Iterable[Span]:
    """Yield the passages that raised a category without holding an entry of it; of a verse its worst line."""
    for passage in passages:
        alone = replace(evidence, scores=passage.scores)
        for category in policy.find_raised(alone):
            if category not in raised or any(
                span.category == category and passage.start <= span.start < passage.end
                for span in spans
            ):
                continue
            start, end = _find_worst_line(text, passage, category, language=evidence.language)
            yield Span(start=start, end=end, category=category.value, text=text[start:end])


def _find_worst_line(
    text: str, passage: _Passage, category: Category, *, language: str
) -> tuple[int, int]:
    lines = split_lines(text, start=passage.start, end=passage.end)
    if len(lines) == 1:
        return lines[0]
    scores = {
        (start, end): _judge(read_model_input(text=text[start:end], language=language)).get(
            category, 0.0
        )
        for start, end in lines
    }
    return max(lines, key=scores.__getitem__)


def _sort_spans(spans: Iterable[Span], *, text: str | None) -> tuple[Span, ...]:
    """Return the findings by place, with the lines of lyrics they begin in."""
    ordered = sorted(spans, key=lambda span: (span.start, span.end, span.category, span.term or ""))
    if text is None:
        return tuple(ordered)
    return tuple(replace(span, line=1 + text.count("\n", 0, span.start)) for span in ordered)


def _choose_language(*codes: str | None) -> str:
    """Return the first that is one of ours."""
    return next((code for code in codes if code in LANGUAGES), LANGUAGES[0])


def _explain(
    raised: Iterable[Category], *, spans: Iterable[Span], guess: LanguageGuess, language: str
) -> tuple[Reason, ...]:
    explanations = load_language_pack(language).explanations
    severities: dict[str, int] = {}
    for span in spans:
        severities[span.category] = max(severities.get(span.category, 0), span.severity or 0)
    reasons = [
        Reason(
            code=f"screening.{category.value}",
            category=category.value,
            severity=severities.get(category.value) or int(Severity.REVIEW),
            text=explanations[category.value],
        )
        for category in raised
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
