"""Render a song as a generator would: place stems by a manifest, add a vocal, limit, encode."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile

Samples = npt.NDArray[np.float32]

RATE_HZ = 44_100
FADE_S = 0.005
# Loudness of the finished mix (RMS of full scale, about -16 dBFS) and the limiter's ceiling.
MIX_RMS = 0.16
CEILING = 0.89
LOOK_AHEAD_S = 0.004


def read_audio(path: Path) -> Samples:
    """Return a file as float32 samples, shape (n, 2), at 44.1 kHz."""
    samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    if rate_hz != RATE_HZ:
        raise ValueError(f"{path}: expected {RATE_HZ} Hz, got {rate_hz} Hz")
    stereo: Samples = samples if samples.shape[1] == 2 else samples[:, :1].repeat(2, axis=1)
    return stereo


def place(song: Samples, source: Samples, placement: Mapping[str, Any]) -> None:
    """Add one placement of a source to the song, in place."""
    first = round(placement["stem_start_s"] * RATE_HZ)
    n = round(placement["length_s"] * RATE_HZ)
    if loop_s := placement.get("loop_s"):
        loop = source[first : first + round(loop_s * RATE_HZ)]
        part = np.tile(loop, (n // len(loop) + 1, 1))[:n]
    else:
        part = source[first : first + n].copy()
    part = part * np.float32(10 ** (placement.get("gain_db", 0.0) / 20))
    fade = min(round(FADE_S * RATE_HZ), len(part) // 2)
    ramp = np.linspace(0, 1, fade, dtype=np.float32)[:, None]
    part[:fade] *= ramp
    part[len(part) - fade :] *= ramp[::-1]
    start = round(placement["song_start_s"] * RATE_HZ)
    end = min(len(song), start + len(part))
    song[start:end] += part[: end - start]


def mix(
    *,
    placements: Sequence[Mapping[str, Any]],
    stems: Mapping[str, Samples],
    vocal: Samples | None,
    length_s: float,
) -> Samples:
    """Return the mastered song, shape (n, 2), of the placed stems and the vocal."""
    song = np.zeros((round(length_s * RATE_HZ), 2), np.float32)
    for placement in placements:
        place(song, stems[placement["stem"]], placement)
    if vocal is not None:
        song[: len(vocal)] += vocal[: len(song)]
    return song


def master(song: Samples) -> Samples:
    """Return the song at its loudness, its peaks limited with look-ahead."""
    song = song * np.float32(MIX_RMS / max(float(np.sqrt(np.mean(song**2))), 1e-6))
    needed = np.minimum(1.0, CEILING / np.maximum(np.abs(song).max(axis=1), 1e-6))
    window = round(LOOK_AHEAD_S * RATE_HZ) * 2 + 1
    held = np.lib.stride_tricks.sliding_window_view(
        np.pad(needed, window // 2, mode="edge"), window
    ).min(axis=1)
    kernel = np.hanning(window + 2)[1:-1]
    gain = np.convolve(np.pad(held, window // 2, mode="edge"), kernel / kernel.sum(), mode="valid")
    return np.clip(song * gain[:, None].astype(np.float32), -CEILING, CEILING)


def measure_rms(samples: Samples) -> float:
    """Return the root mean square of samples."""
    return float(np.sqrt(np.mean(np.square(samples)) + 1e-12))


def encode_mp3(song: Samples, path: Path) -> None:
    """Write the song as MP3 of about 128 kbit/s."""
    soundfile.write(
        path,
        song,
        RATE_HZ,
        format="MP3",
        subtype="MPEG_LAYER_III",
        bitrate_mode="CONSTANT",
        compression_level=0.5,
    )
