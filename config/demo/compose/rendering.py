"""Recordings of parts and of whole pieces."""

import subprocess
import tempfile
import zlib
from pathlib import Path

import numpy as np
import soundfile

from config.demo.compose.acoustics import (
    SAMPLE_RATE_HZ,
    Stereo,
    add_room,
    cut_top,
    drive_amplifier,
    fit_length,
    limit_peaks,
    narrow_image,
    set_level,
)
from config.demo.compose.midi import write_midi
from config.demo.compose.score import Part, Piece
from config.demo.compose.singing import sing

# RMS of a finished mix, full scale 1: about -15 LUFS.
MIX_RMS = 0.15

# Quiet enough that no part clips inside the synthesizer; the level is set afterward.
SYNTH_GAIN = 0.35


def make_rng(*names: str) -> np.random.Generator:
    """Return the random numbers that belong to a name, the same ones every time."""
    return np.random.default_rng(zlib.crc32("/".join(names).encode()))


def render_part(part: Part, *, piece: Piece, soundfont: Path) -> Stereo:
    """Return the part alone, in its room, at the level of a stem.

    Raises
    ------
    subprocess.CalledProcessError : if the synthesizer fails
    """
    rng = make_rng(piece.slug, part.name)
    if part.sung is None:
        dry = _play_instruments(part, piece=piece, soundfont=soundfont, rng=rng)
    else:
        dry = sing(
            part.sung,
            seconds_per_beat=piece.seconds_per_beat,
            duration_s=piece.duration_s,
            rng=rng,
        )
    if part.drive > 0.0:
        dry = drive_amplifier(dry, drive=part.drive)
    dry = fit_length(dry, duration_s=piece.duration_s)
    wet = add_room(dry, room=part.room, rng=rng)
    fitted = fit_length(narrow_image(wet), duration_s=piece.duration_s)
    return set_level(cut_top(fitted))


def render_mix(piece: Piece, *, soundfont: Path) -> Stereo:
    """Return the finished recording of a piece: its parts together, by their `mix_db`."""
    mix = np.zeros((round(piece.duration_s * SAMPLE_RATE_HZ), 2))
    for part in piece.parts:
        gain = 10.0 ** (part.mix_db / 20.0)
        mix += gain * render_part(part, piece=piece, soundfont=soundfont)
    return set_level(limit_peaks(mix), rms=MIX_RMS)


def _play_instruments(
    part: Part, *, piece: Piece, soundfont: Path, rng: np.random.Generator
) -> Stereo:
    """Return what FluidSynth makes of the part, without its own reverb and chorus."""
    with tempfile.TemporaryDirectory() as folder:
        midi, wave = Path(folder, "part.mid"), Path(folder, "part.wav")
        write_midi(midi, instruments=part.instruments, feel=part.feel, bpm=piece.bpm, rng=rng)
        command = ["fluidsynth", "-ni", "-q", "-R", "0", "-C", "0", "-g", str(SYNTH_GAIN)]
        command += [
            "-r",
            str(SAMPLE_RATE_HZ),
            "-o",
            "synth.cpu-cores=1",
            "-T",
            "wav",
            "-O",
            "float",
        ]
        command += ["-F", str(wave), str(soundfont), str(midi)]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603
        signal, _ = soundfile.read(wave, dtype="float64", always_2d=True)
    return np.asarray(signal)
