"""Chords and their voicings.

Pitches are MIDI note numbers (60 is middle C, written c4); times and lengths are in beats.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

STEPS = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
ACCIDENTALS = {"": 0, "#": 1, "b": -1}

# Semitones above the root, for every chord symbol the scores use.
QUALITIES: dict[str, tuple[int, ...]] = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "5": (0, 7),
    "6": (0, 4, 7, 9),
    "m6": (0, 3, 7, 9),
    "7": (0, 4, 7, 10),
    "m7": (0, 3, 7, 10),
    "maj7": (0, 4, 7, 11),
    "m7b5": (0, 3, 6, 10),
    "dim7": (0, 3, 6, 9),
    "sus2": (0, 2, 7),
    "sus4": (0, 5, 7),
    "7sus4": (0, 5, 7, 10),
    "add9": (0, 4, 7, 14),
    "m9": (0, 3, 7, 10, 14),
    "9": (0, 4, 7, 10, 14),
    "maj9": (0, 4, 7, 11, 14),
    "69": (0, 4, 7, 9, 14),
    "m69": (0, 3, 7, 9, 14),
    "7b9": (0, 4, 7, 10, 13),
    "7#9": (0, 4, 7, 10, 15),
    "13": (0, 4, 10, 14, 21),
    "7b13": (0, 4, 10, 14, 20),
}

SYMBOL = re.compile(r"(?P<root>[A-G][#b]?)(?P<quality>[^/]*)(?:/(?P<bass>[A-G][#b]?))?")
PITCH = re.compile(r"(?P<step>[a-g])(?P<accidental>[#b]?)(?P<octave>-?\d)")

# Semitones: a voicing wider than this is no longer one hand, and lower neighbors closer than this
# sound muddy.
WIDEST_VOICING = 17
CLOSEST_LOW_PAIR = 3


class UnknownSymbol(ValueError):
    """A chord or pitch name that the scores' notation does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chord:
    """A chord as pitch classes: its root, its bass and the semitones above the root."""

    root: int
    bass: int
    intervals: tuple[int, ...]

    def list_tones(self, *, size: int) -> tuple[int, ...]:
        """Return the pitch classes of a voicing of `size` notes; root, then fifth, are dropped."""
        intervals = list(self.intervals)
        for spare in (0, 7):
            if len(intervals) > size and spare in intervals:
                intervals.remove(spare)
        tones = [(self.root + interval) % 12 for interval in intervals[:size]]
        while len(tones) < size:
            tones.append(tones[len(tones) - len(intervals)])
        return tuple(tones)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChordSpan:
    """A chord that sounds from `start` for `length` beats."""

    start: float
    length: float
    chord: Chord


def parse_pitch_class(name: str) -> int:
    """Return the pitch class, in [0, 12), of a name such as 'Bb'."""
    return (STEPS[name[0].lower()] + ACCIDENTALS[name[1:]]) % 12


def parse_pitch(name: str) -> int:
    """Return the MIDI number of a name such as 'f#4'.

    Raises
    ------
    UnknownSymbol : if the name is not a step, an accidental and an octave
    """
    match = PITCH.fullmatch(name)
    if match is None:
        raise UnknownSymbol(f"expected a pitch such as f#4, got {name!r}")
    octave = int(match["octave"])
    return STEPS[match["step"]] + ACCIDENTALS[match["accidental"]] + 12 * (octave + 1)


def parse_chord(symbol: str) -> Chord:
    """Return the chord that a symbol such as 'Am9' or 'B/D#' names.

    Raises
    ------
    UnknownSymbol : if the root or the quality is unknown
    """
    match = SYMBOL.fullmatch(symbol)
    if match is None or match["quality"] not in QUALITIES:
        raise UnknownSymbol(f"expected a chord such as Am9 or B/D#, got {symbol!r}")
    root = parse_pitch_class(match["root"])
    bass = parse_pitch_class(match["bass"]) if match["bass"] else root
    return Chord(root=root, bass=bass, intervals=QUALITIES[match["quality"]])


def parse_progression(text: str, *, beats_per_bar: int) -> tuple[ChordSpan, ...]:
    """Return the chords of bars written '| Am9 | Dm9 G13 |'; chords share their bar equally."""
    spans: list[ChordSpan] = []
    bars = [bar.split() for bar in text.replace("\n", " ").strip(" |").split("|")]
    for index, symbols in enumerate(bars):
        length = beats_per_bar / len(symbols)
        for place, symbol in enumerate(symbols):
            start = index * beats_per_bar + place * length
            spans.append(ChordSpan(start=start, length=length, chord=parse_chord(symbol)))
    return tuple(spans)


def find_chord(spans: Sequence[ChordSpan], *, at: float) -> Chord:
    """Return the chord that sounds at a beat; the last one stays for what comes after it."""
    sounding = [span.chord for span in spans if span.start <= at + 1e-6]
    return sounding[-1]


def place_near(pitch_class: int, *, target: int) -> int:
    """Return the pitch of that class nearest to `target`."""
    below = target - (target - pitch_class) % 12
    return below if target - below <= 6 else below + 12


def lead_voices(
    spans: Sequence[ChordSpan], *, size: int, low: int, high: int
) -> tuple[tuple[int, ...], ...]:
    """Return one voicing a span, lowest note first, each a short way from the one before it."""
    voicings: list[tuple[int, ...]] = []
    center = (low + high) / 2
    for span in spans:
        tones = span.chord.list_tones(size=size)
        places = [[p for p in range(low, high + 1) if p % 12 == tone] for tone in tones]
        candidates = {tuple(sorted(choice)) for choice in product(*places)}
        before = voicings[-1] if voicings else None
        voicings.append(min(candidates, key=lambda v: (_rate_voicing(v, before, center), v)))
    return tuple(voicings)


def _rate_voicing(voicing: tuple[int, ...], before: tuple[int, ...] | None, center: float) -> float:
    """Return how awkward a voicing is: movement, distance from the middle, clashes, width."""
    cost = 0.3 * abs(sum(voicing) / len(voicing) - center)
    cost += 30.0 * (len(voicing) - len(set(voicing)))
    cost += 4.0 * max(0, voicing[-1] - voicing[0] - WIDEST_VOICING)
    if len(voicing) > 1:
        cost += 3.0 * max(0, CLOSEST_LOW_PAIR - (voicing[1] - voicing[0]))
        cost += 2.0 * (voicing[-1] - voicing[-2] == 1)
    if before is not None:
        cost += sum(abs(a - b) for a, b in zip(voicing, before, strict=True))
    return cost
