"""Landmarks: pairs of spectral peaks, hashed; few on the reference side, many on the query side.

A landmark is a peak at frequency bin f1 followed by another, df bins higher, dt frames later; its
hash is f1 (9 bits), df + 64 (7 bits), dt (6 bits).  References keep few strong peaks so that the
index stays small, queries keep many and pair them freely so that a mix still hits.  Speed, pitch
and tempo changes are searched by moving the query's peaks, so audio is analyzed once.

References
----------
A. Wang, "An Industrial Strength Audio Search Algorithm", ISMIR 2003.  Differences: asymmetric
density, spectral tilt flattened before ranking, score from the Poisson tail of the best offset.
Landmark search has been patented (US 6,990,453; US 7,627,477): see docs/audio-verification.md.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.fft import rfft
from scipy.ndimage import uniform_filter1d

from compliance.audio.signal import Samples

RATE_HZ = 11_025
FRAME_SAMPLES = 1024
HOP_SAMPLES = 256
FRAMES_PER_S = RATE_HZ / HOP_SAMPLES
# Peaks lie between these bins: 86 Hz to 4.5 kHz, which every codec keeps.
LOWEST_BIN, HIGHEST_BIN = 8, 420
MIN_GAP_FRAMES, MAX_GAP_FRAMES = 2, 40
MAX_STEP_BINS = 63
# Postings keep time in units of two frames (46 ms), which absorbs rounding.
FRAMES_PER_TICK = 2
TICK_S = FRAMES_PER_TICK / FRAMES_PER_S
# A peak is the maximum of +-3 frames and +-6 bins, no more than 70 dB (8 nepers) below the loudest.
PEAK_FRAMES, PEAK_BINS = 7, 13
DYNAMIC_RANGE_NEPERS = 8.0
# Bins over which spectral tilt is averaged out before peaks are ranked.
TILT_BINS = 31
# Frames analyzed at a time, to bound memory.
CHUNK_FRAMES = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Density:
    """How many peaks a second are kept, and with how many later peaks each is paired."""

    peaks_per_s: int
    fan: int


# Measured on DEV (6 songs, 859 references): 60/16 finds 21 of 25 declared stems with zero wrong;
# 100/40 costs three times the hashes and finds no more.
REFERENCE_DENSITY = Density(peaks_per_s=20, fan=4)
QUERY_DENSITY = Density(peaks_per_s=60, fan=16)


@dataclass(frozen=True, slots=True, kw_only=True)
class Peaks:
    """Spectral peaks.

    Attributes
    ----------
    frame : ndarray of int32, shape (n,), ascending
    freq : ndarray of float32, shape (n,), interpolated bin
    frame_count : frames in the whole signal
    """

    frame: npt.NDArray[np.int32]
    freq: npt.NDArray[np.float32]
    frame_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Landmarks:
    """Hashed peak pairs.

    Attributes
    ----------
    hashes : ndarray of uint32, shape (n,), below 2**22
    frames : ndarray of int32, shape (n,), frame of the first peak
    """

    hashes: npt.NDArray[np.uint32]
    frames: npt.NDArray[np.int32]


def find_peaks(samples: Samples, *, density: Density) -> Peaks:
    """Return the strongest local maxima of each second.

    Parameters
    ----------
    samples : ndarray of float32, shape (n,), mono at 11 025 Hz
    """
    spectrum = _compute_log_spectrum(samples)
    frame_count = len(spectrum)
    is_peak = spectrum == _find_local_maxima(spectrum)
    is_peak &= spectrum > spectrum.max() - DYNAMIC_RANGE_NEPERS
    is_peak[:, :LOWEST_BIN] = False
    is_peak[:, HIGHEST_BIN:] = False
    frame, bin_ = np.nonzero(is_peak)
    if not len(frame):
        return Peaks(frame=np.zeros(0, np.int32), freq=np.zeros(0, np.float32), frame_count=0)
    tilt = uniform_filter1d(spectrum, TILT_BINS, axis=1)
    strength = spectrum[frame, bin_] - tilt[frame, bin_]
    second = (frame / FRAMES_PER_S).astype(np.int32)
    order = np.lexsort((-strength, second))
    rank = np.arange(len(frame)) - np.searchsorted(second[order], second[order], side="left")
    kept = np.sort(order[rank < density.peaks_per_s])
    frame, bin_ = frame[kept], bin_[kept]
    below, at, above = (spectrum[frame, bin_ + step] for step in (-1, 0, 1))
    curve = np.minimum(below - 2 * at + above, -1e-6)
    freq = bin_ + np.clip(0.5 * (below - above) / curve, -0.5, 0.5)
    return Peaks(
        frame=frame.astype(np.int32), freq=freq.astype(np.float32), frame_count=frame_count
    )


def hash_peaks(
    peaks: Peaks, *, fan: int, pitch_ratio: float = 1.0, time_ratio: float = 1.0
) -> Landmarks:
    """Return the landmarks of peaks moved in frequency and time by the given ratios."""
    frame = np.round(peaks.frame * time_ratio).astype(np.int32)
    bin_ = np.round(peaks.freq * pitch_ratio).astype(np.int32)
    inside = (bin_ >= LOWEST_BIN) & (bin_ < 512)
    order = np.lexsort((bin_[inside], frame[inside]))
    frame, bin_ = frame[inside][order], bin_[inside][order]
    hashes, frames = [], []
    partners = np.zeros(len(frame), np.int32)
    for step in range(1, len(frame)):
        gap = frame[step:] - frame[:-step]
        if gap.min() >= MAX_GAP_FRAMES:
            break
        rise = bin_[step:] - bin_[:-step]
        good = (gap >= MIN_GAP_FRAMES) & (gap < MAX_GAP_FRAMES) & (np.abs(rise) <= MAX_STEP_BINS)
        first = np.flatnonzero(good & (partners[:-step] < fan))
        partners[first] += 1
        hashes.append((bin_[first] << 13) | ((rise[first] + 64) << 6) | gap[first])
        frames.append(frame[first])
    if not hashes:
        return Landmarks(hashes=np.zeros(0, np.uint32), frames=np.zeros(0, np.int32))
    return Landmarks(hashes=np.concatenate(hashes).astype(np.uint32), frames=np.concatenate(frames))


def _find_local_maxima(spectrum: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the maximum of the PEAK_FRAMES x PEAK_BINS cells around each cell."""
    in_rows = _slide_maximum(spectrum.T, PEAK_BINS).T
    return _slide_maximum(in_rows, PEAK_FRAMES)


def _slide_maximum(values: npt.NDArray[np.float32], width: int) -> npt.NDArray[np.float32]:
    """Return the maximum of `width` (odd) rows around each row, by doubling shifted maxima."""
    edge = np.full((width // 2, values.shape[1]), -np.inf, np.float32)
    maxima = np.concatenate([edge, values, edge])
    covered = 1
    while covered < width:
        step = min(covered, width - covered)
        maxima = np.maximum(maxima[:-step], maxima[step:])
        covered += step
    return maxima


def _compute_log_spectrum(samples: Samples) -> npt.NDArray[np.float32]:
    if len(samples) < FRAME_SAMPLES:
        samples = np.pad(samples, (0, FRAME_SAMPLES - len(samples)))
    samples = np.ascontiguousarray(samples, dtype=np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME_SAMPLES)[::HOP_SAMPLES]
    window = np.hanning(FRAME_SAMPLES + 1)[:-1].astype(np.float32)
    spectrum = np.empty((len(frames), FRAME_SAMPLES // 2), np.float32)
    for start in range(0, len(frames), CHUNK_FRAMES):
        chunk = rfft(frames[start : start + CHUNK_FRAMES] * window, axis=1)
        spectrum[start : start + CHUNK_FRAMES] = np.abs(chunk[:, : FRAME_SAMPLES // 2])
    # The floor of about -100 dB keeps digital silence finite.
    spectrum += np.float32(1e-5)
    np.log(spectrum, out=spectrum)
    return spectrum
