"""A singing voice: eSpeak's syllables, held on notes by additive synthesis.

Each syllable is spoken by eSpeak, its spectral envelope is measured frame by frame, the vowel is
stretched over the note, and the envelope is played again by harmonics of the melody's pitch, with
noise where the speech is unvoiced.

Conventions: frames are `FRAME_S` apart; envelopes are float64 magnitudes of shape
(n_frames, N_BINS) over [0, SPEECH_RATE_HZ / 2]; frequencies are in Hz.

References
----------
X. Serra, J. Smith, "Spectral modeling synthesis", Computer Music Journal, 1990: here the sines
follow the score instead of an analysis.
"""

import functools
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.linalg import solve_toeplitz
from scipy.ndimage import gaussian_filter1d, uniform_filter1d

from config.demo.compose.acoustics import SAMPLE_RATE_HZ, Stereo
from config.demo.compose.score import Note, SungLine

SPEECH_RATE_HZ = 22_050
FRAME_S = 0.005
N_BINS = 257
# Samples at the speech rate: 25 ms, two to three periods of the low speaking voice.
WINDOW = 551
PREDICTION_ORDER = 26

# eSpeak's own units: a low, unhurried voice is the easiest to measure.
SPEAKING = ("-v", "en-us", "-p", "25", "-s", "125", "-a", "110")

# The vowel is where the speech has at least this share of the syllable's greatest level.
VOWEL_SHARE = 0.55
LONGEST_ONSET_S = 0.16
LONGEST_CODA_S = 0.18

HIGHEST_HARMONIC_HZ = 10_500.0
VIBRATO_HZ = 5.3
VIBRATO_SEMITONES = 0.32
VIBRATO_DELAY_S = 0.28
GLIDE_S = 0.028
BREATH_ABOVE_HZ = 2_500.0
BREATH_LEVEL = 0.05

Frames = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """A spoken syllable: its envelope, its voicing in [0, 1], and where its vowel lies."""

    envelope: Frames
    voicing: Frames
    vowel_start: int
    vowel_stop: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """A whole sung line by frames: envelope, voicing and pitch in MIDI numbers."""

    envelope: Frames
    voicing: Frames
    pitch: Frames


def sing(
    line: SungLine, *, seconds_per_beat: float, duration_s: float, rng: np.random.Generator
) -> Stereo:
    """Return the line sung, dry and centered.

    Raises
    ------
    ValueError : if the line has not one syllable a note
    subprocess.CalledProcessError : if eSpeak fails
    """
    track = _lay_out(line, seconds_per_beat=seconds_per_beat, duration_s=duration_s, rng=rng)
    length = round(duration_s * SAMPLE_RATE_HZ)
    voice = _play_harmonics(track, scale=line.formant_scale, length=length, rng=rng)
    voice += _play_noise(track, scale=line.formant_scale, length=length, rng=rng)
    return np.stack([voice, voice], axis=1)


@functools.cache
def _speak(phonemes: str) -> Speech:
    """Return a syllable as eSpeak says it, measured and trimmed."""
    with tempfile.TemporaryDirectory() as folder:
        wave = Path(folder, "syllable.wav")
        command = ["espeak-ng", *SPEAKING, "-w", str(wave), f"[[{phonemes}]]"]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603
        samples, _ = soundfile.read(wave, dtype="float64")
    hop = FRAME_S * SPEECH_RATE_HZ
    padded = np.pad(samples, WINDOW // 2)
    starts = np.round(np.arange(0, len(samples), hop)).astype(int)
    starts = starts[starts + WINDOW <= len(padded)]
    frames = np.stack([padded[start : start + WINDOW] for start in starts])
    level = uniform_filter1d(np.sqrt(np.mean(frames**2, axis=1)), 5)
    audible = np.flatnonzero(level > 0.02 * level.max())
    frames = frames[audible[0] : audible[-1] + 1]
    level = level[audible[0] : audible[-1] + 1]
    voicing = np.array([_measure_voicing(frame) for frame in frames])
    vowel = np.flatnonzero((level > VOWEL_SHARE * level.max()) & (voicing > 0.5))
    return Speech(
        envelope=np.stack([_measure_envelope(frame) for frame in frames]),
        voicing=voicing,
        vowel_start=int(vowel[0]),
        vowel_stop=int(vowel[-1]) + 1,
    )


def _measure_envelope(frame: Frames) -> Frames:
    """Return the magnitude of an all-pole fit to the frame's spectrum (linear prediction)."""
    sharpened = np.append(frame[0], frame[1:] - 0.9 * frame[:-1]) * np.hanning(len(frame))
    correlation = np.correlate(sharpened, sharpened, mode="full")[len(frame) - 1 :]
    correlation = correlation[: PREDICTION_ORDER + 1] + 1e-9
    correlation[0] *= 1.0001
    predictor = solve_toeplitz(correlation[:-1], correlation[1:])
    error = max(correlation[0] - float(np.dot(predictor, correlation[1:])), 0.0)
    omega = np.linspace(0.0, np.pi, N_BINS)
    powers = np.exp(-1j * np.outer(omega, np.arange(1, PREDICTION_ORDER + 1)))
    flat = np.abs(1.0 - 0.9 * np.exp(-1j * omega))
    return np.asarray(np.sqrt(error) / np.abs(1.0 - powers @ predictor) / flat)


def _measure_voicing(frame: Frames) -> float:
    """Return how periodic a frame is, in [0, 1], over the pitches that a speaker uses."""
    centered = frame - frame.mean()
    correlation = np.correlate(centered, centered, mode="full")[len(frame) - 1 :]
    lags = correlation[SPEECH_RATE_HZ // 250 : SPEECH_RATE_HZ // 65]
    share = float(lags.max() / (correlation[0] + 1e-9))
    return float(np.clip((share - 0.25) / 0.3, 0.0, 1.0))


def _lay_out(
    line: SungLine, *, seconds_per_beat: float, duration_s: float, rng: np.random.Generator
) -> Track:
    """Return the line by frames: vowels on the beat, consonants before and after."""
    n_frames = round(duration_s / FRAME_S)
    envelope = np.zeros((n_frames, N_BINS))
    voicing = np.zeros(n_frames)
    pitch = np.full(n_frames, float(line.notes[0].pitch))
    for note, phonemes in zip(line.notes, line.syllables, strict=True):
        speech = _speak(phonemes)
        late_s = rng.normal(0.006, 0.008)
        begin = round((note.start * seconds_per_beat + late_s) / FRAME_S)
        end = begin + round(note.length * seconds_per_beat / FRAME_S)
        sources, onset = _stretch(speech, n_frames=end - begin)
        first = max(0, begin - onset)
        places = slice(first, first + len(sources))
        gain = _shape_note(note, n_frames=len(sources), rng=rng)
        envelope[places] = _read_frames(speech.envelope, sources=sources) * gain[:, None]
        voicing[places] = np.interp(sources, np.arange(len(speech.voicing)), speech.voicing)
        pitch[first:] = note.pitch
        held_s = np.maximum(np.arange(end - begin) * FRAME_S - VIBRATO_DELAY_S, 0.0)
        depth = VIBRATO_SEMITONES * np.minimum(held_s / 0.4, 1.0)
        wave = np.sin(2 * np.pi * VIBRATO_HZ * held_s * (1 + rng.normal(0, 0.02)))
        scoop = -0.5 * np.exp(-np.arange(end - begin) * FRAME_S / 0.05)
        pitch[begin:end] += depth * wave + scoop
    drift = gaussian_filter1d(rng.normal(size=n_frames), 30) * 0.6
    return Track(
        envelope=gaussian_filter1d(envelope, 1.6, axis=0),
        voicing=gaussian_filter1d(voicing, 1.6),
        pitch=gaussian_filter1d(pitch, GLIDE_S / FRAME_S) + drift,
    )


def _stretch(speech: Speech, *, n_frames: int) -> tuple[Frames, int]:
    """Return which frame of the speech sounds when, and how many frames come before the beat."""
    onset = min(speech.vowel_start, round(LONGEST_ONSET_S / FRAME_S))
    tail = len(speech.envelope) - speech.vowel_stop
    coda = min(tail, round(LONGEST_CODA_S / FRAME_S), n_frames // 2)
    vowel = n_frames - coda
    before = np.linspace(speech.vowel_start - onset, speech.vowel_start, onset, endpoint=False)
    # Singers stay on the first vowel of a diphthong and close it late.
    share = np.linspace(0.0, 1.0, vowel) ** 2.2
    during = speech.vowel_start + share * (speech.vowel_stop - 1 - speech.vowel_start)
    after = np.linspace(speech.vowel_stop, len(speech.envelope) - 1, coda)
    return np.concatenate([before, during, after]), onset


def _shape_note(note: Note, *, n_frames: int, rng: np.random.Generator) -> Frames:
    """Return the loudness over one note: in quickly, a slight swell, out softly."""
    share = np.linspace(0.0, 1.0, n_frames)
    swell = 0.85 + 0.15 * np.sin(np.pi * np.minimum(1.0, share * 1.3))
    edges = np.minimum(1.0, np.minimum(share, 1.0 - share) * n_frames / 6)
    return np.asarray(swell * edges * (note.velocity / 100.0) ** 1.5 * (1 + rng.normal(0, 0.04)))


def _read_frames(envelope: Frames, *, sources: Frames) -> Frames:
    """Return frames between frames, by linear interpolation."""
    low = np.clip(np.floor(sources).astype(int), 0, len(envelope) - 1)
    high = np.minimum(low + 1, len(envelope) - 1)
    share = (sources - low)[:, None]
    return np.asarray((1.0 - share) * envelope[low] + share * envelope[high])


def _play_harmonics(
    track: Track, *, scale: float, length: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return the voiced sound: harmonics of the pitch, as loud as the envelope says."""
    frame_samples = np.arange(len(track.pitch)) * FRAME_S * SAMPLE_RATE_HZ
    samples = np.arange(length)
    freq_hz = 440.0 * 2.0 ** ((track.pitch - 69.0) / 12.0)
    phase = 2 * np.pi * np.cumsum(np.interp(samples, frame_samples, freq_hz)) / SAMPLE_RATE_HZ
    sound = np.zeros(length)
    for number in range(1, int(HIGHEST_HARMONIC_HZ / freq_hz.min()) + 1):
        heard = number * freq_hz < HIGHEST_HARMONIC_HZ
        places = np.minimum(
            number * freq_hz / scale / (SPEECH_RATE_HZ / 2) * (N_BINS - 1), N_BINS - 2
        )
        low = places.astype(int)
        rows = np.arange(len(low))
        share = places - low
        value = (1 - share) * track.envelope[rows, low] + share * track.envelope[rows, low + 1]
        # Fewer, stronger harmonics carry a high note's energy.
        value *= track.voicing * heard * np.sqrt(freq_hz / 100.0)
        offset = rng.uniform(0.0, 2 * np.pi)
        sound += np.interp(samples, frame_samples, value) * np.cos(number * phase + offset)
    return sound


def _play_noise(
    track: Track, *, scale: float, length: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return the unvoiced sound and the breath: noise in the shape of the envelope."""
    size = 1024
    freq_hz = np.fft.rfftfreq(size, 1.0 / SAMPLE_RATE_HZ)
    bins = np.minimum(freq_hz / scale / (SPEECH_RATE_HZ / 2) * (N_BINS - 1), N_BINS - 1.0)
    audible = freq_hz < SPEECH_RATE_HZ / 2
    breath = BREATH_LEVEL * (freq_hz > BREATH_ABOVE_HZ)
    window = np.hanning(size)
    sound = np.zeros(length + size)
    hop = size // 4
    for start in range(0, length, hop):
        frame = min(round((start + size / 2) / SAMPLE_RATE_HZ / FRAME_S), len(track.pitch) - 1)
        shape = np.interp(bins, np.arange(N_BINS), track.envelope[frame]) * audible
        unvoiced = 1.0 - track.voicing[frame]
        noise = np.fft.irfft(np.fft.rfft(rng.normal(size=size)) * shape * (unvoiced + breath))
        sound[start : start + size] += noise * window * 0.5
    return sound[:length]
