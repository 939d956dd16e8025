"""Scores as values, and the small notations they are written in.

Times and lengths are in beats from the first downbeat; velocities and controller values are MIDI's,
in [0, 127].
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from config.demo.compose.theory import ChordSpan, parse_pitch

DRUM_CHANNEL = 9

EXPRESSION = 11
MODULATION = 1
PEDAL = 64

# Velocity of each mark in a drum pattern; a dot rests.
MARKS = {"X": 116, "x": 100, "o": 80, "-": 62, "g": 40}
# How much `>` raises and `<` lowers the velocity of a note in a line.
ACCENT = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One note as written, before it is played by a human."""

    start: float
    length: float
    pitch: int
    velocity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """A controller that takes a value at a beat."""

    at: float
    number: int
    value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bend:
    """A pitch bend, in semitones within [-2, 2], at a beat."""

    at: float
    semitones: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """One General MIDI program playing notes; `pan` is 0 (left) to 127, `level` is volume."""

    program: int
    notes: tuple[Note, ...]
    pan: int = 64
    level: int = 100
    is_drums: bool = False
    controls: tuple[Control, ...] = ()
    bends: tuple[Bend, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Feel:
    """How a player departs from the page.

    `timing_ms` and `velocity_spread` are standard deviations, `behind_ms` how far behind the beat
    the player sits, `swing` the share of a pair of `swing_unit` notes that the first one takes.
    """

    timing_ms: float = 7.0
    velocity_spread: float = 5.0
    behind_ms: float = 0.0
    swing: float = 0.5
    swing_unit: float = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The room around a part: decay to -60 dB in seconds, and the share of reflected sound."""

    decay_s: float = 1.1
    wet: float = 0.12


@dataclass(frozen=True, slots=True, kw_only=True)
class SungLine:
    """A line for the singing synthesizer: notes in order and the syllable of each.

    `formant_scale` stretches the vocal tract's resonances: 1 is the model's own, above 1 a
    smaller singer.
    """

    notes: tuple[Note, ...]
    syllables: tuple[str, ...]
    formant_scale: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one player records: one or more instruments, or a sung line, in a room.

    `drive` above zero sends the part through an amplifier; `mix_db` is its level in a whole mix.
    """

    name: str
    role: str
    instrument: str
    instruments: tuple[Instrument, ...] = ()
    sung: SungLine | None = None
    feel: Feel = field(default_factory=Feel)
    room: Room = field(default_factory=Room)
    has_voice: bool = False
    drive: float = 0.0
    mix_db: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A composition with the facts that the catalog keeps about its recording."""

    slug: str
    title: str
    artist: str
    isrc: str
    genre: str
    bpm: int
    key: str
    beats_per_bar: int
    bars: int
    parts: tuple[Part, ...]
    tail_s: float = 1.8

    @property
    def seconds_per_beat(self) -> float:
        """Return the length of a beat in seconds."""
        return 60.0 / self.bpm

    @property
    def duration_s(self) -> float:
        """Return the length of every recording of the piece, with what rings on after the end."""
        return self.bars * self.beats_per_bar * self.seconds_per_beat + self.tail_s


def write_line(text: str, *, start: float, velocity: int, legato: float = 0.94) -> tuple[Note, ...]:
    """Return the notes of a melody written 'e5/1 r/.5 d5/.5>'.

    A note is pitch/beats, `r` rests, `>` accents, `<` softens, and '+' joins pitches that sound
    together.

    Raises
    ------
    UnknownSymbol : if a pitch is not written as `theory.parse_pitch` expects
    """
    notes: list[Note] = []
    now = start
    for token in text.replace("|", " ").split():
        loudness = velocity + ACCENT * (token.count(">") - token.count("<"))
        names, _, beats = token.rstrip("<>").partition("/")
        length = float(beats)
        if names != "r":
            notes.extend(
                Note(start=now, length=length * legato, pitch=parse_pitch(name), velocity=loudness)
                for name in names.split("+")
            )
        now += length
    return tuple(notes)


def write_groove(
    rows: Mapping[int, str], *, bar: int, beats_per_bar: int = 4, level: float = 1.0
) -> tuple[Note, ...]:
    """Return one bar of drums from rows of marks; a row's length divides the bar evenly."""
    notes: list[Note] = []
    for drum, row in rows.items():
        marks = row.replace(" ", "")
        step = beats_per_bar / len(marks)
        notes.extend(
            Note(
                start=bar * beats_per_bar + index * step,
                length=step * 0.9,
                pitch=drum,
                velocity=round(MARKS[mark] * level),
            )
            for index, mark in enumerate(marks)
            if mark != "."
        )
    return tuple(notes)


def write_block(
    span: ChordSpan, *, voicing: Iterable[int], velocity: int, at: float, length: float, roll: float
) -> tuple[Note, ...]:
    """Return a chord struck `at` beats into its span, spread upward by `roll` beats a note.

    A negative roll strums downward in pitch, as an upstroke does.
    """
    pitches = sorted(voicing, reverse=roll < 0)
    return tuple(
        Note(
            start=span.start + at + abs(roll) * index,
            length=max(0.05, length - abs(roll) * index),
            pitch=pitch,
            velocity=velocity - 2 * index,
        )
        for index, pitch in enumerate(pitches)
    )


def shape_swell(
    *, start: float, length: float, low: int, high: int, peak: float = 0.6
) -> tuple[Control, ...]:
    """Return expression that rises from `low` to `high` at `peak` of the length and falls back."""
    points = np.arange(0.0, length, 0.125)
    values = np.interp(points, [0.0, peak * length, length], [low, high, low])
    return tuple(
        Control(at=start + float(point), number=EXPRESSION, value=round(float(value)))
        for point, value in zip(points, values, strict=True)
    )


def press_pedal(spans: Iterable[ChordSpan], *, lift: float = 0.12) -> tuple[Control, ...]:
    """Return a sustain pedal that is changed with every chord."""
    controls: list[Control] = []
    for span in spans:
        controls.append(Control(at=span.start + 0.03, number=PEDAL, value=127))
        controls.append(Control(at=span.start + span.length - lift, number=PEDAL, value=0))
    return tuple(controls)


def play_notes(
    notes: Iterable[Note], *, feel: Feel, seconds_per_beat: float, rng: np.random.Generator
) -> tuple[Note, ...]:
    """Return the notes as a player plays them: swung, slightly early or late, uneven in touch."""
    played: list[Note] = []
    for note in sorted(notes, key=lambda each: (each.start, each.pitch)):
        offset_s = (feel.behind_ms + rng.normal(0.0, feel.timing_ms)) / 1000.0
        start = _swing(note.start, feel=feel) + offset_s / seconds_per_beat
        velocity = round(note.velocity + rng.normal(0.0, feel.velocity_spread))
        played.append(
            replace(note, start=max(0.0, start), velocity=int(np.clip(velocity, 12, 126)))
        )
    return tuple(played)


def _swing(start: float, *, feel: Feel) -> float:
    """Return where a swung player puts a beat."""
    pair = 2 * feel.swing_unit
    whole, part = divmod(start, pair)
    share = part / pair
    late = (
        share * 2 * feel.swing if share < 0.5 else feel.swing + (share - 0.5) * 2 * (1 - feel.swing)
    )
    return whole * pair + late * pair
