"""Fit how the votes add up and where a person looks, on votes about rows that were left out of training.

There are two scales, because thresholds do not travel between kinds of text: one for messages to somebody, where
calling a kind text abusive hurts, and one for public comments. A text gets both, mixed by how much it reads like a comment.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from moderation.screening.classifier import N_TIERS
from moderation.screening.languages import LANGUAGES
from moderation.training.logistic import fit_logistic
from moderation.training.rows import KIND_SOURCES

PENALTY = 1.0
# Share of good authored dedications without a lexicon entry that may go to a person. The bar is 0.03 of all good ones, on
# texts nobody here has seen; those with an entry use up the rest of it.
MAX_GOOD_FLAGGED = 0.022
# Share of good authored dedications, whatever they hold, that may score HIGH_SCORE. Nothing is refused below it, nor without an
# unmistakable entry beside it, so that good ones refused (bar: 0.005) stay fewer than these.
MAX_GOOD_HIGH = 0.005
HIGH_SCORE = 0.95
# Least log-odds between the threshold and that score, where hardly a good row passes the threshold.
MIN_HIGH_MARGIN = 0.5
# Share of a language's affectionate, quoted and neutral public lines that may go to a person for reading like comments.
MAX_KIND_FLAGGED = 0.02
# A language with fewer violating public comments has its threshold placed on its functional sentences: Spanish has no source.
MIN_COMMENTS = 200

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Votes:
    """What models say of rows they were not trained on, one number a row; `kinds` as in `Row.kind`.

    comment : how much the row counts as a public comment, in [0, 1]. are_comments : whether it is one.
    """

    linear: Vector
    head: Vector
    comment: Vector
    tiers: NDArray[np.int64]
    labels: Vector
    languages: NDArray[np.int64]
    kinds: NDArray[np.str_]
    are_comments: NDArray[np.bool_]


def join_votes(parts: Sequence[Votes]) -> Votes:
    """Return the votes of all parts, in their order."""
    return Votes(
        **{
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in Votes.__slots__
        }
    )


def fit_calibration(votes: Votes) -> dict[str, Vector]:
    """Return for each language the weights and the threshold of both scales and of the linear part alone."""
    together = np.column_stack([votes.linear, votes.head, np.eye(N_TIERS)[votes.tiers]])
    alone = together * (np.arange(together.shape[1]) != 1)
    own = votes.kinds == "authored"
    message_weights, message_sums = _weigh(together, own, votes)
    comment_weights, comment_sums = _weigh(together, votes.are_comments, votes)
    alone_weights, alone_sums = _weigh(alone, own, votes)
    comment_thresholds = _place_comment_thresholds(votes, comment_sums)
    # A row is flagged while the message threshold is below this.
    odds = votes.comment / np.maximum(1e-3, 1.0 - votes.comment)
    reach = message_sums + odds * (comment_sums - comment_thresholds[votes.languages])
    good = own & (votes.labels == 0)
    plain = good & (votes.tiers == 0)
    message_thresholds = _place_by_good(reach, plain, votes.languages, MAX_GOOD_FLAGGED)
    alone_thresholds = _place_by_good(alone_sums, plain, votes.languages, MAX_GOOD_FLAGGED)
    beyond = (1.0 - votes.comment) * (message_sums - message_thresholds[votes.languages])
    beyond += votes.comment * (comment_sums - comment_thresholds[votes.languages])
    steepness = _find_steepness(beyond, good, votes.languages)
    steepness_alone = _find_steepness(
        alone_sums - alone_thresholds[votes.languages], good, votes.languages
    )
    return {
        "message_weights": message_weights * steepness[:, None],
        "message_threshold": message_thresholds * steepness,
        "comment_weights": comment_weights * steepness[:, None],
        "comment_threshold": comment_thresholds * steepness,
        "alone_weights": alone_weights * steepness_alone[:, None],
        "alone_threshold": alone_thresholds * steepness_alone,
    }


def find_best_threshold(sums: Vector, labels: Vector) -> float:
    """Return the threshold with the best macro-F1."""
    order = np.argsort(-sums, kind="stable")
    hits = np.cumsum(labels[order])
    flagged = np.arange(1, len(sums) + 1)
    n_bad = labels.sum()
    n_good = len(labels) - n_bad
    right_good = n_good - (flagged - hits)
    scores = 2 * hits / (flagged + n_bad) + 2 * right_good / (len(sums) - flagged + n_good)
    return float(sums[order][int(np.argmax(scores))])


def _weigh(inputs: Vector, rows: NDArray[np.bool_], votes: Votes) -> tuple[Vector, Vector]:
    """Return the weights of each language, fitted on the rows, and the weighted sum of every row."""
    weights = np.stack(
        [
            _fit(inputs[rows & own], votes.labels[rows & own])
            for own in (votes.languages == language for language in range(len(LANGUAGES)))
        ]
    )
    return weights, (inputs * weights[votes.languages]).sum(axis=1)


def _fit(inputs: Vector, labels: Vector) -> Vector:
    # The bias is left out: the thresholds take its place.
    return fit_logistic(
        csr_matrix(inputs), labels=labels, weights=np.ones(len(labels)), penalty=PENALTY
    )[0]


def _place_comment_thresholds(votes: Votes, sums: Vector) -> Vector:
    """Return where macro-F1 is best on public comments, or higher, so that kind lines which read like comments pass."""
    public = votes.are_comments & (votes.kinds != "functional")
    from_kind = [np.char.startswith(votes.kinds, source) for source in KIND_SOURCES]
    kind = np.any(from_kind, axis=0) & (votes.labels == 0)
    # What of a kind line the scale for comments sees.
    seen = np.where(votes.comment > 0.5, sums, sums.min())
    found = []
    for language in range(len(LANGUAGES)):
        own = votes.languages == language
        rows = public & own
        if votes.labels[rows].sum() < MIN_COMMENTS:
            rows = votes.are_comments & own
        best = find_best_threshold(sums[rows], votes.labels[rows])
        lines = kind & own
        least = np.quantile(seen[lines], 1.0 - MAX_KIND_FLAGGED) if lines.any() else best
        found.append(max(best, least))
    return np.array(found)


def _find_steepness(
    beyond: Vector, good: NDArray[np.bool_], languages: NDArray[np.int64]
) -> Vector:
    """Return what to multiply log-odds beyond the threshold with, so that the good rows' highest reach HIGH_SCORE."""
    high = np.log(HIGH_SCORE / (1.0 - HIGH_SCORE))
    margins = _place_by_good(beyond, good, languages, MAX_GOOD_HIGH)
    return np.asarray(high / np.maximum(margins, MIN_HIGH_MARGIN))


def _place_by_good(
    sums: Vector, good: NDArray[np.bool_], languages: NDArray[np.int64], most: float
) -> Vector:
    """Return what at most a share of the good rows of each language exceeds."""
    return np.array(
        [
            np.quantile(sums[good & (languages == language)], 1.0 - most)
            for language in range(len(LANGUAGES))
        ]
    )
