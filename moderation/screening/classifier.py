"""Judge a text with the trained model: how likely it needs a person, and for what.

Three parts, all plain arithmetic on stored numbers: a linear model of each language on hashed pieces and lexicon
signs; small networks on the sentence embedding, shared by all languages, for what has no bad word in it; and a
calibration that adds their votes up so that 0.5 is where a text goes to a person. It has two scales, for messages to
somebody and for public comments; the networks also say which of them a text reads like.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from moderation.screening.categories import Category, Severity
from moderation.screening.embedding import load_encoder
from moderation.screening.features import FEATURES_VERSION
from moderation.screening.languages import LANGUAGES
from moderation.screening.model_input import ModelInput

MODEL_PATH = Path(__file__).parent / "model" / "weights.npz"
# Category votes are read from fewer places than the main one: they only name what was found.
N_CATEGORY_BUCKETS = 1 << 13
CATEGORIES = tuple(Category)
# Lexicon tiers of a text, for the calibration: nothing, profanity, strong, disguised.
N_TIERS = 4
# How much earlier, in log-odds, a person looks at a text of a tier; a word that hides is the writer's own sign that it should
# not be seen. Source: held-out folds, 2026-11-25: with 2 instead of 0, of 253 good dedications with a strong word 61
# instead of 12 go to a person, and of 683 violating ones 629 instead of 468.
TIER_ALLOWANCE = (0.0, 1.0, 1.0, 30.0)
# In a text of so few words a lexicon entry is taken at its word: there is no room to mean it kindly. Source: of 3,667 good
# dedications for training 13 are as short and hold one.
MAX_SHORT_WORDS = 9
SHORT_ALLOWANCE = 30.0
# What such a text scores at most beyond the model's own score: a person looks, but nothing is refused for its lexicon entry
# alone ("Mom will kill us both when she sees the wallpaper").
LOOK_SCORE = 0.9
# Which of its two scales a text is read on: the networks' log-odds that it is a comment, moved and steepened. Source: held-out
# folds, 2026-11-25: at a probability of 0.25 lie 3 % of dedications and 70 to 90 % of comments (Korean 60 %).
COMMENT_MIDPOINT = -1.1
COMMENT_STEEPNESS = 3.0

Array = NDArray[np.float32]


class UnfitModel(Exception):
    """The stored weights belong to other features."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the model says of a text.

    score : in [0, 1]; 0.5 and more goes to a person. shares : how much each category takes part, in [0, 1].
    """

    score: float
    shares: Mapping[Category, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadVotes:
    """What the networks say of a text.

    violating : log-odds. comment : how much it counts as a public comment, in [0, 1].
    """

    violating: float
    comment: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Classifier:
    """The weights, and whether they read embeddings."""

    version: str
    arrays: Mapping[str, NDArray[Any]]

    def judge(self, given: ModelInput, *, embedding: Array | None) -> Judgement:
        """Return the judgement; without an embedding the linear part votes alone."""
        language = _index_language(given.guess.code)
        linear = self.vote_linear(given, language=language)
        head = None if embedding is None else self.vote_head(embedding, given, language=language)
        own = self.calibrate(linear, head, tier=find_tier(given), language=language)
        return Judgement(
            score=max(_sigmoid(own), min(_sigmoid(own + find_allowance(given)), LOOK_SCORE)),
            shares=self._share_categories(given, language=language),
        )

    def vote_linear(self, given: ModelInput, *, language: int) -> float:
        """Return the linear model's log-odds."""
        arrays = self.arrays
        weights = arrays["linear"][language][given.pieces].astype(np.float64)
        vote = weights.sum() * arrays["linear_scale"][language] / np.sqrt(max(1, len(weights)))
        signs = float(arrays["linear_signs"][language] @ given.signs)
        return float(vote) + signs + float(arrays["linear_bias"][language])

    def vote_head(self, embedding: Array, given: ModelInput, *, language: int) -> HeadVotes:
        """Return the mean vote of the networks."""
        arrays = self.arrays
        inputs = np.concatenate([embedding, given.signs, np.eye(len(LANGUAGES))[language]])
        hidden = np.maximum(
            inputs.astype(np.float32) @ arrays["head_in"] + arrays["head_in_bias"], 0
        )
        violating, comment = hidden @ arrays["head_out"] + arrays["head_out_bias"]
        return HeadVotes(violating=float(violating), comment=float(share_comment(comment)))

    def calibrate(
        self, linear: float, head: HeadVotes | None, *, tier: int, language: int
    ) -> float:
        """Return the log-odds, shifted so that 0 is where a text without lexicon entries goes to a person."""
        votes = np.array([linear, head.violating if head else 0.0, *np.eye(N_TIERS)[tier]])
        if head is None:
            return self._weigh("alone", votes, language)
        message = self._weigh("message", votes, language)
        comment = self._weigh("comment", votes, language)
        return (1.0 - head.comment) * message + head.comment * comment

    def _weigh(self, scale: str, votes: NDArray[np.float64], language: int) -> float:
        weights = self.arrays[f"{scale}_weights"][language]
        return float(votes @ weights - self.arrays[f"{scale}_threshold"][language])

    def _share_categories(self, given: ModelInput, *, language: int) -> dict[Category, float]:
        arrays = self.arrays
        places = np.unique(given.pieces % N_CATEGORY_BUCKETS)
        votes = arrays["category"][language][:, places].astype(np.float64).sum(axis=1)
        votes *= arrays["category_scale"][language] / np.sqrt(max(1, len(places)))
        votes += arrays["category_signs"][language] @ given.signs
        votes += arrays["category_bias"][language]
        odds = np.exp(votes - votes.max())
        return dict(zip(CATEGORIES, (odds / odds.sum()).tolist(), strict=True))


def share_comment(log_odds: NDArray[np.floating[Any]] | float) -> NDArray[np.float64]:
    """Return how much a text counts as a public comment, in [0, 1], from the networks' log-odds that it is one."""
    steep = COMMENT_STEEPNESS * (np.asarray(log_odds, dtype=np.float64) - COMMENT_MIDPOINT)
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(steep, -30.0, 30.0))))


def find_tier(given: ModelInput) -> int:
    """Return how much the lexicon says of a text, from 0 to N_TIERS - 1."""
    found = [hit for hit in given.hits if hit.term.severity >= Severity.REVIEW]
    if not found:
        return 0
    if any(hit.disguise is not None for hit in found):
        return 3
    return 1 if max(hit.term.severity for hit in found) == Severity.REVIEW else 2


def find_allowance(given: ModelInput) -> float:
    """Return how much earlier, in log-odds, a person looks because of what the lexicon found."""
    tier = find_tier(given)
    if tier and len(given.normalized.text.split()) <= MAX_SHORT_WORDS:
        return SHORT_ALLOWANCE
    return TIER_ALLOWANCE[tier]


@cache
def load_classifier() -> Classifier:
    """Return the stored model.

    Raises
    ------
    UnfitModel : if it was trained on other features
    """
    with np.load(MODEL_PATH, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    if int(arrays["features_version"]) != FEATURES_VERSION:
        raise UnfitModel(
            f"expected weights for features {FEATURES_VERSION}, got {int(arrays['features_version'])}"
        )
    arrays["head_in"] = arrays["head_in"].astype(np.float32)
    embedded = "with" if load_encoder() is not None else "without"
    return Classifier(version=f"{arrays['version']}-{embedded}-embedding", arrays=arrays)


def judge_input(given: ModelInput) -> Judgement:
    """Return the stored model's judgement of a text."""
    encoder = load_encoder()
    embedding = None if encoder is None else encoder.embed([given.meant])[0]
    return load_classifier().judge(given, embedding=embedding)


def _index_language(code: str) -> int:
    return LANGUAGES.index(code) if code in LANGUAGES else 0


def _sigmoid(value: float) -> float:
    return float(1.0 / (1.0 + np.exp(-np.clip(value, -30.0, 30.0))))
