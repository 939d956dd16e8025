"""What the scores lead to: versioned data, so that any past decision can be read under the policy of its day."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from moderation.screening.categories import Category, Severity


class Outcome(StrEnum):
    """What happens to the message."""

    ALLOW = "allow"
    REVIEW = "review"
    BLOCK = "block"


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """From which score on a category is looked at by a person, and from which it is refused.

    review, block : scores in [0, 1]. A block above 1 never happens by itself.
    """

    review: float
    block: float


# A category that no machine may refuse alone: a person decides with care.
_NEVER = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Thresholds by category, with exceptions by (language, category)."""

    version: str
    thresholds: Mapping[Category, Thresholds]
    exceptions: Mapping[tuple[str, Category], Thresholds] = field(default_factory=dict)
    # What one lexicon entry of a severity is worth as a score, in [0, 1].
    severity_scores: Mapping[Severity, float] = field(
        default_factory=lambda: {
            Severity.CONTEXT: 0.1,
            Severity.REVIEW: 0.6,
            Severity.STRONG: 0.8,
            Severity.CORE: 0.95,
        }
    )

    # What a text scores at least that hides a word of the lexicon.
    disguise_score: float = 0.6

    def limits(self, *, category: Category, language: str) -> Thresholds:
        """Return the thresholds of a category in a language."""
        return self.exceptions.get((language, category), self.thresholds[category])

    def decide(
        self, *, scores: Mapping[Category, float], language: str, core: frozenset[Category]
    ) -> Outcome:
        """Return what happens to a text with these scores.

        core : categories in which the text holds an unambiguous lexicon entry; only those may block.
        """
        outcome = Outcome.ALLOW
        for category, score in scores.items():
            limits = self.limits(category=category, language=language)
            if score >= limits.block and category in core:
                return Outcome.BLOCK
            if score >= limits.review:
                outcome = Outcome.REVIEW
        return outcome


_DEFAULT = Thresholds(review=0.5, block=0.95)
DEFAULT_POLICY = Policy(
    version="2026.11-2",
    thresholds={
        **dict.fromkeys(Category, _DEFAULT),
        Category.SELF_HARM: Thresholds(review=0.5, block=_NEVER),
        Category.PII: Thresholds(review=0.5, block=_NEVER),
        Category.PROFANITY: Thresholds(review=0.5, block=_NEVER),
        Category.SPAM: Thresholds(review=0.5, block=_NEVER),
    },
)
