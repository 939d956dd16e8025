"""How players turn chords into notes: bass figures, comping, arpeggios, pads, drum words.

Figures are written as 'at/length' tokens in beats from the start of the chord. They are kept by the
length of the chord they belong to, several for each, and taken in turn, so that a part varies.
"""

from collections.abc import Mapping, Sequence

from config.demo.compose.score import ACCENT, Note, write_block
from config.demo.compose.theory import Chord, ChordSpan, place_near

KICK, RIM, SNARE, CLAP = 36, 37, 38, 39
HAT, PEDAL_HAT, OPEN_HAT = 42, 44, 46
LOW_TOM, MID_TOM, HIGH_TOM = 43, 47, 50
CRASH, RIDE, RIDE_BELL = 49, 51, 53
TAMBOURINE, CABASA, MARACAS = 54, 69, 70
LOW_CONGA, HIGH_CONGA = 64, 63

# Semitones above the root that a bass degree means when the chord does not say otherwise.
PLAIN_DEGREES = {"1": 0, "2": 2, "6": 9, "8": 12}
# Semitones from the next chord's bass: from below, from above, and a whole step below.
APPROACHES = {"a": -1, "b": 1, "d": -2}

# The E string of a bass; a figure that would go lower plays an octave up.
LOWEST_BASS = 28

Voicing = tuple[int, ...]
Figures = Mapping[int, Sequence[str]]


def take_bars(
    spans: Sequence[ChordSpan], *, first: int, stop: int, beats_per_bar: int = 4
) -> tuple[ChordSpan, ...]:
    """Return the chords that start in bars [first, stop), bars counted from zero."""
    low, high = first * beats_per_bar, stop * beats_per_bar
    return tuple(span for span in spans if low <= span.start < high)


def pick_voicings(
    spans: Sequence[ChordSpan], *, chosen: Sequence[ChordSpan], voicings: Sequence[Voicing]
) -> tuple[Voicing, ...]:
    """Return the voicings, led through all `spans`, of the chosen ones."""
    by_start = {span.start: voicing for span, voicing in zip(spans, voicings, strict=True)}
    return tuple(by_start[span.start] for span in chosen)


def play_bass(
    spans: Sequence[ChordSpan], *, figures: Figures, center: int, velocity: int
) -> tuple[Note, ...]:
    """Return a bass line; a token 'at/length:degree' plays 1 2 3 5 6 7 8 or leads on by a, b, d."""
    notes: list[Note] = []
    root = center
    for index, span in enumerate(spans):
        root = place_near(span.chord.bass, target=round((root + center) / 2))
        after = spans[index + 1].chord if index + 1 < len(spans) else spans[0].chord
        choices = figures[round(span.length)]
        for token in choices[index % len(choices)].split():
            at, length, degree = _split_token(token)
            if degree in APPROACHES:
                pitch = place_near(after.bass, target=root) + APPROACHES[degree]
            else:
                pitch = root + _find_degree(span.chord, degree=degree)
            notes.append(
                Note(
                    start=span.start + at,
                    length=length,
                    pitch=pitch if pitch >= LOWEST_BASS else pitch + 12,
                    velocity=velocity + _weigh(token) + (4 if at == 0 else 0),
                )
            )
    return tuple(notes)


def play_chords(
    spans: Sequence[ChordSpan],
    *,
    voicings: Sequence[Voicing],
    figures: Figures,
    velocity: int,
    roll: float = 0.008,
) -> tuple[Note, ...]:
    """Return struck chords; `^` marks an upstroke, `>` and `<` louder and softer."""
    notes: list[Note] = []
    for index, (span, voicing) in enumerate(zip(spans, voicings, strict=True)):
        choices = figures[round(span.length)]
        for token in choices[index % len(choices)].split():
            at, length, _ = _split_token(token)
            upward = "^" in token
            notes.extend(
                write_block(
                    span,
                    voicing=voicing[1:] if upward and len(voicing) > 3 else voicing,
                    velocity=velocity + _weigh(token),
                    at=at,
                    length=length,
                    roll=-roll if upward else roll,
                )
            )
    return tuple(notes)


def play_arpeggio(
    spans: Sequence[ChordSpan],
    *,
    voicings: Sequence[Voicing],
    order: Sequence[int],
    step: float,
    velocity: int,
    ring: float = 1.6,
) -> tuple[Note, ...]:
    """Return broken chords; `order` holds places in the voicing, -1 a rest, repeated as needed."""
    notes: list[Note] = []
    for span, voicing in zip(spans, voicings, strict=True):
        for index in range(round(span.length / step)):
            place = order[index % len(order)]
            if place < 0:
                continue
            octave, within = divmod(place, len(voicing))
            notes.append(
                Note(
                    start=span.start + index * step,
                    length=step * ring,
                    pitch=voicing[within] + 12 * octave,
                    velocity=velocity + (8 if index % 4 == 0 else 0) - (4 if index % 2 else 0),
                )
            )
    return tuple(notes)


def hold_chords(
    spans: Sequence[ChordSpan], *, voicings: Sequence[Voicing], velocity: int, overlap: float = 0.05
) -> tuple[Note, ...]:
    """Return held chords; a note that the next chord keeps is held over, not struck again."""
    notes: list[Note] = []
    held: dict[int, tuple[float, float]] = {}
    for span, voicing in zip(spans, voicings, strict=True):
        end = span.start + span.length
        left = [pitch for pitch in held if pitch not in voicing]
        notes.extend(_hold(p, held.pop(p), velocity=velocity, overlap=overlap) for p in left)
        for pitch in voicing:
            start = held[pitch][0] if pitch in held else span.start
            held[pitch] = (start, end)
    notes.extend(_hold(p, times, velocity=velocity, overlap=overlap) for p, times in held.items())
    return tuple(notes)


def _hold(pitch: int, times: tuple[float, float], *, velocity: int, overlap: float) -> Note:
    """Return one held note."""
    start, end = times
    return Note(start=start, length=end - start + overlap, pitch=pitch, velocity=velocity)


def _split_token(token: str) -> tuple[float, float, str]:
    """Return when a token plays, for how long, and its degree."""
    times, _, degree = token.strip("<>^").partition(":")
    at, _, length = times.partition("/")
    return float(at), float(length), degree


def _weigh(token: str) -> int:
    """Return what a token's accents add to the velocity."""
    return ACCENT * (token.count(">") - token.count("<"))


def _find_degree(chord: Chord, *, degree: str) -> int:
    """Return a degree's semitones above the bass; third, fifth, seventh are the chord's."""
    if degree in PLAIN_DEGREES:
        return PLAIN_DEGREES[degree]
    wanted = {"3": (3, 4, 5, 2), "5": (7, 6, 8), "7": (10, 11, 9)}[degree]
    found = [each for each in wanted if each in chord.intervals]
    semitones = found[0] if found else wanted[0]
    return (chord.root + semitones - chord.bass) % 12
