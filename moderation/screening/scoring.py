"""Score a passage by category, from what the model and the lexicons say of it, and name the places of its findings."""

from collections.abc import Iterator

from moderation.screening.answer import Span
from moderation.screening.categories import Category, Severity
from moderation.screening.classifier import Judgement
from moderation.screening.model_input import ModelInput
from moderation.screening.policy import DISGUISE_SCORE, MIN_REVIEW, SEVERITY_SCORES
from moderation.screening.tokens import Disguise

# Score of a private detail found by its own check, and of a web address, in [0, 1].
_DETAIL_SCORE = 0.9
_LINK_SCORE = 0.7
# Ways of writing that only hide; repeated letters also shout for joy.
_HIDING = frozenset(Disguise) - {Disguise.REPEAT}
# Decimals of a score: the last bits differ between processors.
_DECIMALS = 4


def score_categories(given: ModelInput, judgement: Judgement) -> dict[Category, float]:
    """Return a score for each category that takes part.

    The model's score goes to the category that explains it best; the others get their share of it. Disguise, private
    details and links are findings of their own.

    Returns
    -------
    dict
        Scores in [0, 1], rounded: what is told is what is decided on.
    """
    shares = dict(judgement.shares)
    for hit in given.hits:
        worth = SEVERITY_SCORES[hit.term.severity]
        shares[hit.term.category] = max(shares[hit.term.category], worth)
    overall = judgement.score
    if any(hit.disguise in _HIDING and hit.term.severity >= Severity.REVIEW for hit in given.hits):
        overall = max(overall, DISGUISE_SCORE)
    for hit in given.hits:
        if hit.term.decreed:
            overall = max(overall, SEVERITY_SCORES[hit.term.severity])
    most = max(shares.values())
    for hit in given.hits:  # what is unmistakable explains the score as well as anything
        if hit.term.severity is Severity.CORE:
            shares[hit.term.category] = most
    scores = {
        category: round(overall * share / most, _DECIMALS) for category, share in shares.items()
    }
    if given.details:
        scores[Category.PII] = max(scores[Category.PII], _DETAIL_SCORE)
    if given.links:
        scores[Category.SPAM] = max(scores[Category.SPAM], _LINK_SCORE)
    return {category: score for category, score in scores.items() if score >= MIN_REVIEW}


def find_spans(given: ModelInput, *, offset: int) -> Iterator[Span]:
    """Yield the findings that have a place; `offset` is where the passage begins in the text."""
    original = given.normalized.original
    for hit in given.hits:
        if hit.term.severity is not Severity.CONTEXT:
            start, end = given.normalized.locate(start=hit.start, end=hit.end)
            yield Span(
                start=start + offset,
                end=end + offset,
                category=hit.term.category.value,
                text=original[start:end],
                term=hit.term.text,
                language=hit.term.language,
                severity=int(hit.term.severity),
                disguise=hit.disguise and hit.disguise.value,
            )
    for detail in given.details:
        yield Span(
            start=detail.start + offset,
            end=detail.end + offset,
            category=Category.PII.value,
            text=original[detail.start : detail.end],
            term=detail.kind,
        )
    for start, end in given.links:
        yield Span(
            start=start + offset,
            end=end + offset,
            category=Category.SPAM.value,
            text=original[start:end],
            term="link",
        )
