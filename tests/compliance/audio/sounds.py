"""Sounds made in code: seeded music-like stems, and files written from them."""

import io

import numpy as np
import soundfile as sf
from scipy.signal import butter, sosfilt

from compliance.audio.signal import AudioSignal

RATE_HZ = 44_100


def make_stem(seed: int, *, seconds: float = 20.0, is_stereo: bool = False) -> AudioSignal:
    """Return decaying notes with overtones at random pitches and times, over quiet noise."""
    rng = np.random.default_rng(seed)
    count = int(seconds * RATE_HZ)
    samples = np.zeros((count, 2), np.float32)
    at_s = 0.0
    while at_s < seconds:
        length = int(rng.uniform(0.2, 0.9) * RATE_HZ)
        times = np.arange(length) / RATE_HZ
        freq_hz = 80 * 2 ** rng.uniform(0, 4)
        note = sum(
            rng.uniform(0.2, 1) / k * np.sin(2 * np.pi * freq_hz * k * times + rng.uniform(0, 6))
            for k in range(1, 7)
        )
        note = note * np.exp(-times * rng.uniform(3, 9))
        pan = rng.uniform(0.2, 0.8) if is_stereo else 0.5
        start = int(at_s * RATE_HZ)
        note = note[: count - start]
        samples[start : start + len(note)] += (note[:, None] * [pan, 1 - pan]).astype(np.float32)
        at_s += rng.uniform(0.08, 0.4)
    samples += rng.normal(0, 0.002, samples.shape).astype(np.float32)
    samples *= 0.12 / np.sqrt(np.mean(samples**2))
    return AudioSignal(samples=samples.astype(np.float32), rate_hz=RATE_HZ)


def make_tone(*, freq_hz: float = 440.0, seconds: float = 5.0, level: float = 0.5) -> AudioSignal:
    """Return a sine in both channels."""
    times = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    one = (level * np.sin(2 * np.pi * freq_hz * times)).astype(np.float32)
    return AudioSignal(samples=np.stack([one, one], axis=1), rate_hz=RATE_HZ)


def limit_bandwidth(samples: np.ndarray, high_hz: float) -> np.ndarray:
    """Return samples without what lies above a frequency."""
    return sosfilt(butter(8, high_hz, fs=RATE_HZ, output="sos"), samples, axis=0)


def write_sound(path, signal: AudioSignal, **options) -> None:
    """Write a signal; the suffix decides the format."""
    sf.write(path, signal.samples, signal.rate_hz, **options)


def encode_sound(signal: AudioSignal, *, container: str, subtype: str, **options) -> bytes:
    """Return a signal as the bytes of a file."""
    memory = io.BytesIO()
    with sf.SoundFile(
        memory, "w", signal.rate_hz, 2, format=container, subtype=subtype, **options
    ) as file:
        for start in range(0, len(signal.samples), 65_536):
            file.write(signal.samples[start : start + 65_536])
    return memory.getvalue()
