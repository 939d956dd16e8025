"""Ferry to Nowhere Soon: a folk waltz in G major, 156 bpm; a reference, nobody's stem."""

from config.demo.compose.arranging import (
    KICK,
    MARACAS,
    RIM,
    SNARE,
    TAMBOURINE,
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
    shape_swell,
    write_groove,
    write_line,
)
from config.demo.compose.theory import lead_voices, parse_progression

BPM = 156
BARS = 32
BEATS = 3
SECOND_HALF = 16

SPANS = parse_progression(
    """| G | G/B | C | D7 | Em7 | C | Am7 | D7 | G | B7 | Em | C | G/D | D7 | G | D7
       | C | D | Bm7 | Em | Am7 | D7 | G | G7 | C | C#dim7 | G/D | E7 | Am7 | D7 | G | G |""",
    beats_per_bar=BEATS,
)

TUNE = """
    d5/1 g5/1 a5/1 | b5/2> a5/1 | g5/1 e5/1 c5/1 | d5/2 r/1
    b4/1 e5/1 g5/1 | c6/1.5> b5/.5 a5/1 | g5/1 e5/1 c5/1 | f#5/2 a5/1
    b5/1.5 a5/.5 g5/1 | a5/1 f#5/1 d#5/1 | e5/1 g5/1 b5/1 | c6/1 b5/.5 a5/.5 g5/1
    b5/1 d6/1 b5/1 | a5/1 f#5/.5 g5/.5 a5/1 | g5/3 | r/1 d5/.5 e5/.5 f#5/.5 g5/.5
    e6/2> d6/1 | c6/1 a5/1 f#5/1 | d6/2> c6/1 | b5/1 g5/1 e5/1
    c6/1.5 b5/.5 a5/1 | d6/1 c6/.5 a5/.5 f#5/1 | g5/1 b5/1 d6/1 | f6/2> d6/1
    e6/1 d6/.5 c6/.5 g5/1 | bb5/1 a5/.5 g5/.5 e5/1 | d5/1 g5/1 b5/1 | d6/1 b5/1 g#5/1
    a5/1 c6/1 e6/1 | d6/1> c6/.5 a5/.5 f#5/1 | g5/1 d5/1 b4/1 | g5/3
"""


def _play_percussion() -> tuple[Note, ...]:
    """Return brushes on a small kit, with tambourine in the second half."""
    patterns = (
        {KICK: "x.....", SNARE: "..o.o.", MARACAS: "o-o-o-"},
        {KICK: "x....-", SNARE: "..o.o-", MARACAS: "o-ooo-"},
        {KICK: "x.....", RIM: "..o.o.", MARACAS: "o-o-oo"},
        {KICK: "x...o.", SNARE: "..ooo-", MARACAS: "o-o-o-"},
    )
    notes: list[Note] = []
    for bar in range(BARS):
        rows = dict(patterns[bar % 4])
        if bar >= SECOND_HALF:
            rows[TAMBOURINE] = "..x.x." if bar % 2 else "..x.xo"
        if bar % 8 == 7:
            rows[SNARE] = "o.oooo"
        notes.extend(write_groove(rows, bar=bar, beats_per_bar=BEATS))
    return tuple(notes)


def _play_bass_line() -> tuple[Note, ...]:
    """Return the double bass: a root a bar, and steps to the next one."""
    figures = {3: ("0/1.9:1", "0/1.9:1 2/.9:5", "0/1.9:1> 2/.9:a", "0/.9:1 1/.9:3 2/.9:5")}
    return play_bass(SPANS, figures=figures, center=38, velocity=94)


def _play_guitar() -> Instrument:
    """Return the strummed steel guitar on beats two and three."""
    voicings = lead_voices(SPANS, size=4, low=55, high=74)
    figures = {3: ("1/.8 2/.5 ^2.5/.4<", "1/.8 2/.8", "1/.4 ^1.5/.4< 2/.5 ^2.5/.4<")}
    notes = play_chords(SPANS, voicings=voicings, figures=figures, velocity=80, roll=0.03)
    return Instrument(program=25, notes=notes, pan=40)


def _play_accordion() -> Instrument:
    """Return the accordion: the tune, and chords held below it in the second half."""
    swells = tuple(
        control
        for bar in range(0, BARS, 4)
        for control in shape_swell(start=bar * BEATS, length=4 * BEATS, low=84, high=116)
    )
    voicings = lead_voices(SPANS, size=3, low=52, high=69)
    later = take_bars(SPANS, first=SECOND_HALF, stop=BARS, beats_per_bar=BEATS)
    notes = write_line(TUNE, start=0, velocity=92)
    notes += play_chords(
        later, voicings=voicings[-len(later) :], figures={3: ("0/2.8", "1/.7 2/.7")}, velocity=66
    )
    return Instrument(program=21, notes=notes, controls=swells, pan=70)


def _play_fiddle() -> Instrument:
    """Return the fiddle: long notes against the tune, then a second voice to it."""
    low = write_line(
        """b4/3 | d5/3 | e5/3 | f#5/2 e5/1 | g5/3 | e5/3 | c5/2 e5/1 | d5/1 c5/1 a4/1
           d5/3 | d#5/3 | e5/2 g5/1 | e5/3 | d5/2 g5/1 | c5/3 | b4/1 c5/1 d5/1 | a4/1 b4/1 c5/1
           g5/2 b5/1 | a5/1 f#5/1 d5/1 | f#5/2 a5/1 | g5/1 e5/1 b4/1
           e5/1.5 g5/.5 e5/1 | f#5/1 a5/.5 f#5/.5 d5/1 | b4/1 d5/1 g5/1 | b5/2 f5/1
           g5/1 e5/.5 g5/.5 e5/1 | g5/1 e5/.5 c#5/.5 bb4/1 | b4/1 d5/1 g5/1 | b5/1 g#5/1 e5/1
           c5/1 e5/1 g5/1 | f#5/1 a5/.5 f#5/.5 d5/1 | b4/1 g4/1 d5/1 | b4+d5/3""",
        start=0,
        velocity=84,
        legato=1.0,
    )
    return Instrument(program=40, notes=low, pan=96, level=88)


LILT = Feel(timing_ms=9, velocity_spread=6, swing=0.54, swing_unit=0.5)

FERRY = Piece(
    slug="ferry",
    title="Ferry to Nowhere Soon",
    artist="The Gusty Parade",
    isrc="ZZZM52500582",
    genre="folk",
    bpm=BPM,
    key="G major",
    beats_per_bar=BEATS,
    bars=BARS,
    parts=(
        Part(
            name="percussion",
            role="drums",
            instrument="brushes",
            instruments=(Instrument(program=40, notes=_play_percussion(), is_drums=True),),
            feel=LILT,
            mix_db=-3.0,
        ),
        Part(
            name="bass",
            role="bass",
            instrument="double bass",
            instruments=(Instrument(program=32, notes=_play_bass_line()),),
            feel=LILT,
            room=Room(decay_s=0.5, wet=0.06),
            mix_db=-3.0,
        ),
        Part(
            name="guitar",
            role="guitar",
            instrument="steel guitar",
            instruments=(_play_guitar(),),
            feel=LILT,
            mix_db=-4.0,
        ),
        Part(
            name="accordion",
            role="keys",
            instrument="accordion",
            instruments=(_play_accordion(),),
            feel=LILT,
            room=Room(decay_s=1.4, wet=0.16),
            mix_db=0.0,
        ),
        Part(
            name="fiddle",
            role="strings",
            instrument="fiddle",
            instruments=(_play_fiddle(),),
            feel=Feel(timing_ms=13, velocity_spread=5, behind_ms=-12),
            room=Room(decay_s=1.5, wet=0.18),
            mix_db=-6.0,
        ),
    ),
)
