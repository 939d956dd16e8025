"""Explain the song by what was declared, and measure what is left.

Model: song(t) = g(t) * sum_i a_i(band, block) * x_i(t), for the mid and the side channel; x are the
mid and side of every declared track, a is complex and solved by least squares in 32 bands and
2 s blocks (1 s apart), g is one fast broadband gain (compressor, limiter) found by iteration.
The song is divided by g rather than the tracks multiplied, so the tracks' spectra and their Gram
matrices are computed once.  An update of g is kept only where it lowers the residual.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from compliance.audio.alignment import find_delay, shift
from compliance.audio.signal import ANALYSIS_RATE_HZ, AudioSignal, Samples, compute_rms, resample
from compliance.audio.spectrum import (
    BAND_COUNT,
    BAND_STARTS,
    BAND_WIDTHS,
    HALF_BLOCK_FRAMES,
    HALF_BLOCK_SAMPLES,
    HOP_SAMPLES,
    Energies,
    Spectrum,
    compute_spectrum,
    count_half_blocks,
    join_halves,
    sum_band_energies,
    synthesize,
)
from compliance.audio.tracks import TrackRenderer

# Encoders delay a song by up to this much, in samples: 136 ms.
MAX_DELAY_SAMPLES = 6000
# The delay is looked for in the first 90 s of placements, at this rate, in Hz, and refined on
# this many samples (6 s).
DELAY_STRETCH_SAMPLES = 90 * ANALYSIS_RATE_HZ
DELAY_RATE_HZ = 11_025
DELAY_EXCERPT_SAMPLES = 262_144
# Refinements of the fast gain.  Source: prototype, 4 passes bring the limiter's error to -33 dB.
GAIN_PASSES = 3
# The fast gain is found on this grid (0.73 ms) and smoothed over 10 ms.
GAIN_GRID_SAMPLES = 32
GAIN_SMOOTHING = 14
MIN_GAIN, MAX_GAIN = 0.5, 2.0
# Residual energy is compared over half a second when an update of the gain is judged.
JUDGE_FRAMES = 11
# Tracks are normalized per block and band; this keeps nearly equal ones apart.
RIDGE = 1e-4
# A regressor quieter than this share of the loudest in a cell (-70 dB) takes no part in it.
SILENT_SHARE = 1e-7
# The side of a track is modeled when it holds at least this share of the track's energy.
MIN_SIDE_SHARE = 1e-4

# A stretch is this many half blocks (1.02 s) at most and at least; in between it gets shorter with
# the number of lanes, so that spectra take about 200 MB.
MAX_STRETCH_HALVES, MIN_STRETCH_HALVES = 88, 10
LANE_HALVES = 700
CHANNELS = ("mid", "side")

Complex = npt.NDArray[np.complex64]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconstruction:
    """What is left of the song, and what each track explains.

    Attributes
    ----------
    delay_samples : how much later the song is than the manifest says
    residual_mid, residual_side : ndarray of float32, shape (n,), 44.1 kHz, 60 Hz to 9 kHz
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


class _Solver:
    """Least squares of one song against all tracks; Gram matrices are inverted once."""

    def __init__(self, tracks: Mapping[int, Samples], half_blocks: int) -> None:
        self.half_blocks = half_blocks
        columns = [
            (lane, is_side)
            for lane, samples in tracks.items()
            for is_side in ((False, True) if _has_side(samples) else (False,))
        ]
        self.owners = [lane for lane, _ in columns]
        self.bands = [
            np.empty((half_blocks, len(columns), HALF_BLOCK_FRAMES * int(width)), np.complex64)
            for width in BAND_WIDTHS
        ]
        for place, (lane, is_side) in enumerate(columns):
            signal = AudioSignal(samples=tracks[lane], rate_hz=ANALYSIS_RATE_HZ)
            channel = signal.side if is_side else signal.mid
            spectrum = compute_spectrum(channel, half_blocks=half_blocks)
            for band, regressors in enumerate(self.bands):
                regressors[:, place] = _cut_band(spectrum, band, half_blocks)
        grams = np.stack([one.conj() @ one.swapaxes(1, 2) for one in self.bands], axis=1)
        self.gram: Complex = grams[:-1] + grams[1:]
        self.energy = np.real(np.einsum("bfkk->bfk", self.gram)).copy()
        loudest = self.energy.max(axis=2, keepdims=True)
        self.is_live = self.energy > SILENT_SHARE * loudest + 1e-9
        scale = np.where(self.is_live, 1 / np.sqrt(np.maximum(self.energy, 1e-20)), 0)
        self.scale = scale.astype(np.float32)
        normalized = self.gram * self.scale[..., :, None] * self.scale[..., None, :]
        diagonal = np.where(self.is_live, RIDGE, 1.0).astype(np.float32)
        normalized += diagonal[..., None] * np.eye(len(self.owners), dtype=np.float32)
        self.inverse = np.linalg.inv(normalized).astype(np.complex64)

    def solve(self, spectra: Sequence[Spectrum]) -> Complex:
        """Return the gains, shape (blocks, bands, regressors, channels)."""
        right = []
        for band, regressors in enumerate(self.bands):
            song = np.stack([_cut_band(one, band, self.half_blocks) for one in spectra], axis=2)
            right.append((regressors @ song.conj()).conj())
        halves = np.stack(right, axis=1)
        scaled = (halves[:-1] + halves[1:]) * self.scale[..., None]
        gains: Complex = (self.inverse @ scaled) * self.scale[..., None]
        return gains

    def predict(self, gains: Complex) -> list[Spectrum]:
        """Return the modeled spectrum of each channel, block gains faded into one another."""
        frames = self.half_blocks * HALF_BLOCK_FRAMES
        weight = _fade_weights(self.half_blocks, len(gains))
        channels = gains.shape[3]
        spectra = [
            np.empty((frames, int(BAND_WIDTHS.sum())), np.complex64) for _ in range(channels)
        ]
        for band, regressors in enumerate(self.bands):
            width = int(BAND_WIDTHS[band])
            flat = gains[:, band].reshape(len(gains), -1)
            faded = (weight @ flat).reshape(frames, len(self.owners), channels)
            by_half = (self.half_blocks, len(self.owners), HALF_BLOCK_FRAMES, width)
            shaped = regressors.reshape(by_half).transpose(0, 2, 3, 1)
            predicted = shaped.reshape(frames, width, len(self.owners)) @ faded
            start = int(BAND_STARTS[band])
            for channel in range(channels):
                spectra[channel][:, start : start + width] = predicted[:, :, channel]
        return spectra

    def measure_evidence(self, gains: Complex, track: int) -> Floats:
        """Return the energy that omitting the track would add to the residual."""
        own = [n for n, owner in enumerate(self.owners) if owner == track]
        scale = self.scale[..., own]
        normalized = (
            gains[:, :, own] * np.where(scale > 0, 1 / np.maximum(scale, 1e-20), 0)[..., None]
        )
        part = self.inverse[:, :, own][:, :, :, own]
        solved = np.linalg.solve(part, normalized.astype(np.complex64))
        both: Floats = np.real(np.sum(normalized.conj() * solved, axis=(2, 3)))
        return both

    def measure_gain_db(self, gains: Complex, track: int) -> Floats:
        """Return the broadband gain of the track's mid per block, NaN where it is silent."""
        own = self.owners.index(track)
        energy = self.energy[:, :, own]
        played = np.sum(np.abs(gains[:, :, own, 0]) ** 2 * energy, axis=1)
        given = energy.sum(axis=1)
        loud = given > 1e-6 * max(float(given.max()), 1e-12)
        ratio = np.where(loud, played / np.maximum(given, 1e-20), np.nan)
        return (10 * np.log10(np.maximum(ratio, 1e-12))).astype(np.float32)


def reconstruct(song: AudioSignal, renderer: TrackRenderer) -> Reconstruction:
    """Fit the lanes to the song (both at 44.1 kHz) and return what is left.

    Long songs are done in stretches, so that memory does not grow with the length.
    """
    count = len(song.samples)
    half_blocks = count_half_blocks(count)
    mid, side = song.mid, song.side
    delay = _find_song_delay(mid, renderer)
    lanes, blocks = len(renderer.lanes), half_blocks - 1
    residuals = (np.zeros(count, np.float32), np.zeros(count, np.float32))
    left = {name: np.zeros((blocks, BAND_COUNT), np.float32) for name in CHANNELS}
    whole = {name: np.zeros((blocks, BAND_COUNT), np.float32) for name in CHANNELS}
    evidence = np.zeros((lanes, blocks, BAND_COUNT), np.float32)
    gain_db = np.full((lanes, blocks), np.nan, np.float32)
    energy = np.zeros((lanes, blocks), np.float32)
    step = max(MIN_STRETCH_HALVES, min(MAX_STRETCH_HALVES, LANE_HALVES // max(1, lanes)))
    for first in range(0, blocks, step):
        # Stretches share one half block, so that every block lies inside one of them.
        last = min(first + step, blocks)
        begin = first * HALF_BLOCK_SAMPLES
        end = min(count, (last + 1) * HALF_BLOCK_SAMPLES)
        rendered = {
            lane: renderer.render(lane, begin - delay, end - delay) for lane in range(lanes)
        }
        tracks = {lane: one for lane, one in rendered.items() if one is not None}
        stretch = _Stretch(mid[begin:end], side[begin:end], last - first + 1, tracks)
        for whole_residual, part in zip(residuals, stretch.residuals, strict=True):
            whole_residual[begin:end] = part
        for place, name in enumerate(CHANNELS):
            left[name][first:last] = join_halves(stretch.left_energy[place])
            whole[name][first:last] = join_halves(stretch.song_energy[place])
        for lane in tracks:
            evidence[lane, first:last] = stretch.measure_evidence(lane)
            gain_db[lane, first:last] = stretch.measure_gain_db(lane)
            energy[lane, first:last] = stretch.measure_energy(lane)
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


class _Stretch:
    """The reconstruction of one stretch of the song."""

    def __init__(
        self, mid: Samples, side: Samples, half_blocks: int, tracks: Mapping[int, Samples]
    ) -> None:
        count = len(mid)
        spectra = [compute_spectrum(one, half_blocks=half_blocks) for one in (mid, side)]
        self.song_energy = [sum_band_energies(one) for one in spectra]
        modeled = [synthesize(one, sample_count=count) for one in spectra]
        del spectra
        if not tracks:
            self.residuals = modeled
            self.left_energy = self.song_energy
            return
        self.solver = _Solver(tracks, half_blocks)
        gain = _find_fast_gain(self.solver, mid, modeled[0])
        divided = [compute_spectrum(one / gain, half_blocks=half_blocks) for one in (mid, side)]
        self.gains = self.solver.solve(divided)
        predictions = [
            synthesize(one, sample_count=count) * gain for one in self.solver.predict(self.gains)
        ]
        self.residuals = [given - found for given, found in zip(modeled, predictions, strict=True)]
        self.left_energy = [
            sum_band_energies(compute_spectrum(one, half_blocks=half_blocks))
            for one in self.residuals
        ]

    def measure_evidence(self, lane: int) -> Floats:
        return self.solver.measure_evidence(self.gains, lane)

    def measure_gain_db(self, lane: int) -> Floats:
        return self.solver.measure_gain_db(self.gains, lane)

    def measure_energy(self, lane: int) -> Floats:
        energy: Floats = self.solver.energy[:, :, self.solver.owners.index(lane)]
        total: Floats = energy.sum(axis=1)
        return total


def _find_song_delay(mid: Samples, renderer: TrackRenderer) -> int:
    """Return by how many samples the song is later than the manifest says."""
    starts = [span.start for lane in renderer.lanes for span in lane.spans]
    begin = min(starts, default=0)
    end = min(len(mid), begin + DELAY_STRETCH_SAMPLES)
    total = np.zeros(end - begin, np.float32)
    for lane in range(len(renderer.lanes)):
        track = renderer.render(lane, begin, end)
        if track is not None:
            for channel in range(track.shape[1]):
                total += track[:, channel]
    song = mid[begin:end]
    if not compute_rms(total) or not compute_rms(song):
        return 0
    ours, theirs = (
        resample(one, from_hz=ANALYSIS_RATE_HZ, to_hz=DELAY_RATE_HZ, quality="LQ")
        for one in (song, total)
    )
    factor = ANALYSIS_RATE_HZ // DELAY_RATE_HZ
    coarse = factor * find_delay(ours, theirs, max_lag=MAX_DELAY_SAMPLES // factor)
    # The loudest seconds give the last samples.
    length = min(len(song), DELAY_EXCERPT_SAMPLES)
    energy = np.add.reduceat(total**2, np.arange(0, len(total), length))
    first = min(int(np.argmax(energy)) * length, len(song) - length)
    excerpt = shift(total, coarse)[first : first + length]
    return coarse + find_delay(song[first : first + length], excerpt, max_lag=factor)


def _has_side(samples: Samples) -> bool:
    if samples.shape[1] == 1:
        return False
    left, right = samples[:, 0], samples[:, 1]
    difference = compute_rms(left - right)
    return difference**2 > MIN_SIDE_SHARE * compute_rms(left + right) ** 2


def _find_fast_gain(solver: _Solver, mid: Samples, modeled: Samples) -> Floats:
    """Return the compressor's and limiter's gain per sample, as far as it lowers the residual."""
    count = len(mid)
    gain = best_gain = np.ones(count, np.float32)
    best_predicted = np.zeros(count, np.float32)
    best_left: Floats | None = None
    for number in range(GAIN_PASSES + 1):
        divided = compute_spectrum(mid / gain, half_blocks=solver.half_blocks)
        gains = solver.solve([divided])
        predicted = synthesize(solver.predict(gains)[0], sample_count=count) * gain
        left = _smooth_energy(modeled - predicted)
        if best_left is None:
            better = np.ones(len(left), bool)
            best_left, best_predicted = left, predicted
        else:
            better = left < best_left
            mask = _spread(better.astype(np.float32), count)
            best_gain = mask * gain + (1 - mask) * best_gain
            best_predicted = mask * predicted + (1 - mask) * best_predicted
            best_left = np.minimum(left, best_left)
        if number < GAIN_PASSES:
            step = _spread(np.where(better, 1.0, 0.4).astype(np.float32), count)
            gain = best_gain * _track_gain(modeled, best_predicted) ** step
    return best_gain


def _cut_band(spectrum: Spectrum, band: int, half_blocks: int) -> Complex:
    start, width = int(BAND_STARTS[band]), int(BAND_WIDTHS[band])
    return np.ascontiguousarray(spectrum[:, start : start + width]).reshape(half_blocks, -1)


def _fade_weights(half_blocks: int, blocks: int) -> Floats:
    """Return (frames, blocks): each frame's share in the blocks around it, centers faded."""
    frames = np.arange(half_blocks * HALF_BLOCK_FRAMES)
    position = np.clip((frames + 0.5) / HALF_BLOCK_FRAMES - 1, 0, blocks - 1)
    low = np.minimum(position.astype(int), max(blocks - 2, 0))
    weights = np.zeros((len(frames), blocks), np.float32)
    weights[frames, low] = 1 - (position - low)
    if blocks > 1:
        weights[frames, low + 1] += position - low
    return weights


def _smooth_energy(samples: Samples) -> Floats:
    """Return the energy per hop, smoothed over half a second, shape (ceil(n / hop),)."""
    padded = np.pad(samples, (0, -len(samples) % HOP_SAMPLES)).reshape(-1, HOP_SAMPLES)
    energy = np.einsum("ij,ij->i", padded, padded)
    return np.convolve(energy, np.ones(JUDGE_FRAMES, np.float32), "same")


def _spread(values: Floats, count: int) -> Floats:
    """Return per-hop values for every sample, linear between the centers of the hops."""
    return _interpolate(values, HOP_SAMPLES, count)


def _interpolate(values: Floats, step: int, count: int) -> Floats:
    """Return values given at the centers of stretches of `step` samples for every sample."""
    padded = np.concatenate([values[:1], values, values[-1:]]).astype(np.float32)
    weight = ((np.arange(step) + 0.5) / step).astype(np.float32)
    lines: Floats = np.diff(padded)[:, None] * weight
    lines += padded[:-1, None]
    return lines.reshape(-1)[step // 2 : step // 2 + count]


def _track_gain(song: Samples, predicted: Samples) -> Floats:
    """Return the gain that turns the prediction into the song, smooth over 10 ms."""
    pad = -len(song) % GAIN_GRID_SAMPLES
    given = np.pad(song, (0, pad)).reshape(-1, GAIN_GRID_SAMPLES)
    found = np.pad(predicted, (0, pad)).reshape(-1, GAIN_GRID_SAMPLES)
    kernel = np.hanning(GAIN_SMOOTHING + 2)[1:-1].astype(np.float32)
    kernel /= kernel.sum()
    product = np.convolve(np.einsum("ij,ij->i", given, found), kernel, "same")
    power = np.convolve(np.einsum("ij,ij->i", found, found), kernel, "same")
    # Where little is predicted the gain stays near 1.
    floor = 5e-3 * float(power.mean()) + 1e-12
    ratio = np.clip((product + floor) / (power + floor), MIN_GAIN, MAX_GAIN)
    return _interpolate(ratio.astype(np.float32), GAIN_GRID_SAMPLES, len(song))


__all__ = ["Energies", "Reconstruction", "reconstruct"]
