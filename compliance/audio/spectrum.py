"""Short-time spectra, cut into bands and half blocks for the reconstruction.

A frame is 93 ms, every 46 ms, with a sine window for analysis and synthesis, so that analysis and
synthesis together give the signal back.  Frame t is centered at sample t * hop.  A half block is
22 frames (1.02 s); the solver works on blocks of two.

The same frames exist on two grids: at 44.1 kHz with all bands, and at 11 025 Hz with the bands up
to 4.9 kHz.  Bins mean the same frequencies on both, so what is cheap is done on the narrow one.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.fft import irfft, rfft

from compliance.audio.signal import ANALYSIS_RATE_HZ, Samples

FRAME_SAMPLES = 4096
HOP_SAMPLES = FRAME_SAMPLES // 2
HALF_BLOCK_FRAMES = 22
HALF_BLOCK_SAMPLES = HALF_BLOCK_FRAMES * HOP_SAMPLES
HALF_BLOCK_S = HALF_BLOCK_SAMPLES / ANALYSIS_RATE_HZ
# Frames transformed at a time: small enough to stay in the processor's cache.
CHUNK_FRAMES = 32

Spectrum = npt.NDArray[np.complex64]
Energies = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float32]

# Bands: 70 Hz wide up to 500 Hz, then 26 in geometric steps up to 9 kHz, where codecs give out.
_EDGES_HZ = np.concatenate([np.arange(60, 500, 70), np.geomspace(500, 9000, 26)])
BAND_EDGES = np.unique(np.round(_EDGES_HZ / ANALYSIS_RATE_HZ * FRAME_SAMPLES).astype(int))
BAND_COUNT = len(BAND_EDGES) - 1
FIRST_BIN, LAST_BIN = int(BAND_EDGES[0]), int(BAND_EDGES[-1])
BAND_CENTERS_HZ = (BAND_EDGES[:-1] + BAND_EDGES[1:]) / 2 * ANALYSIS_RATE_HZ / FRAME_SAMPLES
BAND_STARTS = BAND_EDGES[:-1] - FIRST_BIN
BAND_WIDTHS = np.diff(BAND_EDGES)


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameGrid:
    """Frames of one duration at one sample rate.

    Attributes
    ----------
    factor : samples at 44.1 kHz per sample of this grid
    band_count : bands that this sample rate holds
    """

    factor: int
    band_count: int

    @property
    def hop_samples(self) -> int:
        """Return the samples between two frames."""
        return HOP_SAMPLES // self.factor

    @property
    def frame_samples(self) -> int:
        """Return the samples of a frame."""
        return FRAME_SAMPLES // self.factor

    @property
    def bin_count(self) -> int:
        """Return how many bins all bands have together."""
        return int(BAND_EDGES[self.band_count]) - FIRST_BIN

    @property
    def window(self) -> Floats:
        """Return the sine window, shape (frame_samples,)."""
        phase = (np.arange(self.frame_samples) * self.factor + 0.5) / FRAME_SAMPLES
        return np.sin(np.pi * phase).astype(np.float32)


WIDE = FrameGrid(factor=1, band_count=BAND_COUNT)
# 4.9 kHz: below the edge of what resampling to 11 025 Hz keeps.
NARROW_EDGE_HZ = 4_900.0
NARROW = FrameGrid(
    factor=4,
    band_count=int(np.sum(BAND_EDGES <= NARROW_EDGE_HZ / ANALYSIS_RATE_HZ * FRAME_SAMPLES)) - 1,
)


def count_half_blocks(sample_count: int) -> int:
    """Return how many half blocks cover so many samples at 44.1 kHz, at least two."""
    frames = -(-sample_count // HOP_SAMPLES) + 1
    return max(2, -(-frames // HALF_BLOCK_FRAMES))


def compute_spectrum(samples: Samples, *, half_blocks: int, grid: FrameGrid = WIDE) -> Spectrum:
    """Return the bins of the grid's bands, shape (half_blocks * 22, grid.bin_count).

    Values on the narrow grid are scaled to those on the wide one.
    """
    frame_count = half_blocks * HALF_BLOCK_FRAMES
    hop = grid.hop_samples
    padded = np.zeros((frame_count + 1) * hop, np.float32)
    usable = samples[: frame_count * hop]
    padded[hop : hop + len(usable)] = usable
    frames = np.lib.stride_tricks.sliding_window_view(padded, grid.frame_samples)[::hop]
    window = grid.window * np.float32(grid.factor)
    spectrum = np.empty((frame_count, grid.bin_count), np.complex64)
    bins = slice(FIRST_BIN, FIRST_BIN + grid.bin_count)
    for start in range(0, frame_count, CHUNK_FRAMES):
        chunk = frames[start : start + CHUNK_FRAMES] * window
        spectrum[start : start + CHUNK_FRAMES] = rfft(chunk, axis=1, overwrite_x=True)[:, bins]
    return spectrum


def synthesize(spectrum: Spectrum, *, sample_count: int, grid: FrameGrid = WIDE) -> Samples:
    """Return the signal whose bands are those of the spectrum, shape (sample_count,).

    A spectrum of the wide grid may be given with the narrow one: its upper bands are left out.
    """
    frame_count, hop = len(spectrum), grid.hop_samples
    output = np.zeros((frame_count + 1, hop), np.float32)
    window = grid.window / np.float32(grid.factor)
    full = np.zeros((CHUNK_FRAMES, grid.frame_samples // 2 + 1), np.complex64)
    for start in range(0, frame_count, CHUNK_FRAMES):
        chunk = spectrum[start : start + CHUNK_FRAMES, : grid.bin_count]
        full[: len(chunk), FIRST_BIN : FIRST_BIN + grid.bin_count] = chunk
        frames = irfft(full[: len(chunk)], grid.frame_samples, axis=1) * window
        output[start : start + len(chunk)] += frames[:, :hop]
        output[start + 1 : start + len(chunk) + 1] += frames[:, hop:]
    flat = output.reshape(-1)[hop : hop + sample_count]
    if len(flat) < sample_count:
        flat = np.pad(flat, (0, sample_count - len(flat)))
    return flat


def sum_band_energies(spectrum: Spectrum, *, weights: Floats | None = None) -> Energies:
    """Return the energy per half block and band, shape (half_blocks, BAND_COUNT).

    Parameters
    ----------
    weights : ndarray, shape (frames,): what the energy of each frame is multiplied by
    """
    parts = spectrum.view(np.float32)
    half_blocks = len(spectrum) // HALF_BLOCK_FRAMES
    if weights is None:
        weights = np.ones(len(spectrum), np.float32)
    power = (parts * parts).reshape(half_blocks, HALF_BLOCK_FRAMES, -1)
    summed = (weights.reshape(half_blocks, 1, HALF_BLOCK_FRAMES) @ power)[:, 0]
    return np.add.reduceat(summed, 2 * BAND_STARTS, axis=1)


def join_halves(halves: Floats) -> Floats:
    """Return block values of half-block values: each block is two half blocks, overlapping."""
    return halves[:-1] + halves[1:]
