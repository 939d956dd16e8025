"""Static in the Orchard: a rock song in F sharp minor, 140 bpm; a reference, nobody's stem."""

from collections.abc import Sequence

from config.demo.compose.arranging import (
    CRASH,
    HAT,
    HIGH_TOM,
    KICK,
    LOW_TOM,
    MID_TOM,
    OPEN_HAT,
    RIDE,
    SNARE,
    Figures,
    hold_chords,
    pick_voicings,
    play_bass,
    play_chords,
    take_bars,
)
from config.demo.compose.score import (
    Feel,
    Instrument,
    Note,
    Part,
    Piece,
    Room,
    write_groove,
    write_line,
)
from config.demo.compose.theory import ChordSpan, lead_voices, parse_progression

BPM = 140
BARS = 20
VERSE, CHORUS, SOLO = 4, 8, 14

SPANS = parse_progression(
    """| F#m | F#m | D | E | F#m | A | Bm | C#m | D | E | F#m | A/C# | D | E F#m
       | Bm | F#m | D | E | C#m E | F#m |""",
    beats_per_bar=4,
)
INTRO_SPANS = take_bars(SPANS, first=0, stop=VERSE)
VERSE_SPANS = take_bars(SPANS, first=VERSE, stop=CHORUS)
LOUD_SPANS = take_bars(SPANS, first=CHORUS, stop=BARS)

LEAD = """
    f#5/1> a5/.5 c#6/.5 b5/.5 a5/.5 f#5/1 | e5/.5 f#5/.5 a5/1 r/.5 c#6/.5> b5/.5 a5/.5
    f#5/.5 a5/.5 d6/1.5> c#6/.5 b5/.5 a5/.5 | b5/1 g#5/.5 e5/.5 b4/.5 e5/.5 g#5/.5 b5/.5
    c#6/.5> b5/.5 g#5/.5 c#5/.5 e5/.5 g#5/.5 b5/.5 e6/.5 | f#6/1.5> e6/.5 c#6/.5 a5/.5 f#5/2
"""


def _play_drums() -> tuple[Note, ...]:
    """Return the drums: straight eighths, fills at the turns, ride and crashes when it is loud."""
    rest = "." * 16
    fill = {
        KICK: "x..ox...........",
        SNARE: "....x..xx.xx....",
        HIGH_TOM: rest[:8] + ".x..xx..",
        MID_TOM: rest[:14] + "x.",
        LOW_TOM: rest[:15] + "X",
        HAT: "x.o.x.o.........",
    }
    calm = (
        {KICK: "x.....x.x.x.....", SNARE: "....x.......x...", HAT: "x.o.x.o.x.o.x.o."},
        {KICK: "x..o....x.x...o.", SNARE: "....x..g....x..g", HAT: "x.o.x.o.x.o.x.oo"},
    )
    loud = (
        {KICK: "X.x...x.x.x.....", SNARE: "....X.......X...", RIDE: "x.o.x.o.x.o.x.o."},
        {KICK: "x.x...x.x..x..x.", SNARE: "....X..g....X.g.", OPEN_HAT: "x...x...x...x..."},
    )
    notes: list[Note] = []
    for bar in range(BARS):
        rows = dict((calm if bar < CHORUS else loud)[bar % 2])
        if bar in (VERSE - 1, CHORUS - 1, SOLO - 1, BARS - 2):
            rows = dict(fill)
        if bar in (0, VERSE, CHORUS, SOLO, SOLO + 4, BARS - 1):
            rows[CRASH] = "X" + rest[1:]
        notes.extend(write_groove(rows, bar=bar))
    notes.extend(write_groove({KICK: "X...", CRASH: "X...", SNARE: "x..."}, bar=BARS))
    return tuple(notes)


def _play_rhythm_guitars() -> tuple[Instrument, Instrument]:
    """Return two distorted guitars, left and right, on roots and fifths."""
    riff = write_line(
        """f#2+c#3/.5> f#2/.5 f#2/.5 a2+e3/.5> f#2/.5 f#2/.5 b2+f#3/.5> a2+e3/.5
           f#2+c#3/.5> f#2/.5 f#2/.5 e3/.5 c#3/.5 f#2/.5 e2+b2/1
           d3+a3/.5> d3/.5 d3/.5 d3+a3/.5> d3/.5 d3/.5 e3+b3/.5 d3+a3/.5
           e3+b3/.5> e3/.5 e3/.5 e3+b3/.5> r/.5 e2/.25 e2/.25 f#2/.25 g#2/.25 a2/.25 b2/.25""",
        start=0,
        velocity=96,
        legato=0.85,
    )
    muted = {4: ("0/.4> .5/.2 1/.2 1.5/.4> 2/.2 2.5/.2 3/.9>",)}
    open_chords = {
        4: ("0/1.4> 1.5/.9 2.5/.4 3/.9>", "0/.9> 1/.4 1.5/1.4> 3/.4 3.5/.4"),
        2: ("0/.9> 1/.9",),
    }
    loud = _strike_fifths(LOUD_SPANS, figures=open_chords)
    left = riff + _strike_fifths(VERSE_SPANS, figures=muted) + loud
    end = write_line("f#2+c#3+f#3/2.5", start=BARS * 4, velocity=104)
    right = riff[: len(riff) // 2] + _strike_fifths(VERSE_SPANS, figures=muted, octave=12)
    right += loud
    return (
        Instrument(program=30, notes=left + end, pan=14),
        Instrument(program=29, notes=right + end, pan=114),
    )


def _strike_fifths(
    spans: Sequence[ChordSpan], *, figures: Figures, octave: int = 0
) -> tuple[Note, ...]:
    """Return power chords on the bass notes of the chords."""
    voicings = []
    for span in spans:
        root = 40 + (span.chord.bass - 40) % 12 + octave
        voicings.append((root, root + 7, root + 12))
    return play_chords(spans, voicings=voicings, figures=figures, velocity=98, roll=0.006)


def _play_bass_line() -> tuple[Note, ...]:
    """Return the bass in eighths."""
    figures = {
        4: (
            "0/.4:1> .5/.4:1 1/.4:1 1.5/.4:1> 2/.4:1 2.5/.4:1 3/.4:5> 3.5/.4:a",
            "0/.4:1> .5/.4:1 1/.4:8 1.5/.4:1 2/.4:1> 2.5/.4:5 3/.4:1 3.5/.4:d",
        ),
        2: ("0/.4:1> .5/.4:1 1/.4:1 1.5/.4:a",),
    }
    notes = play_bass(SPANS, figures=figures, center=35, velocity=100)
    return notes + write_line("f#1/2.5", start=BARS * 4, velocity=104)


def _play_organ() -> Instrument:
    """Return the rock organ, from the verse on."""
    voicings = lead_voices(SPANS, size=4, low=57, high=76)
    later = VERSE_SPANS + LOUD_SPANS
    chosen = pick_voicings(SPANS, chosen=later, voicings=voicings)
    return Instrument(
        program=18, notes=hold_chords(later, voicings=chosen, velocity=84), pan=74, level=88
    )


def _play_lead() -> Instrument:
    """Return the lead: a line over the chorus, then the solo."""
    notes = write_line(
        """d5/1.5 c#5/.5 d5/1 f#5/1 | e5/1.5 d5/.5 b4/2 | c#5/1.5> a4/.5 c#5/1 f#5/1 | e5/3 c#5/1
           d5/1 f#5/1 a5/1.5> f#5/.5 | g#5/1 e5/1 f#5/2""",
        start=CHORUS * 4,
        velocity=92,
    )
    notes += write_line(LEAD, start=SOLO * 4, velocity=104)
    return Instrument(program=81, notes=notes, pan=60, level=92)


DRIVING = Feel(timing_ms=6, velocity_spread=5, behind_ms=-2)

STATIC = Piece(
    slug="static",
    title="Static in the Orchard",
    artist="Copper Minnows",
    isrc="ZZZM52500417",
    genre="rock",
    bpm=BPM,
    key="F# minor",
    beats_per_bar=4,
    bars=BARS,
    tail_s=2.2,
    parts=(
        Part(
            name="drums",
            role="drums",
            instrument="drum kit",
            instruments=(Instrument(program=16, notes=_play_drums(), is_drums=True),),
            feel=DRIVING,
            mix_db=0.0,
        ),
        Part(
            name="bass",
            role="bass",
            instrument="picked electric bass",
            instruments=(Instrument(program=34, notes=_play_bass_line()),),
            feel=DRIVING,
            room=Room(decay_s=0.4, wet=0.04),
            mix_db=-2.5,
        ),
        Part(
            name="guitars",
            role="guitar",
            instrument="distorted guitars",
            instruments=_play_rhythm_guitars(),
            feel=DRIVING,
            mix_db=-3.0,
        ),
        Part(
            name="organ",
            role="keys",
            instrument="rock organ",
            instruments=(_play_organ(),),
            feel=DRIVING,
            mix_db=-9.0,
        ),
        Part(
            name="lead",
            role="synth",
            instrument="lead synthesizer",
            instruments=(_play_lead(),),
            feel=DRIVING,
            room=Room(decay_s=1.8, wet=0.22),
            mix_db=-5.0,
        ),
    ),
)
