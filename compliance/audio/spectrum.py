"""Short-time spectra at 44.1 kHz, cut into bands and half blocks for the reconstruction.

A frame is 93 ms, every 46 ms, with a sine window for analysis and synthesis, so that analysis and
synthesis together give the signal back.  Frame t is centered at sample t * HOP.  A half block is
22 frames (1.02 s); the solver works on blocks of two.
"""

import numpy as np
import numpy.typing as npt
from scipy.fft import irfft, rfft

from compliance.audio.signal import ANALYSIS_RATE_HZ, Samples

FRAME_SAMPLES = 4096
HOP_SAMPLES = FRAME_SAMPLES // 2
HALF_BLOCK_FRAMES = 22
HALF_BLOCK_SAMPLES = HALF_BLOCK_FRAMES * HOP_SAMPLES
HALF_BLOCK_S = HALF_BLOCK_SAMPLES / ANALYSIS_RATE_HZ
WINDOW = np.sin(np.pi * (np.arange(FRAME_SAMPLES) + 0.5) / FRAME_SAMPLES).astype(np.float32)

Spectrum = npt.NDArray[np.complex64]
Energies = npt.NDArray[np.float32]

# Bands: 70 Hz wide up to 500 Hz, then 26 in geometric steps up to 9 kHz, where codecs give out.
_EDGES_HZ = np.concatenate([np.arange(60, 500, 70), np.geomspace(500, 9000, 26)])
BAND_EDGES = np.unique(np.round(_EDGES_HZ / ANALYSIS_RATE_HZ * FRAME_SAMPLES).astype(int))
BAND_COUNT = len(BAND_EDGES) - 1
FIRST_BIN, LAST_BIN = int(BAND_EDGES[0]), int(BAND_EDGES[-1])
BAND_CENTERS_HZ = (BAND_EDGES[:-1] + BAND_EDGES[1:]) / 2 * ANALYSIS_RATE_HZ / FRAME_SAMPLES
BAND_STARTS = BAND_EDGES[:-1] - FIRST_BIN
BAND_WIDTHS = np.diff(BAND_EDGES)


def count_half_blocks(sample_count: int) -> int:
    """Return how many half blocks cover so many samples, at least two."""
    frames = -(-sample_count // HOP_SAMPLES) + 1
    return max(2, -(-frames // HALF_BLOCK_FRAMES))


def compute_spectrum(samples: Samples, *, half_blocks: int) -> Spectrum:
    """Return the bins of the modeled range, shape (half_blocks * 22, LAST_BIN - FIRST_BIN)."""
    frame_count = half_blocks * HALF_BLOCK_FRAMES
    padded = np.zeros((frame_count + 1) * HOP_SAMPLES, np.float32)
    usable = samples[: frame_count * HOP_SAMPLES]
    padded[HOP_SAMPLES : HOP_SAMPLES + len(usable)] = usable
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME_SAMPLES)[::HOP_SAMPLES]
    spectrum = np.empty((frame_count, LAST_BIN - FIRST_BIN), np.complex64)
    for start in range(0, frame_count, 256):
        chunk = rfft(frames[start : start + 256] * WINDOW, axis=1)
        spectrum[start : start + 256] = chunk[:, FIRST_BIN:LAST_BIN]
    return spectrum


def synthesize(spectrum: Spectrum, *, sample_count: int) -> Samples:
    """Return the signal whose modeled range is the given spectrum, shape (sample_count,)."""
    frame_count = len(spectrum)
    output = np.zeros((frame_count + 1, HOP_SAMPLES), np.float32)
    for start in range(0, frame_count, 256):
        chunk = spectrum[start : start + 256]
        full = np.zeros((len(chunk), FRAME_SAMPLES // 2 + 1), np.complex64)
        full[:, FIRST_BIN:LAST_BIN] = chunk
        frames = irfft(full, FRAME_SAMPLES, axis=1) * WINDOW
        output[start : start + len(chunk)] += frames[:, :HOP_SAMPLES]
        output[start + 1 : start + len(chunk) + 1] += frames[:, HOP_SAMPLES:]
    flat = output.reshape(-1)[HOP_SAMPLES : HOP_SAMPLES + sample_count]
    if len(flat) < sample_count:
        flat = np.pad(flat, (0, sample_count - len(flat)))
    return flat


def sum_band_energies(spectrum: Spectrum) -> Energies:
    """Return the energy per half block and band, shape (half_blocks, BAND_COUNT)."""
    power = spectrum.real**2 + spectrum.imag**2
    half_blocks = len(spectrum) // HALF_BLOCK_FRAMES
    per_half = power.reshape(half_blocks, HALF_BLOCK_FRAMES, -1).sum(axis=1)
    return np.add.reduceat(per_half, BAND_STARTS, axis=1)


def join_halves(halves: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return block values of half-block values: each block is two half blocks, overlapping."""
    return halves[:-1] + halves[1:]
