"""Least squares of a song against its tracks, in 32 bands and blocks of 2 s."""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from compliance.audio.spectrum import (
    BAND_STARTS,
    BAND_WIDTHS,
    HALF_BLOCK_FRAMES,
    WIDE,
    FrameGrid,
    Spectrum,
)

# Regressors are normalized per block and band; this keeps nearly equal ones apart.
RIDGE = 1e-4
# A regressor quieter than this share of the loudest in a cell (-70 dB) takes no part in it.
SILENT_SHARE = 1e-7

Complex = npt.NDArray[np.complex64]
Floats = npt.NDArray[np.float32]


class Solver:
    """Finds gains of regressors, block by block; Gram matrices are inverted once.

    A lane may have several regressors (mid and side).
    """

    def __init__(
        self, regressors: Iterable[tuple[int, Spectrum]], *, most: int, half_blocks: int
    ) -> None:
        """Take (lane, spectrum) one after the other, `most` of them at most."""
        self.half_blocks = half_blocks
        spaces = [
            np.empty((half_blocks, most, HALF_BLOCK_FRAMES * int(width)), np.complex64)
            for width in BAND_WIDTHS
        ]
        self.owners: list[int] = []
        for lane, spectrum in regressors:
            for band, space in enumerate(spaces):
                space[:, len(self.owners)] = _cut_band(spectrum, band, half_blocks)
            self.owners.append(lane)
        # What was not filled was never touched and takes no memory.
        self.bands = [space[:, : len(self.owners)] for space in spaces]
        grams = np.stack([one.conj() @ one.swapaxes(1, 2) for one in self.bands], axis=1)
        self.gram: Complex = grams[:-1] + grams[1:]
        self.energy = np.real(np.einsum("bfkk->bfk", self.gram)).copy()
        loudest = self.energy.max(axis=2, keepdims=True, initial=0.0)
        is_live = self.energy > SILENT_SHARE * loudest + 1e-9
        scale = np.where(is_live, 1 / np.sqrt(np.maximum(self.energy, 1e-20)), 0)
        self.scale = scale.astype(np.float32)
        normalized = self.gram * self.scale[..., :, None] * self.scale[..., None, :]
        diagonal = np.where(is_live, RIDGE, 1.0).astype(np.float32)
        normalized += diagonal[..., None] * np.eye(len(self.owners), dtype=np.float32)
        self.inverse = np.linalg.inv(normalized).astype(np.complex64)

    def solve(self, spectra: Sequence[Spectrum], *, grid: FrameGrid = WIDE) -> Complex:
        """Return the gains, shape (blocks, grid.band_count, regressors, channels)."""
        right = []
        for band, regressors in enumerate(self.bands[: grid.band_count]):
            song = np.stack([_cut_band(one, band, self.half_blocks) for one in spectra], axis=2)
            right.append((regressors @ song.conj()).conj())
        halves = np.stack(right, axis=1)
        scale = self.scale[:, : grid.band_count, :, None]
        gains: Complex = (
            self.inverse[:, : grid.band_count] @ ((halves[:-1] + halves[1:]) * scale)
        ) * scale
        return gains

    def predict(self, gains: Complex, *, grid: FrameGrid = WIDE) -> list[Spectrum]:
        """Return the modeled spectrum of each channel, block gains faded into one another."""
        blocks, channels = len(gains), gains.shape[3]
        frames = self.half_blocks * HALF_BLOCK_FRAMES
        spectra = [np.empty((frames, grid.bin_count), np.complex64) for _ in range(channels)]
        # A frame lies between the centers of the block before and the block that begins here.
        numbers = np.arange(self.half_blocks)
        before, after = np.maximum(numbers - 1, 0), np.minimum(numbers, blocks - 1)
        fade = ((np.arange(HALF_BLOCK_FRAMES) + 0.5) / HALF_BLOCK_FRAMES).astype(np.float32)
        for band, regressors in enumerate(self.bands[: grid.band_count]):
            here = gains[:, band].swapaxes(1, 2)
            both = np.concatenate([here[before], here[after] - here[before]], axis=1)
            width, start = int(BAND_WIDTHS[band]), int(BAND_STARTS[band])
            shape = (self.half_blocks, 2, channels, HALF_BLOCK_FRAMES, width)
            parts = (both @ regressors).reshape(shape)
            parts[:, 1] *= fade[:, None]
            parts[:, 0] += parts[:, 1]
            for channel, spectrum in enumerate(spectra):
                spectrum[:, start : start + width] = parts[:, 0, channel].reshape(frames, width)
        return spectra

    def measure_evidence(self, gains: Complex, lane: int) -> Floats:
        """Return the energy that omitting the lane would add to the residual."""
        own = [n for n, owner in enumerate(self.owners) if owner == lane]
        scale = self.scale[..., own]
        normalized = (
            gains[:, :, own] * np.where(scale > 0, 1 / np.maximum(scale, 1e-20), 0)[..., None]
        )
        part = self.inverse[:, :, own][:, :, :, own]
        solved = np.linalg.solve(part, normalized.astype(np.complex64))
        both: Floats = np.real(np.sum(normalized.conj() * solved, axis=(2, 3)))
        return both

    def measure_gain_db(self, gains: Complex, lane: int) -> Floats:
        """Return the broadband gain of the lane's mid per block, NaN where it is silent."""
        own = self.owners.index(lane)
        energy = self.energy[:, :, own]
        played = np.sum(np.abs(gains[:, :, own, 0]) ** 2 * energy, axis=1)
        given = energy.sum(axis=1)
        loud = given > 1e-6 * max(float(given.max()), 1e-12)
        ratio = np.where(loud, played / np.maximum(given, 1e-20), np.nan)
        return (10 * np.log10(np.maximum(ratio, 1e-12))).astype(np.float32)

    def measure_energy(self, lane: int) -> Floats:
        """Return the energy of the lane's mid per block, before gain."""
        total: Floats = self.energy[:, :, self.owners.index(lane)].sum(axis=1)
        return total


def _cut_band(spectrum: Spectrum, band: int, half_blocks: int) -> Complex:
    start, width = int(BAND_STARTS[band]), int(BAND_WIDTHS[band])
    return np.ascontiguousarray(spectrum[:, start : start + width]).reshape(half_blocks, -1)
