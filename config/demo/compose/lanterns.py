"""Paper Lanterns: a pop song in E major, 118 bpm, fourteen bars: verse, lift, chorus."""

from config.demo.compose.arranging import (
    CLAP,
    CRASH,
    HAT,
    HIGH_TOM,
    KICK,
    LOW_TOM,
    MID_TOM,
    OPEN_HAT,
    SNARE,
    TAMBOURINE,
    hold_chords,
    pick_voicings,
    play_arpeggio,
    play_bass,
    play_chords,
    take_bars,
)
from config.demo.compose.score import (
    Control,
    Feel,
    Instrument,
    Note,
    Part,
    Piece,
    Room,
    SungLine,
    shape_swell,
    write_groove,
    write_line,
)
from config.demo.compose.theory import lead_voices, parse_progression

BPM = 118
BARS = 14
LIFT, CHORUS, END = 4, 8, 13

SPANS = parse_progression(
    """| E | B/D# | C#m7 | Asus2 | F#m7 | A | C#m7 | B7sus4 B
       | Aadd9 | B | C#m7 | E/G# | Aadd9 B | E |""",
    beats_per_bar=4,
)
VERSE_SPANS = take_bars(SPANS, first=0, stop=LIFT)
LIFT_SPANS = take_bars(SPANS, first=LIFT, stop=CHORUS)
CHORUS_SPANS = take_bars(SPANS, first=CHORUS, stop=END)
LAST_SPAN = take_bars(SPANS, first=END, stop=BARS)

MELODY = """
    r/.5 b3/.5 b3/.5 c#4/.5 e4/1> b3/1 | b3/.5 d#4/1.5 r/1 b3/.5 b3/.5
    c#4/.5 b3/.5 g#3/1 r/.5 g#3/.5 b3/.5 c#4/.5 | e4/2 r/1 b3/.5 c#4/.5
    e4/.5 c#4/.5 a3/1 r/.5 a3/.5 b3/.5 c#4/.5 | e4/1.5 r/1 c#4/.5 b3/.5 c#4/.5
    g#3/1 b3/1 r/.5 c#4/.5 b3/.5 c#4/.5 | e4/1.5> r/.5 d#4/.5 d#4/.5 e4/.5 f#4/.5
    e4/1.5> c#4/.5 e4/.5 e4/1 c#4/.5 | d#4/1.5> r/.5 b3/.5 c#4/.5 d#4/1
    r/.5 e4/.5 e4/.5 d#4/.5 c#4/.5 b3/1.5 | r/.5 b3/.5 c#4/.5 e4/.5 g#4/1.5> r/.5
    e4/.5 c#4/.5 e4/1 d#4/.5 f#4/.5 e4/.5 d#4/.5 | e4/3.2
"""
# Paper lanterns in the rain, they will flicker out and call your name; I count every light on the
# water till the morning comes to make it rise. So float with me home over all the roofs of the
# town, hold on to the thread, don't let it go; float with me before the sun rise.
LYRICS = """
    peI p3: lan t3:nz In | D@ reIn DeI wIl | flIk 3: aUt and kO:l jO:r | neIm aI kaUnt
    Ev ri: laIt A:n D@ wO: | t3: tIl D@ mO:r | nIN kVmz t@ meIk It | raIz soU floUt wID mi:
    hoUm oU v3: O:l D@ | ru:fs Vv D@ taUn | hoUld A:n t@ D@ TrEd | doUnt lEt It goU
    floUt wID mi: bi: fO:r D@ sVn | raIz
"""


def _play_drums() -> tuple[Note, ...]:
    """Return the drums: half a kit in the verse, a build, four on the floor in the chorus."""
    rest = "." * 16
    bars = [
        {KICK: "x.....x...x.....", CLAP: "....o.......o...", HAT: "o.-.o.-.o.-.o.-."},
        {KICK: "x.....x...x...o.", CLAP: "....o.......o...", HAT: "o.-.o.-.o.-.o.oo"},
        {KICK: "x.....x...x.....", SNARE: "....x.......x...", HAT: "o.-.o.-.o.-.o.-."},
        {
            KICK: "x.....x..xx.....",
            SNARE: "....x.......x.gx",
            HAT: "o.-.o.-.o.-.....",
            OPEN_HAT: "." * 14 + "o.",
        },
        {
            KICK: "X...o...x...o...",
            SNARE: "....x.......x...",
            HAT: "x.o.x.o.x.o.x.o.",
            CRASH: "x" + rest[1:],
        },
        {KICK: "x...o...x...o.o.", SNARE: "....x..g....x...", HAT: "x.o.x.o.x.o.x.oo"},
        {
            KICK: "x...x...x...x...",
            SNARE: "....x.......x..g",
            LOW_TOM: "x..x..x.x..x..x.",
            TAMBOURINE: "..o...o...o...o.",
        },
        {
            KICK: "x...x...x.......",
            SNARE: "-.-.o.o.oxoxXXXX",
            HIGH_TOM: "........x.......",
            LOW_TOM: "x..x..x.........",
        },
        {
            KICK: "X...x...x...x...",
            SNARE: "....X.......X...",
            OPEN_HAT: "..x...x...x...x.",
            CRASH: "X" + rest[1:],
            TAMBOURINE: "o-o-o-o-o-o-o-o-",
        },
        {
            KICK: "x...x..ox...x...",
            SNARE: "....X.......X..g",
            OPEN_HAT: "..x...x...x...x.",
            TAMBOURINE: "o-o-o-o-o-o-o-o-",
        },
        {
            KICK: "x...x...x..ox...",
            SNARE: "....X..g....X...",
            OPEN_HAT: "..x...x...x...x.",
            TAMBOURINE: "o-o-o-o-o-o-o-o-",
        },
        {
            KICK: "x...x..ox.......",
            SNARE: "....X...x..xx.x.",
            OPEN_HAT: "..x...x.........",
            HIGH_TOM: rest[:10] + "x..x..",
            MID_TOM: rest[:13] + "x..",
            LOW_TOM: rest[:15] + "X",
        },
        {
            KICK: "X...x...X..ox...",
            SNARE: "....X.......X.gX",
            OPEN_HAT: "..x...x...x...x.",
            CRASH: "X.......x.......",
            CLAP: "....x.......x...",
        },
        {
            KICK: "X.....o.x.....o.",
            SNARE: rest[:12] + "o..g",
            HAT: "..o.o.-.o.-.o.-.",
            CRASH: "X" + rest[1:],
        },
    ]
    notes: list[Note] = []
    for index, rows in enumerate(bars):
        notes.extend(write_groove(rows, bar=index))
    notes.extend(write_groove({KICK: "x...", CRASH: "o..."}, bar=BARS, level=0.9))
    return tuple(notes)


def _play_bass_line() -> tuple[Note, ...]:
    """Return the picked bass: long notes, then eighths, then eighths with octaves."""
    verse = {4: ("0/1.4:1 1.5/.9:1 2.5/.9:5 3.5/.4:a", "0/1.4:1 1.5/.9:1 2.5/.4:8 3/.9:5<")}
    eighths = {
        4: ("0/.4:1> .5/.4:1 1/.4:1 1.5/.4:1 2/.4:1> 2.5/.4:1 3/.4:5 3.5/.4:a",),
        2: ("0/.4:1> .5/.4:1 1/.4:1 1.5/.4:1", "0/.4:1> .5/.4:1 1/.4:3 1.5/.4:d"),
    }
    octaves = {
        4: (
            "0/.4:1> .5/.4:8< 1/.4:1 1.5/.4:8 2/.4:1> 2.5/.4:8< 3/.4:5 3.5/.4:a",
            "0/.4:1> .5/.4:1 1/.4:8 1.5/.2:8< 1.75/.2:5 2/.4:1> 2.5/.4:1 3/.4:8 3.5/.4:d",
        ),
        2: ("0/.4:1> .5/.4:8 1/.4:1 1.5/.4:a",),
    }
    notes = play_bass(VERSE_SPANS, figures=verse, center=36, velocity=88)
    notes += play_bass(LIFT_SPANS, figures=eighths, center=36, velocity=94)
    notes += play_bass(CHORUS_SPANS, figures=octaves, center=36, velocity=104)
    return notes + write_line(
        "e2/1.5> g#2/.5 b2/.5 e3/.5 b2/.5 g#2/.5 | e2/2.4", start=52, velocity=94
    )


def _play_guitars() -> tuple[Instrument, Instrument]:
    """Return the strummed acoustic and the electric that joins it."""
    voicings = lead_voices(SPANS, size=5, low=52, high=76)
    light = {
        4: (
            "0/.9 1/.45 ^1.5/.4< 2.5/.4 ^3/.4< 3.5/.4<",
            "0/.9 1/.45 ^1.5/.4< ^2.5/.4< 3/.4 ^3.5/.4<",
        ),
    }
    driving = {
        4: ("0/.45> ^.5/.4< 1/.45 ^1.5/.4 ^2.25/.2< 2.5/.4 ^2.75/.2< 3/.45> ^3.5/.4",),
        2: ("0/.45> ^.5/.4< 1/.45> ^1.5/.4", "0/.45> 1/.2 ^1.25/.2< 1.5/.2 ^1.75/.2"),
    }
    strums: tuple[Note, ...] = ()
    for spans, figures, velocity in (
        (VERSE_SPANS, light, 74),
        (LIFT_SPANS, driving, 78),
        (CHORUS_SPANS, driving, 90),
    ):
        chosen = pick_voicings(SPANS, chosen=spans, voicings=voicings)
        strums += play_chords(
            spans, voicings=chosen, figures=figures, velocity=velocity, roll=0.022
        )
    last = pick_voicings(SPANS, chosen=LAST_SPAN, voicings=voicings)
    strums += play_chords(
        LAST_SPAN,
        voicings=last,
        figures={4: ("0/1.9> 2/.9< ^3/.4< 3.5/3",)},
        velocity=84,
        roll=0.05,
    )
    high = lead_voices(SPANS, size=3, low=59, high=80)
    picked = play_arpeggio(
        LIFT_SPANS,
        voicings=pick_voicings(SPANS, chosen=LIFT_SPANS, voicings=high),
        order=(0, 1, 2, 1),
        step=0.5,
        velocity=68,
    )
    picked += play_arpeggio(
        CHORUS_SPANS,
        voicings=pick_voicings(SPANS, chosen=CHORUS_SPANS, voicings=high),
        order=(0, 2, 1, 3, 2, 1, 3, 2),
        step=0.5,
        velocity=84,
    )
    picked += write_line("g#4/.5 b4/.5 e5/.5 f#5/.5 g#5/2", start=52, velocity=76)
    return (
        Instrument(program=25, notes=strums, pan=46, level=104),
        Instrument(program=27, notes=picked, pan=86, level=84),
    )


def _play_synths() -> tuple[Instrument, Instrument]:
    """Return the synthesizers: the hook, and a pad below it."""
    hook = write_line(
        """e5/.5 g#5/.5 b5/.5 g#5/1 f#5/.5 e5/1 | d#5/.5 f#5/.5 b5/1.5 r/.5 a5/.5 f#5/.5
           g#5/1.5 e5/.5 c#5/.5 e5/.5 b4/1 | c#5/.5 e5/.5 b5/2.5 r/.5""",
        start=0,
        velocity=64,
    )
    hook += write_line(
        """a4/1 c#5/1 e5/1.5 c#5/.5 | e5/1.5 f#5/.5 a5/1 e5/1
           g#5/.5 e5/.5 c#5/.5 e5/.5 g#5/.5 b5/.5 g#5/.5 e5/.5
           e5/.5 f#5/.5 a5/.5 b5/.5 d#5/.25 e5/.25 f#5/.25 g#5/.25 a5/.25 b5/.25 c#6/.25 d#6/.25""",
        start=16,
        velocity=76,
    )
    hook += write_line(
        """e6/1.5> c#6/.5 b5/1 c#6/1 | d#6/1 b5/.5 f#5/.5 b5/1 d#6/.5 f#6/.5
           e6/1.5> d#6/.5 c#6/.5 b5/.5 g#5/1 | b5/.5 c#6/.5 e6/.5 g#6/1.5> f#6/.5 e6/.5
           c#6/.5 e6/.5 a6/1> f#6/.5 d#6/.5 b5/1 | e6/3""",
        start=32,
        velocity=92,
    )
    voicings = lead_voices(SPANS, size=4, low=50, high=70)
    pad = hold_chords(SPANS, voicings=voicings, velocity=72)
    rise: tuple[Control, ...] = ()
    for first, bars, low, high in ((0, 4, 56, 80), (4, 4, 64, 116), (8, 6, 88, 108)):
        rise += shape_swell(start=first * 4, length=bars * 4, low=low, high=high, peak=0.9)
    return (
        Instrument(program=81, notes=hook, pan=70, level=88),
        Instrument(program=90, notes=pad, controls=rise, pan=58, level=90),
    )


STEADY = Feel(timing_ms=5, velocity_spread=5)
EAGER = Feel(timing_ms=7, velocity_spread=6, behind_ms=-3)

LANTERNS = Piece(
    slug="lanterns",
    title="Paper Lanterns",
    artist="Nine Kite Radio",
    isrc="ZZCT12600002",
    genre="pop",
    bpm=BPM,
    key="E major",
    beats_per_bar=4,
    bars=BARS,
    parts=(
        Part(
            name="drums",
            role="drums",
            instrument="drum kit",
            instruments=(Instrument(program=16, notes=_play_drums(), is_drums=True),),
            feel=STEADY,
            room=Room(decay_s=0.9, wet=0.13),
        ),
        Part(
            name="bass",
            role="bass",
            instrument="picked electric bass",
            instruments=(Instrument(program=34, notes=_play_bass_line()),),
            feel=STEADY,
            room=Room(decay_s=0.4, wet=0.04),
            drive=0.5,
        ),
        Part(
            name="guitar",
            role="guitar",
            instrument="acoustic and electric guitar",
            instruments=_play_guitars(),
            feel=EAGER,
            room=Room(decay_s=1.0, wet=0.12),
        ),
        Part(
            name="synth",
            role="synth",
            instrument="lead and pad synthesizer",
            instruments=_play_synths(),
            feel=STEADY,
            room=Room(decay_s=1.6, wet=0.2),
        ),
        Part(
            name="vocal",
            role="lead_vocal",
            instrument="synthesized voice",
            sung=SungLine(
                notes=write_line(MELODY, start=0, velocity=94, legato=1.0),
                syllables=tuple(LYRICS.replace("|", " ").split()),
                formant_scale=1.0,
            ),
            room=Room(decay_s=1.2, wet=0.14),
            has_voice=True,
        ),
    ),
)
