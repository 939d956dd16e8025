"""What happens to a part after it is played: its room, its level, its ending.

Signals are float64 arrays of shape (n_samples, 2), full scale 1, at `SAMPLE_RATE_HZ`.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter1d, uniform_filter1d
from scipy.signal import butter, fftconvolve, sosfilt, sosfiltfilt

from config.demo.compose.score import Room

SAMPLE_RATE_HZ = 44_100

# Level of every stem: RMS, full scale 1; near -18 LUFS for these parts.
STEM_RMS = 0.085
# Peaks stay under this, full scale 1, so that the lossy codec's overshoot (measured: up to 22 % on
# percussion) does not reach 0.95.
PEAK_CEILING = 0.72
LIMITER_WINDOW_S = 0.004

PREDELAY_S = 0.014
# How far an amplifier's curve is off center: what makes even harmonics.
DRIVE_OFFSET = 0.25

# Bands of the reflected sound: upper edge in Hz, and how long the band rings compared with the
# room. High sound is absorbed sooner.
ROOM_BANDS = ((400.0, 1.0), (2500.0, 0.85), (9000.0, 0.5))
ROOM_LOW_CUT_HZ = 150.0
# Share of the reflections' energy that both ears hear alike: narrow enough for mono speakers and
# for the bit rate.
ROOM_COMMON_SHARE = 0.75

FADE_S = 0.7

# Greatest RMS of the difference of the ears over that of their sum. Some sampled instruments drift
# wider than this, and lose their tone when a phone plays them in mono.
WIDEST_SIDE = 0.4

# The codec spends bits on the top octave that few speakers and no fingerprint need.
TOP_HZ = 13_500.0

Stereo = NDArray[np.float64]


def drive_amplifier(signal: Stereo, *, drive: float) -> Stereo:
    """Return the signal through a bass amplifier: `drive` times its RMS bends the curve."""
    level = drive * signal / np.sqrt(np.mean(signal**2))
    return np.asarray(np.tanh(level + DRIVE_OFFSET) - np.tanh(DRIVE_OFFSET))


def make_room(room: Room, *, rng: np.random.Generator) -> Stereo:
    """Return the impulse response of a room: decaying noise, different in each ear, unit energy."""
    length = int((room.decay_s + PREDELAY_S) * SAMPLE_RATE_HZ)
    time_s = np.arange(length) / SAMPLE_RATE_HZ
    response = np.zeros((length, 2))
    low_hz = ROOM_LOW_CUT_HZ
    for high_hz, share in ROOM_BANDS:
        band = butter(2, (low_hz, high_hz), btype="band", fs=SAMPLE_RATE_HZ, output="sos")
        common, own = rng.normal(size=(length, 1)), rng.normal(size=(length, 2))
        mixed = np.sqrt(ROOM_COMMON_SHARE) * common + np.sqrt(1.0 - ROOM_COMMON_SHARE) * own
        noise = sosfilt(band, mixed, axis=0)
        # -60 dB is a factor of e^-6.9.
        response += noise * np.exp(-6.9 * time_s / (room.decay_s * share))[:, None]
        low_hz = high_hz
    delay = int(PREDELAY_S * SAMPLE_RATE_HZ)
    response = np.vstack([np.zeros((delay, 2)), response[: length - delay]])
    energy = np.sqrt(np.sum(response**2, axis=0))
    return np.asarray(response / energy)


def add_room(signal: Stereo, *, room: Room, rng: np.random.Generator) -> Stereo:
    """Return the signal with its reflections, the same length."""
    response = make_room(room, rng=rng)
    wet = fftconvolve(signal, response, axes=0)[: len(signal)]
    return np.asarray((1.0 - room.wet) * signal + room.wet * 1.6 * wet)


def limit_peaks(signal: Stereo, *, ceiling: float = PEAK_CEILING) -> Stereo:
    """Return the signal with its peaks turned down smoothly to the ceiling."""
    width = int(LIMITER_WINDOW_S * SAMPLE_RATE_HZ) | 1
    peaks = np.maximum(np.abs(signal).max(axis=1), 1e-9)
    gain = minimum_filter1d(np.minimum(1.0, ceiling / peaks), size=2 * width + 1)
    smooth = uniform_filter1d(gain, size=width)
    return np.asarray(np.clip(signal * smooth[:, None], -ceiling, ceiling))


def narrow_image(signal: Stereo) -> Stereo:
    """Return the signal with its stereo image no wider than `WIDEST_SIDE`."""
    middle, side = signal.sum(axis=1) / 2.0, (signal[:, 0] - signal[:, 1]) / 2.0
    width = np.sqrt(np.mean(side**2) / np.mean(middle**2))
    side = side * min(1.0, WIDEST_SIDE / max(width, 1e-9))
    return np.stack([middle + side, middle - side], axis=1)


def cut_top(signal: Stereo) -> Stereo:
    """Return the signal without what lies above `TOP_HZ`."""
    low_pass = butter(6, TOP_HZ, fs=SAMPLE_RATE_HZ, output="sos")
    return np.asarray(sosfiltfilt(low_pass, signal, axis=0))


def set_level(signal: Stereo, *, rms: float = STEM_RMS) -> Stereo:
    """Return the signal at the RMS asked for, its peaks limited."""
    level = signal
    # Limiting costs level, so the gain is found in a few rounds.
    for _ in range(4):
        level = limit_peaks(level * (rms / np.sqrt(np.mean(level**2))))
    return level


def fit_length(signal: Stereo, *, duration_s: float) -> Stereo:
    """Return the signal cut or padded to the duration, fading out at its very end."""
    length = round(duration_s * SAMPLE_RATE_HZ)
    fitted = np.zeros((length, 2))
    kept = min(length, len(signal))
    fitted[:kept] = signal[:kept]
    fade = int(FADE_S * SAMPLE_RATE_HZ)
    fitted[-fade:] *= (0.5 + 0.5 * np.cos(np.linspace(0.0, np.pi, fade)))[:, None]
    return fitted


def quantize(signal: Stereo) -> NDArray[np.int16]:
    """Return the signal as 16-bit samples."""
    return np.round(np.clip(signal, -1.0, 1.0) * 32767.0).astype(np.int16)
