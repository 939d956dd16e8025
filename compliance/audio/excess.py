"""How far the residual exceeds what the codec and an imperfect model explain, over time."""

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
# What is encoded again: windows spread evenly over the song, of so many half blocks each.
ENCODED_WINDOWS = 4
ENCODED_HALVES = 2
# A recording is often heard in some bands alone, where little else sounds: so many neighboring bands
# are taken together, over so many blocks (8 s).
GROUP_BANDS = 8
GROUP_BLOCKS = 8

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Excess:
    """Excess per block, in dB; block n covers [n, n + 2) * 1.02 s.

    Attributes
    ----------
    mid_db, side_db : ndarray, shape (blocks,), mean of all bands in dB
    band_db : ndarray, shape (blocks,), the mean of mid and side in the group of neighboring bands
        where it is highest, over the 8 s around each block
    noise_source : "measured", "none" for lossless files, or why it could not be measured
    """

    mid_db: Floats
    side_db: Floats
    band_db: Floats
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
    mid, side = (
        _compare(reconstruction.residual_energy[name], energies[name], noise[name], total)
        for name in ("mid", "side")
    )
    return Excess(
        mid_db=_average_bands(*mid),
        side_db=_average_bands(*side),
        band_db=_find_highest_group(np.float32(0.5) * (mid[0] + side[0])),
        step_s=HALF_BLOCK_S,
        is_lossless=is_lossless,
        noise_source=noise_source,
    )


def smooth_excess(values_db: Floats) -> Floats:
    """Return the mean over the 4 s around each block, shape kept."""
    return _smooth(values_db[:, None], WINDOW_BLOCKS)[:, 0]


def _smooth(values: Floats, blocks: int) -> Floats:
    """Return the mean over so many blocks around each, shape (blocks, n) kept."""
    if len(values) < blocks:
        return np.repeat(values.mean(axis=0, keepdims=True), len(values), axis=0)
    windows = np.lib.stride_tricks.sliding_window_view(values, blocks, axis=0).mean(axis=-1)
    before = (blocks - 1) // 2
    padding = ((before, blocks - 1 - before), (0, 0))
    return np.pad(windows, padding, mode="edge").astype(np.float32)


def _compare(
    residual: Floats, energy: Floats, noise: Floats, total: Floats
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Return the residual over what is usual, 1 where there is too little to compare, and where."""
    floor = noise + MODEL_ERROR * energy + MODEL_SPILL * energy.mean(axis=0) + 1e-9
    counted = energy > MIN_BAND_SHARE * total[:, None] + 1e-9
    counted &= (total > MIN_BLOCK_SHARE * total.max())[:, None]
    return np.where(counted, (residual + 1e-9) / floor, 1.0).astype(np.float32), counted


def _average_bands(ratio: Floats, counted: npt.NDArray[np.bool_]) -> Floats:
    sums = 10 * np.log10(ratio).sum(axis=1)
    means: Floats = (sums / np.maximum(counted.sum(axis=1), 1)).astype(np.float32)
    return means


def _find_highest_group(ratio: Floats) -> Floats:
    groups = np.lib.stride_tricks.sliding_window_view(ratio, GROUP_BANDS, axis=1).mean(axis=-1)
    highest: Floats = 10 * np.log10(_smooth(groups, GROUP_BLOCKS).max(axis=1))
    return highest


def _estimate_noise(song: AudioSignal, reconstruction: Reconstruction) -> dict[str, Floats]:
    """Measure parts of the song and carry the noise over by each band's ratio to the energy."""
    energies = reconstruction.song_energy
    noise = measure_codec_noise(song, halves=_choose_halves(len(energies["mid"]) + 1))
    return {
        "mid": _extend(noise.mid, noise.song_mid, energies["mid"]),
        "side": _extend(noise.side, noise.song_side, energies["side"]),
    }


def _choose_halves(count: int) -> list[int]:
    """Return the numbers of the half blocks that are encoded again, of `count` in all."""
    room = max(0, count - ENCODED_HALVES - 1)
    starts = [int(room * (n + 1) / (ENCODED_WINDOWS + 1)) for n in range(ENCODED_WINDOWS)]
    return sorted({min(start + n, count - 1) for start in starts for n in range(ENCODED_HALVES)})


def _extend(noise: Floats, song: Floats, energy: Floats) -> Floats:
    """Return the noise of all blocks from that of some half blocks."""
    ratio = np.median(np.log((noise + 1e-9) / (song + 1e-9)), axis=0)
    noise_everywhere: Floats = (energy * np.exp(ratio)).astype(np.float32)
    return noise_everywhere
