"""What the scores lead to: versioned data, so that any past decision can be read under the policy of its day.

A policy is a list of thresholds, each for a category and, if need be, for a language, a campaign or both. The most particular
one counts: campaign and language, then campaign, then language, then the category alone.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from moderation.screening.categories import Category, Severity

# The language of a text that is in none of ours; such a text goes to a person.
OTHER_LANGUAGE = "other"
# Lowest score from which a text may be refused without a person: the model's scores of good texts stay below.
MIN_BLOCK = 0.9
# Lowest score that is worth a person's look: smaller ones are not kept.
MIN_REVIEW = 0.05
# Who speaks of ending a life gets a person and an offer of help, whatever else is in the text.
CARE = Category.SELF_HARM
# What a campaign may let pass whatever its score.
WAIVABLE = frozenset({Category.PROFANITY, Category.SPAM})

# What one lexicon entry of a severity is worth as a score, in [0, 1].
SEVERITY_SCORES: Mapping[Severity, float] = {
    Severity.CONTEXT: 0.1,
    Severity.REVIEW: 0.6,
    Severity.STRONG: 0.8,
    Severity.CORE: 0.95,
}
# What a text scores at least that hides a word of the lexicon.
DISGUISE_SCORE = 0.6


class Outcome(StrEnum):
    """What happens to the message."""

    ALLOW = "allow"
    REVIEW = "review"
    BLOCK = "block"


class InvalidPolicy(ValueError):
    """The thresholds do not make a policy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """From which score on a category is looked at by a person, and from which it is refused.

    language, campaign : where it counts; empty for everywhere.
    review, block : scores in [0, 1]. `review` None: nobody looks, which only manners and advertising allow. `block` None:
    never without a person.

    Raises
    ------
    InvalidPolicy : if it would refuse what a person must see, or the scores are out of order
    """

    category: Category
    review: float | None
    block: float | None = None
    language: str = ""
    campaign: str = ""

    def __post_init__(self) -> None:
        """Check the scores."""
        if self.review is None:
            if self.category not in WAIVABLE or self.block is not None:
                raise InvalidPolicy(f"{self.category}: a person must look; enter a review score")
            return
        if not MIN_REVIEW <= self.review <= 1:
            raise InvalidPolicy(
                f"{self.category}: expected review from {MIN_REVIEW} to 1, got {self.review:g}"
            )
        if self.block is None:
            return
        if self.category is CARE:
            raise InvalidPolicy(f"{self.category}: a person decides; leave block empty")
        if not max(MIN_BLOCK, self.review) <= self.block <= 1:
            lowest = max(MIN_BLOCK, self.review)
            raise InvalidPolicy(
                f"{self.category}: expected block from {lowest:g} to 1, got {self.block:g}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a decision rests on.

    scores : in [0, 1], by category. core : categories in which the text holds an unmistakable lexicon entry.
    """

    scores: Mapping[Category, float]
    core: frozenset[Category]
    language: str
    campaign: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Thresholds; each category has one that counts everywhere.

    Raises
    ------
    InvalidPolicy : if a category has none, or two count in the same place
    """

    version: str
    thresholds: Collection[Threshold]
    _places: Mapping[tuple[Category, str, str], Threshold] = field(
        init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        """Check that every category has its threshold, and index them."""
        places = {(t.category, t.language, t.campaign): t for t in self.thresholds}
        if len(places) < len(self.thresholds):
            raise InvalidPolicy("two thresholds of a category count in the same place")
        missing = [category.value for category in Category if (category, "", "") not in places]
        if missing:
            raise InvalidPolicy(f"no threshold that counts everywhere for {', '.join(missing)}")
        object.__setattr__(self, "_places", places)

    def find_threshold(self, category: Category, *, language: str, campaign: str = "") -> Threshold:
        """Return the most particular threshold of a category."""
        for place in ((language, campaign), ("", campaign), (language, "")):
            found = self._places.get((category, *place))
            if found is not None:
                return found
        return self._places[category, "", ""]

    def find_raised(self, evidence: Evidence) -> tuple[Category, ...]:
        """Return the categories that a person should look at, the highest score first."""
        raised = []
        for category, score in evidence.scores.items():
            review = self._find(category, evidence).review
            if review is not None and score >= review:
                raised.append(category)
        return tuple(sorted(raised, key=lambda category: (-evidence.scores[category], category)))

    def decide(self, evidence: Evidence) -> Outcome:
        """Return what happens to a text: only an unmistakable entry together with a high score blocks."""
        raised = self.find_raised(evidence)
        if CARE not in raised and any(self._blocks(category, evidence) for category in raised):
            return Outcome.BLOCK
        if raised or evidence.language == OTHER_LANGUAGE:
            return Outcome.REVIEW
        return Outcome.ALLOW

    def _find(self, category: Category, evidence: Evidence) -> Threshold:
        return self.find_threshold(category, language=evidence.language, campaign=evidence.campaign)

    def _blocks(self, category: Category, evidence: Evidence) -> bool:
        block = self._find(category, evidence).block
        return (
            block is not None and category in evidence.core and evidence.scores[category] >= block
        )


# Categories that only a person refuses.
_NEVER_BLOCKED = {Category.SELF_HARM, Category.PII, Category.PROFANITY, Category.SPAM}
BUILT_IN_POLICY = Policy(
    version="policy-1",
    thresholds=tuple(
        Threshold(category=category, review=0.5, block=None if category in _NEVER_BLOCKED else 0.95)
        for category in Category
    ),
)
