"""Plain facts about a song: loudness, peaks, clipping, silence, bandwidth."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.fft import rfft

from compliance.audio.signal import AudioSignal, Samples, compute_energy

# Loudness is gated over 400 ms in steps of 100 ms.  Source: ITU-R BS.1770-4.
STEP_S = 0.1
STEPS_PER_BLOCK = 4
ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_LU = -10.0
LOUDNESS_OFFSET = -0.691
# K-weighting: high shelf and high pass as biquads at 48 kHz.  Source: ITU-R BS.1770-4, tables 1, 2.
K_RATE_HZ = 48_000
K_FILTERS = (
    (
        (1.53512485958697, -2.69169618940638, 1.19839281085285),
        (1.0, -1.69065929318241, 0.73248077421585),
    ),
    ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621)),
)
# A sample this close to full scale counts as clipped when its neighbors do as well.
CLIP_LEVEL = 0.999
CLIP_RUN = 3
# A step quieter than this is silence, in dBFS.
SILENCE_DBFS = -60.0
# The bandwidth ends where the mean spectrum falls this far below its strongest part, in dB.
BANDWIDTH_RANGE_DB = 70.0
BANDWIDTH_SAMPLES, BANDWIDTH_WINDOWS, BANDWIDTH_BINS = 2048, 60, 5
# True peak: the loudest samples are interpolated four times.  Source: ITU-R BS.1770-4, annex 2.
PEAK_CANDIDATES = 1000
PEAK_TAPS = 24
LEVEL_STEP_S = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class SongMeasurements:
    """What a listener with instruments would write down; None where silence has no value."""

    loudness_lufs: float | None
    true_peak_dbfs: float | None
    clipped_share: float
    silent_share: float
    bandwidth_hz: float
    side_share: float
    levels_dbfs: tuple[float, ...]


def measure_song(signal: AudioSignal) -> SongMeasurements:
    """Return the facts of a signal at any rate."""
    power = _measure_steps(signal)
    plain_dbfs = 10 * np.log10(np.maximum(power.plain, 1e-12))
    mid_energy, side_energy = compute_energy(signal.mid), compute_energy(signal.side)
    return SongMeasurements(
        loudness_lufs=_gate_loudness(power.weighted),
        true_peak_dbfs=_measure_true_peak(signal.samples),
        clipped_share=_measure_clipping(signal.samples),
        silent_share=round(float(np.mean(plain_dbfs < SILENCE_DBFS)), 4),
        bandwidth_hz=_find_bandwidth(signal),
        side_share=round(side_energy / max(side_energy + mid_energy, 1e-12), 5),
        levels_dbfs=_list_levels(signal),
    )


def measure_loudness(signal: AudioSignal) -> tuple[float | None, float | None]:
    """Return integrated loudness in LUFS and true peak in dBFS; None where silence has no value."""
    return _gate_loudness(_measure_steps(signal).weighted), _measure_true_peak(signal.samples)


@dataclass(frozen=True, slots=True, kw_only=True)
class _StepPowers:
    plain: npt.NDArray[np.float64]
    weighted: npt.NDArray[np.float64]


def _measure_steps(signal: AudioSignal) -> _StepPowers:
    """Return mean squares per step, summed over channels."""
    length = round(STEP_S * signal.rate_hz)
    count = max(1, len(signal.samples) // length)
    bins = length // 2 + 1
    weight = _compute_k_weight(np.arange(bins) * signal.rate_hz / length)
    plain, weighted = np.zeros(count), np.zeros(count)
    for channel in range(signal.samples.shape[1]):
        steps = np.zeros(count * length, np.float32)
        usable = signal.samples[: count * length, channel]
        steps[: len(usable)] = usable
        transformed = rfft(steps.reshape(count, length), axis=1)
        energy = transformed.real**2 + transformed.imag**2
        energy[:, 1:-1] *= 2
        energy /= length**2
        plain += energy.sum(axis=1)
        weighted += energy @ weight.astype(np.float32)
    if signal.samples.shape[1] == 1:
        # A mono file sounds from both loudspeakers.
        weighted *= 2
    return _StepPowers(plain=plain, weighted=weighted)


def _compute_k_weight(freq_hz: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    z = np.exp(-2j * np.pi * np.minimum(freq_hz, K_RATE_HZ / 2) / K_RATE_HZ)
    weight = np.ones(len(freq_hz))
    for above, below in K_FILTERS:
        response = (above[0] + above[1] * z + above[2] * z**2) / (
            below[0] + below[1] * z + below[2] * z**2
        )
        weight *= np.abs(response) ** 2
    return weight


def _gate_loudness(step_power: npt.NDArray[np.float64]) -> float | None:
    if len(step_power) < STEPS_PER_BLOCK:
        return None
    kernel = np.ones(STEPS_PER_BLOCK) / STEPS_PER_BLOCK
    block = np.convolve(step_power, kernel, "valid")
    loudness = LOUDNESS_OFFSET + 10 * np.log10(np.maximum(block, 1e-12))
    heard = block[loudness > ABSOLUTE_GATE_LUFS]
    if not len(heard):
        return None
    gate = LOUDNESS_OFFSET + 10 * np.log10(heard.mean()) + RELATIVE_GATE_LU
    loud = block[(loudness > ABSOLUTE_GATE_LUFS) & (loudness > gate)]
    return round(float(LOUDNESS_OFFSET + 10 * np.log10(loud.mean())), 2)


def _measure_true_peak(samples: Samples) -> float | None:
    """Return the highest level between and at the samples, in dBFS."""
    tops = []
    taps = np.arange(-PEAK_TAPS, PEAK_TAPS + 1)
    fractions = np.array([0.25, 0.5, 0.75])
    distance = fractions[:, None] - taps
    kernel = np.sinc(distance) * np.cos(np.pi * distance / (2 * (PEAK_TAPS + 1))) ** 2
    for channel in range(samples.shape[1]):
        one = samples[:, channel]
        level = np.abs(one)
        top = float(level.max())
        tops.append(top)
        candidates = np.flatnonzero(level > 0.7 * top)
        if len(candidates) > PEAK_CANDIDATES:
            candidates = candidates[
                np.argpartition(level[candidates], -PEAK_CANDIDATES)[-PEAK_CANDIDATES:]
            ]
        both_sides = np.unique(np.concatenate([candidates, candidates - 1]))
        inside = both_sides[(both_sides >= PEAK_TAPS) & (both_sides < len(one) - PEAK_TAPS)]
        if len(inside):
            tops.append(float(np.abs(one[inside[:, None] + taps] @ kernel.T).max()))
    highest = max(tops)
    return round(20 * float(np.log10(highest)), 2) if highest > 1e-6 else None


def _measure_clipping(samples: Samples) -> float:
    """Return the share of samples that sit at full scale in runs."""
    loud = np.abs(samples) >= CLIP_LEVEL
    if not loud.any():
        return 0.0
    run = loud[: -CLIP_RUN + 1].copy()
    for step in range(1, CLIP_RUN):
        run &= loud[step : len(loud) - CLIP_RUN + 1 + step]
    return round(float(run.sum() / samples.size), 6)


def _find_bandwidth(signal: AudioSignal) -> float:
    """Return the highest frequency of the mean spectrum of evenly spread windows, in Hz."""
    mono = signal.mono
    starts = np.linspace(0, max(0, len(mono) - BANDWIDTH_SAMPLES), BANDWIDTH_WINDOWS, dtype=int)
    frames = np.zeros((len(starts), BANDWIDTH_SAMPLES), np.float32)
    for place, start in enumerate(starts):
        part = mono[start : start + BANDWIDTH_SAMPLES]
        frames[place, : len(part)] = part
    # The window's side lobes lie below what is looked for.
    spectrum = rfft(frames * np.hanning(BANDWIDTH_SAMPLES).astype(np.float32) ** 2, axis=1)
    power = np.mean(np.abs(spectrum) ** 2, axis=0)
    smooth = np.convolve(power, np.ones(BANDWIDTH_BINS) / BANDWIDTH_BINS, "same")
    if smooth.max() <= 0:
        return 0.0
    highest = np.flatnonzero(smooth > smooth.max() * 10 ** (-BANDWIDTH_RANGE_DB / 10))[-1]
    return round(float(highest * signal.rate_hz / BANDWIDTH_SAMPLES), 0)


def _list_levels(signal: AudioSignal) -> tuple[float, ...]:
    """Return the level of each quarter second in dBFS, for pictures."""
    length = round(LEVEL_STEP_S * signal.rate_hz)
    padded = np.pad(signal.samples, ((0, -len(signal.samples) % length), (0, 0)))
    steps = padded.reshape(-1, length * signal.samples.shape[1])
    power = np.einsum("ij,ij->i", steps, steps) / steps.shape[1]
    return tuple(np.round(10 * np.log10(power + 1e-12), 1).tolist())
