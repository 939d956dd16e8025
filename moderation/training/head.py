"""Train the small network on sentence embeddings: one hidden layer, dropout, Adam, all in NumPy.

It answers two questions at once: is the text violating, and does it read like a public comment rather than a message
to somebody? The second tells the calibration which of its two scales to trust.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]

# Chosen on the calibration part of the training rows, 2026-11-23.
N_HIDDEN = 160
N_ROUNDS = 8
BATCH_SIZE = 256
STEP_SIZE = 1.5e-3
DECAY = 1e-2
DROPPED_INPUTS = 0.15
DROPPED_HIDDEN = 0.4
# Labels are never quite sure.
SMOOTHING = 0.04
# What an error about each output counts: violating, comment.
OUTPUT_WEIGHTS = np.array([1.0, 0.3], dtype=np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The network's numbers, for inputs as they come."""

    weights_in: Matrix
    bias_in: Matrix
    weights_out: Matrix
    bias_out: Matrix

    def vote(self, inputs: Matrix) -> Matrix:
        """Return the log-odds of both outputs, shape (n_rows, 2)."""
        hidden = np.maximum(inputs @ self.weights_in + self.bias_in, 0)
        return np.asarray(hidden @ self.weights_out + self.bias_out, dtype=np.float32)


def train_head(inputs: Matrix, *, labels: Matrix, weights: Matrix, seed: int) -> Head:
    """Return the network trained on rows drawn by their weights.

    Parameters
    ----------
    inputs : ndarray of float32, shape (n_rows, n_inputs)
    labels : ndarray of float32, shape (n_rows, 2), 0 or 1: violating, comment
    """
    rng = np.random.default_rng(seed)
    center, spread = inputs.mean(axis=0), np.maximum(inputs.std(axis=0), np.float32(0.05))
    width, n_outputs = inputs.shape[1], labels.shape[1]
    shape = [
        rng.normal(0, np.sqrt(2 / width), (width, N_HIDDEN)).astype(np.float32),
        np.zeros(N_HIDDEN, dtype=np.float32),
        (rng.normal(0, np.sqrt(2 / N_HIDDEN), (N_HIDDEN, n_outputs)) * 0.1).astype(np.float32),
        np.zeros(n_outputs, dtype=np.float32),
    ]
    moments = [(np.zeros_like(each), np.zeros_like(each)) for each in shape]
    n_steps = N_ROUNDS * len(inputs) // BATCH_SIZE
    for step, rows in enumerate(_draw(weights, n_steps=n_steps, rng=rng), start=1):
        batch = (inputs[rows] - center) / spread
        slopes = _slope(batch, labels[rows], shape, rng)
        rate = STEP_SIZE * min(1.0, step / 200) * (0.5 + 0.5 * np.cos(np.pi * step / n_steps))
        for place, slope in enumerate(slopes):
            first, second = moments[place]
            first += 0.1 * (slope - first)
            second += 0.001 * (slope * slope - second)
            move = (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
            decay = DECAY * shape[place] if place in (0, 2) else 0.0
            shape[place] -= (rate * (move + decay)).astype(np.float32)
    weights_in = shape[0] / spread[:, None]
    return Head(
        weights_in=weights_in,
        bias_in=shape[1] - center @ weights_in,
        weights_out=shape[2],
        bias_out=shape[3],
    )


def _draw(
    weights: Matrix, *, n_steps: int, rng: np.random.Generator
) -> Iterator[NDArray[np.int64]]:
    sums = np.cumsum(weights.astype(np.float64))
    for _ in range(n_steps):
        yield np.searchsorted(sums, rng.random(BATCH_SIZE) * sums[-1])


def _slope(
    batch: Matrix, labels: Matrix, shape: list[Matrix], rng: np.random.Generator
) -> tuple[Matrix, ...]:
    batch = batch * _keep(batch.shape, DROPPED_INPUTS, rng)
    hidden = np.maximum(batch @ shape[0] + shape[1], 0)
    kept = _keep(hidden.shape, DROPPED_HIDDEN, rng)
    votes = (hidden * kept) @ shape[2] + shape[3]
    targets = labels * (1 - SMOOTHING) + SMOOTHING / 2
    error = ((1 / (1 + np.exp(-votes)) - targets) * OUTPUT_WEIGHTS / len(batch)).astype(np.float32)
    back = (error @ shape[2].T) * kept * (hidden > 0)
    return batch.T @ back, back.sum(axis=0), (hidden * kept).T @ error, error.sum(axis=0)


def _keep(shape: tuple[int, ...], dropped: float, rng: np.random.Generator) -> Matrix:
    return ((rng.random(shape, dtype=np.float32) >= dropped) / np.float32(1 - dropped)).astype(
        np.float32
    )
