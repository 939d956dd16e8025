"""How far the phases of a signal agree with those of a known recording: they do while it is heard."""

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.fft import rfft

from compliance.audio.extent import Agreement
from compliance.audio.landmarks import RATE_HZ
from compliance.audio.signal import Samples

# Windows of 0.37 s every 0.09 s at 11 025 Hz, compared between 80 Hz and 4.4 kHz.
WINDOW_SAMPLES = 4096
HOP_SAMPLES = 1024
LOW_BIN = round(80 / RATE_HZ * WINDOW_SAMPLES)
HIGH_BIN = round(4400 / RATE_HZ * WINDOW_SAMPLES)
# Agreement counts in standard deviations of chance, no window for more than this: a recording may
# be masked in one place and stand alone in another.
MAX_AGREEMENT = 3.0
# What a window must exceed to speak for the recording: half of what it usually reaches inside, and
# no less than this.  Notes of other music agree by chance for a while; a clear match shows its end.
MIN_CHANGE_DRIFT = 0.8
# Windows in which the source has less than this share of its mean power (-30 dB) are rests.
REST_SHARE = 1e-3
# Below this mean agreement inside the match the ends cannot be told better than by landmarks.
MIN_MEAN_AGREEMENT = 0.7

Floats = npt.NDArray[np.floating[Any]]


def compare_phases(
    samples: Samples, source: Samples, *, offset_s: float, start_s: float, end_s: float
) -> Agreement | None:
    """Return what phases say of where the source is heard; None where they say nothing.

    Parameters
    ----------
    samples, source : ndarray of float32, shape (n,), mono at 11 025 Hz
    offset_s : time in the source minus time in the signal
    start_s, end_s : a stretch of the signal in which it is known to be heard

    Notes
    -----
    Agreement is in standard deviations of chance: its mean is 0 where the source is not heard and what it is in the stretch
    where it is.
    """
    first_s = max(0.0, -offset_s)
    last_s = min(len(samples) / RATE_HZ, len(source) / RATE_HZ - offset_s)
    ours = samples[round(first_s * RATE_HZ) : round(last_s * RATE_HZ)]
    theirs = source[round((first_s + offset_s) * RATE_HZ) :][: len(ours)]
    ours = ours[: len(theirs)]
    if len(ours) < WINDOW_SAMPLES:
        return None
    agreement, power = _compare_phases(ours, theirs)
    centers_s = first_s + (np.arange(len(agreement)) * HOP_SAMPLES + WINDOW_SAMPLES / 2) / RATE_HZ
    inside = (centers_s >= start_s) & (centers_s <= end_s)
    if not inside.any():
        return None
    usual = float(agreement[inside].mean())
    if usual < MIN_MEAN_AGREEMENT:
        return None
    # A rest of the source says nothing: neither that it is heard on, nor that it ended.
    is_sounding = power > REST_SHARE * power[inside].mean()
    gains = usual * (agreement - max(MIN_CHANGE_DRIFT, usual / 2))
    # Windows overlap: so many see the same sound.
    gains *= HOP_SAMPLES / WINDOW_SAMPLES
    return Agreement(times_s=centers_s, log_odds=np.where(is_sounding, gains, 0.0))


def _compare_phases(ours: Samples, theirs: Samples) -> tuple[Floats, Floats]:
    """Return per window how far phases agree, in standard deviations of chance, and their power."""
    window = np.hanning(WINDOW_SAMPLES + 1)[:-1].astype(np.float32)
    spectra = [
        rfft(
            np.lib.stride_tricks.sliding_window_view(one, WINDOW_SAMPLES)[::HOP_SAMPLES] * window,
            axis=1,
        )[:, LOW_BIN:HIGH_BIN]
        for one in (ours, theirs)
    ]
    power = np.sum(np.abs(spectra[1]) ** 2, axis=1)
    cross = spectra[0] * np.conj(spectra[1])
    cross /= np.abs(cross) + 1e-12 * (float(np.abs(cross).max()) + 1e-30)
    agreement = cross.real.sum(axis=1) / np.sqrt(cross.shape[1] / 2)
    return np.clip(agreement, -MAX_AGREEMENT, MAX_AGREEMENT), power
