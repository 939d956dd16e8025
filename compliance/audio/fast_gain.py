"""The gain of compressor and limiter: one fast broadband factor, found by iteration.

All of it happens on the narrow grid: what mastering does to a song it does to all of it.
"""

import numpy as np
import numpy.typing as npt

from compliance.audio.least_squares import Solver
from compliance.audio.signal import Samples
from compliance.audio.spectrum import NARROW, compute_spectrum, synthesize

# Refinements of the gain.  Source: prototype, 4 passes bring the limiter's error to -33 dB.
PASSES = 3
# The gain is found on this grid (0.73 ms at 11 025 Hz) and smoothed over 10 ms.
GRID_SAMPLES = 8
SMOOTHING = 14
MIN_GAIN, MAX_GAIN = 0.5, 2.0
# Residual energy is compared over half a second when an update of the gain is judged.
JUDGE_FRAMES = 11

Floats = npt.NDArray[np.float32]


def find_fast_gain(solver: Solver, narrow: Samples) -> Floats:
    """Return the gain per sample, as far as it lowers the residual.

    Parameters
    ----------
    narrow : ndarray, shape (n,), the song's mid at 11 025 Hz
    """
    count, hop = len(narrow), NARROW.hop_samples
    halves = solver.half_blocks
    spectrum = compute_spectrum(narrow, half_blocks=halves, grid=NARROW)
    modeled = synthesize(spectrum, sample_count=count, grid=NARROW)
    gain = best_gain = np.ones(count, np.float32)
    best_predicted = np.zeros(count, np.float32)
    best_left: Floats | None = None
    for number in range(PASSES + 1):
        if number:
            spectrum = compute_spectrum(narrow / gain, half_blocks=halves, grid=NARROW)
        gains = solver.solve([spectrum], grid=NARROW)
        predicted = synthesize(
            solver.predict(gains, grid=NARROW)[0], sample_count=count, grid=NARROW
        )
        predicted *= gain
        left = _smooth_energy(modeled - predicted)
        if best_left is None:
            better = np.ones(len(left), bool)
            best_left, best_predicted = left, predicted
        else:
            better = left < best_left
            mask = interpolate(better.astype(np.float32), hop, count)
            best_gain = best_gain + mask * (gain - best_gain)
            best_predicted = best_predicted + mask * (predicted - best_predicted)
            best_left = np.minimum(left, best_left)
        if number < PASSES:
            step = interpolate(np.where(better, 1.0, 0.4).astype(np.float32), hop, count)
            gain = best_gain * _track_gain(modeled, best_predicted) ** step
    return best_gain


def interpolate(values: Floats, step: int, count: int) -> Floats:
    """Return values given at the centers of stretches of `step` samples for every sample."""
    padded = np.concatenate([values[:1], values, values[-1:]]).astype(np.float32)
    weight = ((np.arange(step) + 0.5) / step).astype(np.float32)
    lines: Floats = np.diff(padded)[:, None] * weight
    lines += padded[:-1, None]
    return lines.reshape(-1)[step // 2 : step // 2 + count]


def _smooth_energy(samples: Samples) -> Floats:
    """Return the energy per hop, smoothed over half a second, shape (ceil(n / hop),)."""
    hop = NARROW.hop_samples
    padded = np.pad(samples, (0, -len(samples) % hop)).reshape(-1, hop)
    energy = np.einsum("ij,ij->i", padded, padded)
    return np.convolve(energy, np.ones(JUDGE_FRAMES, np.float32), "same")


def _track_gain(song: Samples, predicted: Samples) -> Floats:
    """Return the gain that turns the prediction into the song, smooth over 10 ms."""
    pad = -len(song) % GRID_SAMPLES
    given = np.pad(song, (0, pad)).reshape(-1, GRID_SAMPLES)
    found = np.pad(predicted, (0, pad)).reshape(-1, GRID_SAMPLES)
    kernel = np.hanning(SMOOTHING + 2)[1:-1].astype(np.float32)
    kernel /= kernel.sum()
    product = np.convolve(np.einsum("ij,ij->i", given, found), kernel, "same")
    power = np.convolve(np.einsum("ij,ij->i", found, found), kernel, "same")
    # Where little is predicted the gain stays near 1.
    floor = 5e-3 * float(power.mean()) + 1e-12
    ratio = np.clip((product + floor) / (power + floor), MIN_GAIN, MAX_GAIN)
    return interpolate(ratio.astype(np.float32), GRID_SAMPLES, len(song))
