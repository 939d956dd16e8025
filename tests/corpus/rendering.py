"""Render declared placements to a finished song: effects, vocal, mastering, encoding."""

import random
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile as sf
import soxr
from scipy.signal import butter, fftconvolve, sosfilt

RATE_HZ = 44_100
WORDS = (
    *("life", "is", "good", "in", "every", "radio", "sing", "along", "the", "summer", "light"),
    *("my", "friend", "hello", "tomorrow", "we", "dance", "all", "night", "dear", "mother"),
    *("thank", "you", "for", "the", "sun", "open", "window", "new", "day", "keep", "smiling"),
    *("river", "mountain", "home", "again", "love"),
)
VOICES = ("en-us", "en-gb+f3", "en-us+m3", "es+f2")

# Codec name -> ffmpeg arguments, file suffix.
CODECS = {
    "mp3_128": (("-c:a", "libmp3lame", "-b:a", "128k"), "mp3"),
    "mp3_64": (("-c:a", "libmp3lame", "-b:a", "64k"), "mp3"),
    "aac_128": (("-c:a", "aac", "-b:a", "128k"), "m4a"),
    "ogg_96": (("-c:a", "libvorbis", "-b:a", "96k"), "ogg"),
    "opus_96": (("-c:a", "libopus", "-b:a", "96k"), "opus"),
    "wav": (("-c:a", "pcm_s16le"), "wav"),
}

# Name -> loudness before the limiter in dB, filters of the bus before that.
MASTERINGS = {
    "glued": (-13.5, "acompressor=threshold=0.16:ratio=2.5:attack=8:release=120:makeup=1.3"),
    "loud": (-11.5, ""),
    "pumping": (
        -13.5,
        "acompressor=threshold=0.1:ratio=4:attack=20:release=250:makeup=1.5,treble=g=2:f=6000",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A placement with everything the manifest does not tell: true gain, EQ and changes."""

    source: str
    stem_start_s: float
    song_start_s: float
    length_s: float
    gain_db: float = 0.0
    loop_s: float | None = None
    shelves_db: tuple[float, float] = (0.0, 0.0)
    speed: float = 1.0
    tempo: float = 1.0
    pitch: float = 1.0

    def to_manifest(self) -> dict[str, object]:
        """Return the placement as a generator declares it."""
        return {
            "stem": self.source,
            "stem_start_s": self.stem_start_s,
            "song_start_s": self.song_start_s,
            "length_s": self.length_s,
            "gain_db": self.gain_db,
            "loop_s": self.loop_s,
            "speed": self.speed,
        }


def measure_rms(samples: np.ndarray) -> float:
    flat = np.ravel(samples)
    return float(np.sqrt(np.dot(flat, flat) / flat.size + 1e-12))


def apply_shelves(samples: np.ndarray, low_db: float, high_db: float) -> np.ndarray:
    """Apply a low shelf at 250 Hz and a high shelf at 3.5 kHz."""
    if low_db:
        samples = sosfilt(_design_shelf(low_db, 250.0, is_high=False), samples, axis=0)
    if high_db:
        samples = sosfilt(_design_shelf(high_db, 3500.0, is_high=True), samples, axis=0)
    return samples


def _design_shelf(gain_db: float, freq_hz: float, *, is_high: bool) -> np.ndarray:
    amplitude = 10 ** (gain_db / 40)
    omega = 2 * np.pi * freq_hz / RATE_HZ
    cos, alpha = np.cos(omega), np.sin(omega) / 2 * np.sqrt(2)
    k = -1 if is_high else 1
    root = 2 * np.sqrt(amplitude) * alpha
    plus, minus = amplitude + 1, amplitude - 1
    b = (
        amplitude * (plus - k * minus * cos + root),
        k * 2 * amplitude * (minus - k * plus * cos),
        amplitude * (plus - k * minus * cos - root),
    )
    a = (
        plus + k * minus * cos + root,
        -k * 2 * (minus + k * plus * cos),
        plus + k * minus * cos - root,
    )
    return np.array([[*(np.array(b) / a[0]), 1, a[1] / a[0], a[2] / a[0]]])


def filter_with_ffmpeg(samples: np.ndarray, filters: str) -> np.ndarray:
    raw = ("-f", "f32le", "-ar", str(RATE_HZ), "-ac", "2")
    command = ["ffmpeg", "-v", "error", *raw, "-i", "-", "-af", filters, *raw, "-"]
    done = subprocess.run(
        command, input=samples.astype("<f4").tobytes(), capture_output=True, check=True
    )
    return np.frombuffer(done.stdout, "<f4").reshape(-1, 2).copy()


def place_part(canvas: np.ndarray, samples: np.ndarray, part: Part) -> tuple[int, int]:
    """Add a part to the canvas and return the samples it fills."""
    if part.speed != 1.0:
        samples = soxr.resample(samples, RATE_HZ * part.speed, RATE_HZ)
    elif part.tempo != 1.0 or part.pitch != 1.0:
        samples = filter_with_ffmpeg(samples, f"rubberband=tempo={part.tempo}:pitch={part.pitch}")
    begin, length = int(part.stem_start_s * RATE_HZ), int(part.length_s * RATE_HZ)
    if part.loop_s:
        segment = samples[begin : begin + int(part.loop_s * RATE_HZ)]
        segment = np.tile(segment, (length // max(1, len(segment)) + 1, 1))[:length]
    else:
        segment = samples[begin : begin + length]
    segment = apply_shelves(segment, *part.shelves_db) * 10 ** (part.gain_db / 20)
    start = int(part.song_start_s * RATE_HZ)
    segment = segment[: max(0, len(canvas) - start)].copy()
    fade = min(220, len(segment) // 2)
    if fade:
        segment[:fade] *= np.linspace(0, 1, fade)[:, None]
        segment[-fade:] *= np.linspace(1, 0, fade)[:, None]
    canvas[start : start + len(segment)] += segment
    return start, start + len(segment)


def render_parts(
    parts: Sequence[Part], sources: Mapping[str, np.ndarray], *, seconds: float
) -> np.ndarray:
    """Return the mix of parts; sources are brought to one loudness first, as a catalog does."""
    canvas = np.zeros((int(seconds * RATE_HZ), 2))
    for part in parts:
        samples = sources[part.source]
        place_part(canvas, samples * (0.12 / max(measure_rms(samples), 1e-3)), part)
    return canvas


def speak_vocal(rng: random.Random, *, seconds: float) -> np.ndarray:
    """Return a spoken lead vocal with reverb, in phrases with gaps."""
    canvas = np.zeros((int(seconds * RATE_HZ), 2))
    at_s = rng.uniform(2, 5)
    response = np.exp(-np.arange(int(0.5 * RATE_HZ)) / (0.12 * RATE_HZ))
    response *= np.random.RandomState(7).randn(len(response)) * 0.02
    response[0] = 1
    while at_s < seconds - 8:
        text = " ".join(rng.choice(WORDS) for _ in range(rng.randint(6, 12)))
        with tempfile.TemporaryDirectory() as directory:
            wav = Path(directory) / "phrase.wav"
            speed, pitch = str(rng.randint(95, 135)), str(rng.randint(30, 75))
            command = ["espeak-ng", "-v", rng.choice(VOICES), "-s", speed, "-p", pitch]
            subprocess.run([*command, "-w", str(wav), text], check=True)
            phrase, rate = sf.read(wav)
        phrase = soxr.resample(phrase, rate, RATE_HZ)
        phrase = fftconvolve(phrase / (np.abs(phrase).max() + 1e-9) * 0.5, response)
        start = int(at_s * RATE_HZ)
        phrase = phrase[: max(0, len(canvas) - start)]
        canvas[start : start + len(phrase)] += phrase[:, None]
        at_s += len(phrase) / RATE_HZ + rng.uniform(1, 6)
    return canvas


def keep_high(samples: np.ndarray, *, above_hz: float) -> np.ndarray:
    """Return what lies above a frequency."""
    return sosfilt(butter(8, above_hz, "highpass", fs=RATE_HZ, output="sos"), samples, axis=0)


def master_song(samples: np.ndarray, *, mastering: str) -> np.ndarray:
    """Apply what the bus gets before the limiter, and the limiter."""
    loudness_db, filters = MASTERINGS[mastering]
    samples = samples * (10 ** (-16 / 20) / measure_rms(samples))
    if filters:
        samples = filter_with_ffmpeg(samples, filters)
    samples = samples * (10 ** (loudness_db / 20) / measure_rms(samples))
    return filter_with_ffmpeg(samples, "alimiter=limit=0.89:attack=4:release=60:level=0")


def encode_song(samples: np.ndarray, path: Path, *, codec: str) -> None:
    arguments, _ = CODECS[codec]
    raw = ("-f", "f32le", "-ar", str(RATE_HZ), "-ac", "2")
    partial = path.with_name(f"partial_{path.name}")
    command = ["ffmpeg", "-v", "error", "-y", *raw, "-i", "-", *arguments, str(partial)]
    subprocess.run(command, input=samples.astype("<f4").tobytes(), check=True)
    partial.rename(path)
