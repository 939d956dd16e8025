"""How far the residual exceeds what the codec and an imperfect model explain, over time."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from compliance.audio.codec_noise import EncoderUnavailable, measure_codec_noise
from compliance.audio.reconstruction import Reconstruction
from compliance.audio.signal import AudioSignal
from compliance.audio.spectrum import HALF_BLOCK_S

# Error of the model relative to the song's energy in a band (-33 dB).  Source: prototype, DEV,
# compressor and limiter after 4 gain passes.
MODEL_ERROR = 10**-3.3
# The same relative to the band's mean energy over the song: quiet moments next to loud ones.
MODEL_SPILL = 3e-6
# A band takes part in the mean when it holds this share of the block's energy.
MIN_BAND_SHARE = 1e-4
# Blocks this much quieter than the loudest one are not judged (-30 dB).
MIN_BLOCK_SHARE = 1e-3
# Excess is judged over this many blocks: 4 s.
WINDOW_BLOCKS = 4
# What is encoded again: the middle of the song and its most suspicious window, so many half blocks
# of each.
EVEN_WINDOWS = 1
SUSPICIOUS_WINDOWS = 1
ENCODED_HALVES = 4

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Excess:
    """Excess per block, in dB; block n covers [n, n + 2) * 1.02 s.

    Attributes
    ----------
    mid_db, side_db : ndarray, shape (blocks,)
    noise_source : "measured", "none" for lossless files, or why it could not be measured
    """

    mid_db: Floats
    side_db: Floats
    step_s: float
    is_lossless: bool
    noise_source: str


def measure_excess(song: AudioSignal, reconstruction: Reconstruction) -> Excess:
    """Return the excess over the codec noise, measured on the song itself."""
    is_lossless = song.source is not None and song.source.is_lossless
    energies = reconstruction.song_energy
    noise = {name: np.zeros_like(energy) for name, energy in energies.items()}
    noise_source = "none"
    if not is_lossless:
        try:
            noise = _estimate_noise(song, reconstruction)
            noise_source = "measured"
        except EncoderUnavailable as error:
            noise_source = f"not measured: {error}"
    total = energies["mid"].sum(axis=1) + energies["side"].sum(axis=1)
    curves = {
        name: _compare(reconstruction.residual_energy[name], energies[name], noise[name], total)
        for name in ("mid", "side")
    }
    return Excess(
        mid_db=curves["mid"],
        side_db=curves["side"],
        step_s=HALF_BLOCK_S,
        is_lossless=is_lossless,
        noise_source=noise_source,
    )


def smooth_excess(values_db: Floats) -> Floats:
    """Return the mean over the 4 s around each block, shape kept."""
    if len(values_db) < WINDOW_BLOCKS:
        return np.full_like(values_db, values_db.mean() if len(values_db) else 0.0)
    kernel = np.ones(WINDOW_BLOCKS, np.float32) / WINDOW_BLOCKS
    windows = np.convolve(values_db, kernel, "valid")
    before = (WINDOW_BLOCKS - 1) // 2
    padding = (before, WINDOW_BLOCKS - 1 - before)
    return np.pad(windows, padding, mode="edge").astype(np.float32)


def _compare(residual: Floats, energy: Floats, noise: Floats, total: Floats) -> Floats:
    floor = noise + MODEL_ERROR * energy + MODEL_SPILL * energy.mean(axis=0) + 1e-9
    cells = 10 * np.log10((residual + 1e-9) / floor)
    counted = energy > MIN_BAND_SHARE * total[:, None] + 1e-9
    counted &= (total > MIN_BLOCK_SHARE * total.max())[:, None]
    sums = np.where(counted, cells, 0).sum(axis=1)
    means: Floats = (sums / np.maximum(counted.sum(axis=1), 1)).astype(np.float32)
    return means


def _estimate_noise(song: AudioSignal, reconstruction: Reconstruction) -> dict[str, Floats]:
    """Measure parts of the song and carry the rest over by each band's ratio to the energy."""
    energies, residuals = reconstruction.song_energy, reconstruction.residual_energy
    blocks = len(energies["mid"])
    windows = _choose_windows(
        smooth_excess(
            _compare(
                residuals["mid"],
                energies["mid"],
                np.zeros_like(energies["mid"]),
                energies["mid"].sum(axis=1) + energies["side"].sum(axis=1),
            )
        )
    )
    last = max(0, blocks + 1 - ENCODED_HALVES)
    halves = sorted({min(start, last) + n for start in windows for n in range(ENCODED_HALVES)})
    halves = [half for half in halves if half <= blocks]
    mid, side = measure_codec_noise(song, halves=halves)
    return {
        name: _extend(measured, halves, energies[name])
        for name, measured in (("mid", mid), ("side", side))
    }


def _choose_windows(suspicion: Floats) -> list[int]:
    """Return first blocks of windows: evenly spread ones, then the most suspicious others."""
    last = max(0, len(suspicion) - WINDOW_BLOCKS)
    chosen = {round(last * (n + 1) / (EVEN_WINDOWS + 1)) for n in range(EVEN_WINDOWS)}
    for block in np.argsort(-suspicion, kind="stable").tolist():
        start = min(last, max(0, block - 1))
        if all(abs(start - other) >= WINDOW_BLOCKS for other in chosen):
            chosen.add(start)
        if len(chosen) >= EVEN_WINDOWS + SUSPICIOUS_WINDOWS:
            break
    return sorted(chosen)


def _extend(measured: Floats, halves: Sequence[int], energy: Floats) -> Floats:
    """Return the noise of all blocks from that of some half blocks."""
    known: dict[int, Floats] = {}
    for place, half in enumerate(halves[:-1]):
        if halves[place + 1] == half + 1 and half < len(energy):
            known[half] = measured[place] + measured[place + 1]
    numbers = sorted(known)
    noise = np.stack([known[number] for number in numbers])
    ratio = np.median(np.log((noise + 1e-9) / (energy[numbers] + 1e-9)), axis=0)
    extended = energy * np.exp(ratio)
    extended[numbers] = noise
    noise_everywhere: Floats = extended.astype(np.float32)
    return noise_everywhere
