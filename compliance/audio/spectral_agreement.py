"""How far the spectrum of a signal has the shape of a known recording's: it does while the recording is heard.

No phase survives a change of pitch or tempo; the shape of the spectrum does, once the change is undone in the axes of time
and frequency.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.fft import rfft

from compliance.audio.extent import STEP_S, Agreement
from compliance.audio.landmarks import RATE_HZ
from compliance.audio.signal import Samples

# Frames of 0.19 s.
FRAME_SAMPLES = 2048
# Frames transformed at a time, to bound memory.
CHUNK_FRAMES = 512
# Bands of the song, nine an octave; their centers lie between these frequencies in Hz.
BAND_COUNT = 42
LOWEST_HZ, HIGHEST_HZ = 150.0, 3_600.0
# Power below this share of a band's mean (-30 dB) is as good as none.
FLOOR_SHARE = 1e-3
# Frames in which the recording has less than this share of its mean power (-30 dB) are rests.
REST_SHARE = 1e-3
# Levels and how they change count alike; a change is that over twice so many frames.
CHANGE_STEPS = 2
# Of the frames in the match so many hold little but the source: they say how loud it is played.
OWN_QUANTILE = 0.25
# Where it is buried, so much of the usual agreement is still expected.
LEAST_EXPECTED = 0.3
# Agreement by chance is measured at these wrong places of the recording, in seconds.
WRONG_PLACES_S = (-7.3, -5.1, -3.7, 3.7, 5.1, 7.3)
# A frame and its change look at so much of the signal, in seconds: so many steps see the same sound.
SHARED_S = 0.37
# What is known of fewer frames is not known.
MIN_FRAMES = 10
# Correlations by chance vary by no less than this.
MIN_VARIANCE = 0.005
# The ends cannot be told where agreement exceeds chance by less than this, as a correlation.
MIN_GAIN = 0.1

Floats = npt.NDArray[np.floating[Any]]


def compare_spectra(
    samples: Samples,
    source: Samples,
    *,
    offset_s: float,
    start_s: float,
    end_s: float,
    pitch_ratio: float = 1.0,
    time_ratio: float = 1.0,
) -> Agreement | None:
    """Return what the shapes of spectra say of where the source is heard; None where they say nothing.

    Parameters
    ----------
    samples, source : ndarray of float32, shape (n,), mono at 11 025 Hz
    pitch_ratio : frequency in the source over the frequency it is heard at
    time_ratio, offset_s : second t of the signal sounds like second t * time_ratio + offset_s of the source
    start_s, end_s : a stretch of the signal in which it is known to be heard

    Notes
    -----
    Each frame of both is its band levels without their means over time and over frequency, and how these change; the
    correlation of the two is near what chance gives where the source is not heard and higher where it is.
    """
    last_s = min(len(samples) / RATE_HZ, (len(source) / RATE_HZ - offset_s) / time_ratio)
    times_s = np.arange(max(0.0, -offset_s / time_ratio), last_s, STEP_S)
    inside = (times_s >= start_s) & (times_s <= end_s)
    if inside.sum() < MIN_FRAMES:
        return None
    centers_hz = np.geomspace(LOWEST_HZ, HIGHEST_HZ, BAND_COUNT)
    theirs_s = times_s * time_ratio + offset_s
    ours, _ = _compute_band_power(samples, times_s, centers_hz)
    theirs, power = _compute_band_power(source, theirs_s, centers_hz * pitch_ratio)
    shapes = _compute_shape(ours, inside)
    agreement = _correlate(shapes, _compute_shape(theirs, inside))
    chance = _correlate_by_chance(
        shapes[inside], source, theirs_s[inside], centers_hz * pitch_ratio
    )
    if len(chance) < MIN_FRAMES:
        return None
    usual, by_chance = float(agreement[inside].mean()), float(np.mean(chance))
    if usual - by_chance < MIN_GAIN:
        return None
    # A rest of the source says nothing: neither that it is heard on, nor that it ended.
    is_sounding = power > REST_SHARE * power[inside].mean()
    # Where it is quieter than what else sounds there, less agreement is to be expected.
    louder = ours.sum(axis=1) / np.maximum(theirs.sum(axis=1), 1e-12)
    heard = louder[inside & is_sounding & (louder > 0)]
    gain = np.quantile(heard, OWN_QUANTILE) if len(heard) else 0.0
    share = np.clip(gain / np.maximum(louder, 1e-12), LEAST_EXPECTED, 1.0)
    expected = share * (usual - by_chance)
    log_odds = expected * (agreement - by_chance - expected / 2)
    log_odds /= max(float(np.var(chance)), MIN_VARIANCE)
    log_odds *= STEP_S / SHARED_S
    return Agreement(times_s=times_s, log_odds=np.where(is_sounding, log_odds, 0.0))


def _correlate_by_chance(
    shapes: Floats, source: Samples, theirs_s: Floats, centers_hz: Floats
) -> Floats:
    """Return the correlations of frames with the wrong places of the source that there are."""
    found = []
    for wrong_s in WRONG_PLACES_S:
        places_s = theirs_s + wrong_s
        exists = (places_s >= 0) & (places_s < len(source) / RATE_HZ)
        if exists.sum() >= MIN_FRAMES:
            power, _ = _compute_band_power(source, places_s[exists], centers_hz)
            found.append(
                _correlate(shapes[exists], _compute_shape(power, np.ones(len(power), bool)))
            )
    return np.concatenate(found) if found else np.zeros(0)


def _compute_band_power(
    samples: Samples, times_s: Floats, centers_hz: Floats
) -> tuple[Floats, Floats]:
    """Return the power of frames at the times, shape (times, bands), and of all frequencies; none outside the signal."""
    half = FRAME_SAMPLES // 2
    first = np.round(times_s * RATE_HZ).astype(np.int64)
    is_in = (first >= 0) & (first < len(samples))
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(samples, (half, half)), FRAME_SAMPLES)
    window = np.hanning(FRAME_SAMPLES + 1)[:-1].astype(np.float32)
    between_hz = np.sqrt(centers_hz[:-1] * centers_hz[1:])
    edges_hz = np.concatenate(
        [[centers_hz[0] ** 2 / between_hz[0]], between_hz, [centers_hz[-1] ** 2 / between_hz[-1]]]
    )
    # Bins are shared between the bands whose edge cuts them, so that a shift by part of a bin changes little.
    at = edges_hz / RATE_HZ * FRAME_SAMPLES + 0.5
    whole = at.astype(int)
    part = at - whole
    banded = np.zeros((len(times_s), len(centers_hz)))
    total = np.zeros(len(times_s))
    places = np.flatnonzero(is_in)
    for chunk in np.split(places, range(CHUNK_FRAMES, len(places), CHUNK_FRAMES)):
        spectrum = rfft(frames[first[chunk]] * window, axis=1)
        power = spectrum.real**2 + spectrum.imag**2
        # In float32 a sum forgets what is 75 dB quieter.
        sums = np.cumsum(np.pad(power, ((0, 0), (1, 1))), axis=1, dtype=np.float64)
        banded[chunk] = np.diff(sums[:, whole] * (1 - part) + sums[:, whole + 1] * part, axis=1)
        total[chunk] = sums[:, -1]
    return np.maximum(banded, 0.0), total


def _compute_shape(power: Floats, inside: npt.NDArray[np.bool_]) -> Floats:
    """Return the log power without its means over time and frequency, each frame of length 1."""
    levels = np.log(power + FLOOR_SHARE * power[inside].mean(axis=0) + 1e-12)
    levels -= levels[inside].mean(axis=0)
    levels -= levels.mean(axis=1, keepdims=True)
    changes = np.zeros_like(levels)
    changes[CHANGE_STEPS:-CHANGE_STEPS] = levels[2 * CHANGE_STEPS :] - levels[: -2 * CHANGE_STEPS]
    parts = [
        part / (np.linalg.norm(part, axis=1, keepdims=True) + 1e-9) for part in (levels, changes)
    ]
    shape: Floats = np.concatenate(parts, axis=1) / np.sqrt(2)
    return shape


def _correlate(ours: Floats, theirs: Floats) -> Floats:
    product: Floats = np.sum(ours * theirs, axis=1)
    return product
