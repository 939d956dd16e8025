"""Standard MIDI files from instruments: one player's performance of one part."""

from collections.abc import Sequence
from pathlib import Path

import mido
import numpy as np

from config.demo.compose.score import DRUM_CHANNEL, Feel, Instrument, play_notes

TICKS_PER_BEAT = 960

VOLUME = 7
PAN = 10

# MIDI's bend wheel: 14 bits for two semitones either way.
BEND_STEPS_PER_SEMITONE = 4096
BEND_LIMIT = 8191

# Order of messages at one tick: an ending note goes before what starts there.
ENDS, SETS, STARTS = range(3)


def write_midi(
    path: Path,
    *,
    instruments: Sequence[Instrument],
    feel: Feel,
    bpm: int,
    rng: np.random.Generator,
) -> None:
    """Write a performance of the instruments, each on a channel of its own."""
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_BEAT)
    tempo = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(bpm))])
    file.tracks.append(tempo)
    melodic = (channel for channel in range(16) if channel != DRUM_CHANNEL)
    for instrument in instruments:
        channel = DRUM_CHANNEL if instrument.is_drums else next(melodic)
        file.tracks.append(_write_track(instrument, channel=channel, feel=feel, bpm=bpm, rng=rng))
    file.save(path)


def _write_track(
    instrument: Instrument, *, channel: int, feel: Feel, bpm: int, rng: np.random.Generator
) -> mido.MidiTrack:
    """Return the track of one instrument, its messages in order of time."""
    timed = [
        (0, ENDS, mido.Message("program_change", channel=channel, program=instrument.program)),
        (0, ENDS, _set_control(channel, VOLUME, instrument.level)),
        (0, ENDS, _set_control(channel, PAN, instrument.pan)),
    ]
    for control in instrument.controls:
        message = _set_control(channel, control.number, control.value)
        timed.append((_count_ticks(control.at), SETS, message))
    for bend in instrument.bends:
        steps = round(bend.semitones * BEND_STEPS_PER_SEMITONE)
        wheel = max(-BEND_LIMIT - 1, min(BEND_LIMIT, steps))
        message = mido.Message("pitchwheel", channel=channel, pitch=wheel)
        timed.append((_count_ticks(bend.at), SETS, message))
    for note in play_notes(instrument.notes, feel=feel, seconds_per_beat=60.0 / bpm, rng=rng):
        on = mido.Message("note_on", channel=channel, note=note.pitch, velocity=note.velocity)
        off = mido.Message("note_off", channel=channel, note=note.pitch, velocity=64)
        timed.append((_count_ticks(note.start), STARTS, on))
        timed.append((_count_ticks(note.start + note.length), ENDS, off))
    timed.sort(key=lambda each: each[:2])
    track = mido.MidiTrack()
    now = 0
    for tick, _, message in timed:
        track.append(message.copy(time=tick - now))
        now = tick
    return track


def _set_control(channel: int, number: int, value: int) -> mido.Message:
    """Return a controller message."""
    return mido.Message("control_change", channel=channel, control=number, value=value)


def _count_ticks(beats: float) -> int:
    """Return a time in ticks."""
    return max(0, round(beats * TICKS_PER_BEAT))
