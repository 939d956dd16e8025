"""Explain the song by what was declared, and measure what is left.

Model: song(t) = g(t) * sum_i a_i(band, block) * x_i(t), for the mid and the side channel; x are the
mid and side of every declared track, a is complex and solved by least squares in 32 bands and
2 s blocks (1 s apart), g is one fast broadband gain (compressor, limiter) found by iteration.
The song is divided by g rather than the tracks multiplied, so the tracks' spectra and their Gram
matrices are computed once.  An update of g is kept only where it lowers the residual.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from compliance.audio.fast_gain import find_fast_gain
from compliance.audio.least_squares import Solver
from compliance.audio.signal import Samples, compute_energy, mix_channels
from compliance.audio.song_delay import find_song_delay
from compliance.audio.spectrum import (
    BAND_COUNT,
    HALF_BLOCK_SAMPLES,
    NARROW,
    Energies,
    Spectrum,
    compute_spectrum,
    count_half_blocks,
    join_halves,
    sum_band_energies,
    synthesize,
)
from compliance.audio.tracks import TrackRenderer

# The side of a track is modeled when it holds at least this share of the mid's energy.
MIN_SIDE_SHARE = 1e-4
# A stretch is this many half blocks (1.02 s) at most and at least; in between it gets shorter with
# the number of lanes, so that regressors take about 100 MB.
MAX_STRETCH_HALVES, MIN_STRETCH_HALVES = 64, 10
LANE_HALVES = 380
CHANNELS = ("mid", "side")

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconstruction:
    """What is left of the song, and what each track explains.

    Attributes
    ----------
    delay_samples : how much later the song is than the manifest says, at 44.1 kHz
    residual_mid, residual_side : ndarray of float32, shape (n,), 11 025 Hz, 60 Hz to 4.9 kHz
    residual_energy, song_energy : dict "mid" and "side" of ndarray, shape (blocks, bands)
    evidence : ndarray, shape (lanes, blocks, bands): residual energy that omitting it would add
    gain_db : ndarray, shape (lanes, blocks): broadband gain of the lane, NaN where it is silent
    lane_energy : ndarray, shape (lanes, blocks), before gain
    """

    delay_samples: int
    residual_mid: Samples
    residual_side: Samples
    residual_energy: dict[str, Floats]
    song_energy: dict[str, Floats]
    evidence: Floats
    gain_db: Floats
    lane_energy: Floats

    @property
    def left_db(self) -> float:
        """Return the energy left of the song, in dB relative to the song."""
        left = sum(float(one.sum()) for one in self.residual_energy.values())
        whole = sum(float(one.sum()) for one in self.song_energy.values())
        return 10 * float(np.log10((left + 1e-12) / (whole + 1e-12)))


def reconstruct(samples: Samples, narrow: Samples, renderer: TrackRenderer) -> Reconstruction:
    """Fit the lanes to the song and return what is left.

    Long songs are done in stretches, so that memory does not grow with the length.

    Parameters
    ----------
    samples : ndarray of float32, shape (n, 1 or 2), the song at 44.1 kHz
    narrow : ndarray of float32, shape (ceil(n / 4),), its mid at 11 025 Hz
    """
    count = len(samples)
    delay = find_song_delay(samples, narrow, renderer)
    lanes, blocks = len(renderer.lanes), count_half_blocks(count) - 1
    residuals = (np.zeros(len(narrow), np.float32), np.zeros(len(narrow), np.float32))
    left = {name: np.zeros((blocks, BAND_COUNT), np.float32) for name in CHANNELS}
    whole = {name: np.zeros((blocks, BAND_COUNT), np.float32) for name in CHANNELS}
    evidence = np.zeros((lanes, blocks, BAND_COUNT), np.float32)
    gain_db = np.full((lanes, blocks), np.nan, np.float32)
    energy = np.zeros((lanes, blocks), np.float32)
    for first, last in _cut_stretches(blocks, lanes):
        begin, end = first * HALF_BLOCK_SAMPLES, min(count, (last + 1) * HALF_BLOCK_SAMPLES)
        part = slice(begin // NARROW.factor, -(-end // NARROW.factor))
        stretch = _Stretch(
            samples[begin:end], narrow[part], last - first + 1, renderer, begin - delay
        )
        for place, name in enumerate(CHANNELS):
            residuals[place][part] = stretch.residuals[place]
            left[name][first:last] = join_halves(stretch.left_energy[place])
            whole[name][first:last] = join_halves(stretch.song_energy[place])
        if stretch.solver is None:
            continue
        for lane in sorted(set(stretch.solver.owners)):
            evidence[lane, first:last] = stretch.solver.measure_evidence(stretch.gains, lane)
            gain_db[lane, first:last] = stretch.solver.measure_gain_db(stretch.gains, lane)
            energy[lane, first:last] = stretch.solver.measure_energy(lane)
    return Reconstruction(
        delay_samples=delay,
        residual_mid=residuals[0],
        residual_side=residuals[1],
        residual_energy=left,
        song_energy=whole,
        evidence=evidence,
        gain_db=gain_db,
        lane_energy=energy,
    )


def _cut_stretches(blocks: int, lanes: int) -> Iterator[tuple[int, int]]:
    """Yield (first, last) block of stretches of about one length that cover all blocks.

    Neighbors share one half block, so that every block lies inside one of them.
    """
    most = max(MIN_STRETCH_HALVES, min(MAX_STRETCH_HALVES, LANE_HALVES // max(1, lanes)))
    edges = np.linspace(0, blocks, -(-blocks // most) + 1).round().astype(int).tolist()
    yield from itertools.pairwise(edges)


class _Stretch:
    """The reconstruction of one stretch of the song."""

    def __init__(
        self,
        samples: Samples,
        narrow: Samples,
        half_blocks: int,
        renderer: TrackRenderer,
        begin: int,
    ) -> None:
        self.half_blocks = half_blocks
        self.solver: Solver | None = None
        solver = Solver(
            self._transform_tracks(renderer, begin, begin + len(samples)),
            most=2 * len(renderer.lanes),
            half_blocks=half_blocks,
        )
        gain = np.ones(len(narrow), np.float32)
        if solver.owners:
            self.solver = solver
            gain = find_fast_gain(solver, narrow)
        spread = _spread_gain(gain, len(samples))
        left = [
            compute_spectrum(mix_channels(samples, sign) / spread, half_blocks=half_blocks)
            for sign in (1, -1)
        ]
        weights = _weigh_frames(gain, len(left[0]))
        self.song_energy = [sum_band_energies(one, weights=weights) for one in left]
        self.left_energy: Sequence[Energies] = self.song_energy
        if solver.owners:
            self.gains = solver.solve(left)
            for whole, explained in zip(left, solver.predict(self.gains), strict=True):
                whole -= explained
            self.left_energy = [sum_band_energies(one, weights=weights) for one in left]
        self.residuals = [
            gain * synthesize(one, sample_count=len(gain), grid=NARROW) for one in left
        ]

    def _transform_tracks(
        self, renderer: TrackRenderer, begin: int, end: int
    ) -> Iterator[tuple[int, Spectrum]]:
        """Yield (lane, spectrum) of the mid of each lane heard here, and of its side if any."""
        for lane in range(len(renderer.lanes)):
            track = renderer.render(lane, begin, end)
            if track is None:
                continue
            mid = mix_channels(track, 1)
            yield lane, compute_spectrum(mid, half_blocks=self.half_blocks)
            if track.shape[1] == 1:
                continue
            side = mix_channels(track, -1)
            if compute_energy(side) > MIN_SIDE_SHARE * compute_energy(mid):
                yield lane, compute_spectrum(side, half_blocks=self.half_blocks)


def _spread_gain(gain: Floats, count: int) -> Floats:
    """Return the gain of every sample at 44.1 kHz, linear between those at 11 025 Hz."""
    steps = np.arange(NARROW.factor, dtype=np.float32) / NARROW.factor
    lines = np.diff(gain, append=gain[-1:])[:, None] * steps
    lines += gain[:, None]
    spread = lines.reshape(-1)[:count]
    # Resampling rounds the length.
    padded: Floats = np.pad(spread, (0, count - len(spread)), mode="edge")
    return padded


def _weigh_frames(gain: Floats, frame_count: int) -> Floats:
    """Return the mean square of the gain over each frame."""
    hop = NARROW.hop_samples
    padded = np.pad(gain, (0, -len(gain) % hop), mode="edge").reshape(-1, hop)
    per_hop = np.einsum("ij,ij->i", padded, padded) / hop
    # Frame t covers the hops before and after its center.
    power = np.pad(per_hop, (1, max(0, frame_count - len(per_hop))), mode="edge")
    weights: Floats = (0.5 * (power[:-1] + power[1:]))[:frame_count].astype(np.float32)
    return weights
