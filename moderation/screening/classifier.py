"""Judge a text with the trained model: how likely it needs a person, and for what.

Three parts, all plain arithmetic on stored numbers: a linear model of each language on hashed pieces and lexicon
signs; a small network on the sentence embedding, shared by all languages, for what has no bad word in it; and a
calibration that adds their votes up so that 0.5 is where a text goes to a person.
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
# How much earlier, in log-odds, a person looks at a text of a tier. Source: 645 good and 826 violating dedications
# held out of training, 2026-11-23: with 2, of 42 good texts with a strong word 8 go to a person instead of 1, and of 127
# violating ones 124 instead of 96; a word that hides is the writer's own sign that it should not be seen.
TIER_ALLOWANCE = (0.0, 2.0, 2.0, 30.0)
# In a text of so few words a lexicon entry is taken at its word: there is no room to mean it kindly. Source: of 3,667 good
# dedications for training 13 are as short and hold one.
MAX_SHORT_WORDS = 9
SHORT_ALLOWANCE = 30.0

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
class Classifier:
    """The weights, and whether they read embeddings."""

    version: str
    arrays: Mapping[str, NDArray[Any]]

    def judge(self, given: ModelInput, *, embedding: Array | None) -> Judgement:
        """Return the judgement; without an embedding the linear part votes alone."""
        language = _index_language(given.guess.code)
        linear = self.vote_linear(given, language=language)
        head = None if embedding is None else self.vote_head(embedding, given, language=language)
        return Judgement(
            score=_sigmoid(
                self.calibrate(linear, head, tier=find_tier(given), language=language)
                + find_allowance(given)
            ),
            shares=self._share_categories(given, language=language),
        )

    def vote_linear(self, given: ModelInput, *, language: int) -> float:
        """Return the linear model's log-odds."""
        arrays = self.arrays
        weights = arrays["linear"][language][given.pieces].astype(np.float64)
        vote = weights.sum() * arrays["linear_scale"][language] / np.sqrt(max(1, len(weights)))
        signs = float(arrays["linear_signs"][language] @ given.signs)
        return float(vote) + signs + float(arrays["linear_bias"][language])

    def vote_head(self, embedding: Array, given: ModelInput, *, language: int) -> float:
        """Return the network's log-odds."""
        arrays = self.arrays
        inputs = np.concatenate([embedding, given.signs, np.eye(len(LANGUAGES))[language]])
        hidden = inputs.astype(np.float32) @ arrays["head_in"] + arrays["head_in_bias"]
        return float(np.maximum(hidden, 0) @ arrays["head_out"] + arrays["head_out_bias"])

    def calibrate(self, linear: float, head: float | None, *, tier: int, language: int) -> float:
        """Return the log-odds, shifted so that 0 is where a text without lexicon entries goes to a person."""
        name = "alone" if head is None else "together"
        weights = self.arrays[f"{name}_weights"]
        votes = np.array([linear, 0.0 if head is None else head, *np.eye(N_TIERS)[tier]])
        return float(votes @ weights - self.arrays[f"{name}_threshold"][language])

    def _share_categories(self, given: ModelInput, *, language: int) -> dict[Category, float]:
        arrays = self.arrays
        places = np.unique(given.pieces % N_CATEGORY_BUCKETS)
        votes = arrays["category"][language][:, places].astype(np.float64).sum(axis=1)
        votes *= arrays["category_scale"][language] / np.sqrt(max(1, len(places)))
        votes += arrays["category_signs"][language] @ given.signs
        votes += arrays["category_bias"][language]
        odds = np.exp(votes - votes.max())
        return dict(zip(CATEGORIES, (odds / odds.sum()).tolist(), strict=True))


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
