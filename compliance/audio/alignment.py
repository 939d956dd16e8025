"""Delays between two recordings of the same sound, by whitened correlation."""

from dataclasses import dataclass

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft

from compliance.audio.signal import Samples


@dataclass(frozen=True, slots=True, kw_only=True)
class WhitenedPeak:
    """The strongest peak of a whitened correlation.

    Attributes
    ----------
    lag : samples by which the first signal is later than the second
    z : height over the mean, in standard deviations of the correlation outside the peak
    """

    lag: int
    z: float


def find_delay(later: Samples, earlier: Samples, *, max_lag: int) -> int:
    """Return by how many samples `later` lags behind `earlier`, within +-max_lag."""
    return correlate_whitened(later, earlier, min_lag=-max_lag, max_lag=max_lag).lag


def correlate_whitened(
    later: Samples,
    earlier: Samples,
    *,
    min_lag: int,
    max_lag: int,
    low_share: float = 0.0,
    high_share: float = 1.0,
) -> WhitenedPeak:
    """Return the strongest lag in [min_lag, max_lag].

    Parameters
    ----------
    low_share, high_share : part of the spectrum that counts, in [0, 1] of the Nyquist frequency
    """
    size = next_fast_len(len(later) + len(earlier), real=True)
    cross = rfft(later, size)
    cross *= np.conj(rfft(earlier, size))
    magnitude = np.abs(cross)
    cross /= magnitude + 1e-9 * (float(magnitude.max()) + 1e-30)
    cross[: int(low_share * len(cross))] = 0
    cross[int(high_share * len(cross)) :] = 0
    correlation = irfft(cross, size)
    lags = np.arange(min_lag, max_lag + 1)
    window = correlation[lags % size]
    best = int(np.argmax(np.abs(window)))
    spread = float(np.std(correlation)) + 1e-12
    return WhitenedPeak(lag=int(lags[best]), z=float(abs(window[best])) / spread)


def shift(samples: Samples, lag: int) -> Samples:
    """Return samples delayed by `lag` (advanced if negative), the same length, zeros moved in."""
    moved = np.zeros_like(samples)
    if lag >= 0:
        moved[lag:] = samples[: len(samples) - lag]
    else:
        moved[:lag] = samples[-lag:]
    return moved
