"""Moonlit Avenue: a soul ballad in A minor, 92 bpm, twelve bars of two verses and a chorus."""

from config.demo.compose.arranging import (
    CRASH,
    HAT,
    HIGH_TOM,
    KICK,
    LOW_TOM,
    MID_TOM,
    OPEN_HAT,
    RIDE,
    RIDE_BELL,
    RIM,
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
    Bend,
    Feel,
    Instrument,
    Note,
    Part,
    Piece,
    Room,
    SungLine,
    press_pedal,
    shape_swell,
    write_groove,
    write_line,
)
from config.demo.compose.theory import lead_voices, parse_progression

BPM = 92
BARS = 12
VERSE, CHORUS, END = 4, 8, 12

SPANS = parse_progression(
    """| Am9 | Dm9 G13 | Cmaj9 Fmaj9 | Bm7b5 E7#9
       | Am9 | Dm9 G13 | Cmaj9 A7b9 | Dm9 E7b9
       | Fmaj9 | Em7 Am9 | Dm9 E7b9 | Am9 |""",
    beats_per_bar=4,
)
INTRO_SPANS = take_bars(SPANS, first=0, stop=VERSE)
VERSE_SPANS = take_bars(SPANS, first=VERSE, stop=CHORUS)
CHORUS_SPANS = take_bars(SPANS, first=CHORUS, stop=END)

# The sixteenths are swung a little, by drums, bass, keys and guitar alike.
SWING = 0.56

MELODY = """
    r/.5 a4/.5 c5/1> b4/.5 a4/.5 g4/1 | f4/.5 a4/1.5 r/.5 g4/.5 a4/.5 b4/.5
    c5/.5> b4/1 g4/.5 a4/1.5 r/.5 | r/.5 a4/.5 b4/.5 d5/.5> b4/.75 g#4/.75 e4/.5
    a4/2.5 r/.5 g4/.5 a4/.5 | c5/1> a4/.5 f4/.5 e4/.5 b4/1.5
    r/1 g4/.5 a4/.5 c#5/1> a4/.5 e4/.5 | f4/.5 a4/.5 a4/1 r/.5 g#4/.5 b4/1>
    c5/.5> a4/1.5 r/.5 a4/.5 c5/.5 d5/.5 | b4/1.5> r/.5 c5/.5 b4/.5 a4/1
    f4/.5 a4/.5 c5/1> b4/1 g#4/.5 b4/.5 | a4/3
"""
# Moonlight on the avenue, walking slowly home to you; every window holds a song, we were dancing
# all along. Take my hand and don't let me go, oh sing to me under the stars; sing to me, wherever
# you are tonight. Phonemes in eSpeak's notation.
LYRICS = """
    mu:n laIt A:n D@ av | @ nu: wO:k IN sloU | li: hoUm t@ ju: | Ev ri: wIn doU hoUldz @
    sA:N wi: w3: | dan sIN O:l @ lA:N | teIk maI hand and doUnt | lEt mi: goU oU sIN
    t@ mi: Vn d3: D@ | stA:rz sIN t@ mi: | wEr Ev 3: ju: A:r t@ | naIt
"""


def _play_drums() -> tuple[Note, ...]:
    """Return the drums: rim and hat, then snare with ghosts, then the ride."""
    verse_hat = "x.o.x.o.x.o.x.o-"
    bars = [
        {KICK: "x.....o.x.......", RIM: "....x.......x...", HAT: "o.-.o.-.o.-.o.-."},
        {KICK: "x......ox.o.....", RIM: "....x.......x...", HAT: "o.-.o.-.o.-.o--."},
        {KICK: "x.....o.x.......", RIM: "....x.......x..o", HAT: "o.-.o.-.o.-.o.-."},
        {KICK: "x......ox.......", SNARE: "....x....g..x-xx", HAT: "o.-.o.-.o.-....."},
        {
            KICK: "X.....o.x.......",
            SNARE: "....x..g.g..x...",
            HAT: verse_hat,
            CRASH: "x" + "." * 15,
        },
        {KICK: "x..o...ox.o.....", SNARE: "....x..g.g..x..g", HAT: "x.o.x.o.x.o.x--."},
        {
            KICK: "x.....o.x..o....",
            SNARE: "....x.g..g..x...",
            HAT: "x.o.x.o.x.o.x...",
            OPEN_HAT: "." * 14 + "o.",
        },
        {
            KICK: "x......ox.......",
            SNARE: "....x..gx..x....",
            HIGH_TOM: "." * 12 + "x-..",
            MID_TOM: "." * 13 + ".x.",
            LOW_TOM: "." * 15 + "X",
            HAT: "x.o.x.o.........",
        },
        {
            KICK: "X..o..o.x.o.....",
            SNARE: "....X..g.g..X...",
            RIDE: "x.o.x.ooxxo.x.o.",
            CRASH: "X" + "." * 15,
            TAMBOURINE: "....x.......x...",
        },
        {
            KICK: "x..o..o.x..o..o.",
            SNARE: "....X..g.g..X..g",
            RIDE: "x.o.x.o.x.o.x.oo",
            TAMBOURINE: "....x.......x...",
        },
        {
            KICK: "x..o..o.x.o.....",
            SNARE: "....X..g....xgxX",
            RIDE: "x.o.x.o.x.o.....",
            HIGH_TOM: "." * 13 + "x..",
            TAMBOURINE: "....x...........",
        },
        {
            KICK: "X.....o.x.......",
            RIM: "....x.......o...",
            RIDE_BELL: "o.......-.......",
            CRASH: "x" + "." * 15,
            HAT: "..-.o.-.o.-.o.-.",
        },
    ]
    notes: list[Note] = []
    for index, rows in enumerate(bars):
        notes.extend(write_groove(rows, bar=index))
    last = {KICK: "o...", RIDE: "o...", CRASH: "-..."}
    notes.extend(write_groove(last, bar=BARS, level=0.8))
    return tuple(notes)


def _play_bass_line() -> tuple[Note, ...]:
    """Return the bass: sparse first, with pick-ups in the verse, on the move in the chorus."""
    sparse = {
        4: ("0/2.2:1 2.5/.4:5 3/.9:1",),
        2: ("0/1.3:1 1.5/.4:5", "0/1.4:1 1.5/.4:a"),
    }
    moving = {
        4: ("0/1.3:1 1.5/.4:5 1.75/.2:8 2/1.1:1 3.25/.2:5 3.5/.45:a",),
        2: ("0/.7:1 .75/.2:1 1/.4:8 1.5/.45:a", "0/.9:1 1/.4:5 1.5/.2:3 1.75/.2:a"),
    }
    busy = {
        4: ("0/.7:1 .75/.2:8 1/.4:7 1.5/.4:5 2/.7:1 2.75/.2:5< 3/.4:7 3.5/.2:8 3.75/.2:a",),
        2: ("0/.7:1 .75/.2:1< 1/.4:3 1.5/.2:5 1.75/.2:a", "0/.7:1 .75/.2:8 1/.4:5 1.5/.4:b"),
    }
    notes = play_bass(INTRO_SPANS, figures=sparse, center=38, velocity=82)
    notes += play_bass(VERSE_SPANS, figures=moving, center=38, velocity=90)
    notes += play_bass(CHORUS_SPANS[:-1], figures=busy, center=38, velocity=98)
    return notes + write_line(
        "a1/1.5> e2/.25 g2/.25 a2/.5 g2/.5 e2/.5 c2/.25 b1/.25 | a1/2.5", start=44, velocity=92
    )


def _play_keys() -> tuple[Instrument, Instrument]:
    """Return the electric piano, and the grand that answers the singer."""
    voicings = lead_voices(SPANS, size=4, low=52, high=72)
    calm = {4: ("0/2.4 2.5/1.4<",), 2: ("0/1.9", "0/1.2 1.5/.4<")}
    warm = {4: ("0/1.3 1.5/.9< 2.75/1.1",), 2: ("0/.9 1.25/.6<", "0/1.2> 1.5/.4")}
    full = {4: ("0/.9> 1/.4< 1.5/.9 2.75/.2< 3/.9",), 2: ("0/.9> 1.25/.2< 1.5/.4", "0/.6 .75/1.1>")}
    notes: tuple[Note, ...] = ()
    for spans, figures, velocity in (
        (INTRO_SPANS, calm, 66),
        (VERSE_SPANS, warm, 74),
        (CHORUS_SPANS[:-1], full, 82),
    ):
        chosen = pick_voicings(SPANS, chosen=spans, voicings=voicings)
        notes += play_chords(spans, voicings=chosen, figures=figures, velocity=velocity)
    end = pick_voicings(SPANS, chosen=CHORUS_SPANS[-1:], voicings=voicings)
    ending = {4: ("0/1.4> 1.5/1.2< 3/.9<",)}
    notes += play_chords(CHORUS_SPANS[-1:], voicings=end, figures=ending, velocity=76, roll=0.03)
    notes += write_line("a3+c4+e4+b4/3", start=48, velocity=62)
    answers = write_line("e5/.25 d5/.25 c5/.5 b4/.5", start=6.5, velocity=66)
    answers += write_line("r/.5 e5/.25 g5/.25 e5/.5 d5/.5", start=10, velocity=68)
    answers += write_line("c6/.25> b5/.25 a5/.25 e5/.25 g5/1", start=18, velocity=74)
    answers += write_line("e5/.25 f5/.25 g5/.5 | c6+e5/.75", start=24, velocity=72)
    answers += write_line("e6/.25> d6/.25 c6/.25 a5/.25 e5/.5 a5/.5", start=33.5, velocity=82)
    answers += write_line("g5/.25 b5/.25 d6/.5> b5/.5", start=37.5, velocity=80)
    answers += write_line("a5/.25 c6/.25 f6/.5> e6/.25 d6/.25 b5/.5", start=41, velocity=84)
    answers += write_line("e5/.5 a5/.5 b5/.5 c6/.5< e6/1.5<", start=46, velocity=70)
    calm_pedal, pedal = press_pedal(INTRO_SPANS), press_pedal(SPANS)
    return (
        Instrument(program=4, notes=notes, controls=calm_pedal, pan=56, level=104),
        Instrument(program=0, notes=answers, controls=pedal, pan=78, level=92),
    )


def _play_guitar() -> Instrument:
    """Return the clean guitar: arpeggios, then chops with a fill, then sixteenths."""
    voicings = lead_voices(SPANS, size=4, low=55, high=76)
    intro, verse, chorus = (
        pick_voicings(SPANS, chosen=spans, voicings=voicings)
        for spans in (INTRO_SPANS, VERSE_SPANS, CHORUS_SPANS)
    )
    notes = play_arpeggio(
        INTRO_SPANS, voicings=intro, order=(0, 1, 2, 3), step=0.5, velocity=70, ring=2.2
    )
    chops = {
        4: ("1/.15> 1.75/.1< 3/.15> ^3.5/.1<",),
        2: ("1/.15> ^1.5/.1<", "^.75/.1< 1/.15> ^1.75/.1<"),
    }
    notes += play_chords(VERSE_SPANS, voicings=verse, figures=chops, velocity=80, roll=0.012)
    notes += write_line("a4/.25 c5/.25 d5/.25> e5/.75 d5/.25 c5/.25", start=18.25, velocity=80)
    notes += write_line("r/.5 g4/.25 a4/.25 c5/.5> a4/.25 g4/.25", start=26, velocity=82)
    notes += play_arpeggio(
        CHORUS_SPANS[:-1],
        voicings=chorus[:-1],
        order=(0, 2, 3, 1, 2, 3, 2, 1),
        step=0.25,
        velocity=76,
        ring=2.0,
    )
    final = {4: ("0/3.8",)}
    notes += play_chords(
        CHORUS_SPANS[-1:], voicings=chorus[-1:], figures=final, velocity=78, roll=0.09
    )
    notes += write_line("e5/.5 d5/.5 c5/.5 a4/.5 b4/2<", start=46, velocity=70)
    bends = (
        Bend(at=18.7, semitones=-0.9),
        Bend(at=18.85, semitones=-0.4),
        Bend(at=18.95, semitones=0.0),
    )
    return Instrument(program=27, notes=notes, bends=bends, pan=44, level=100)


def _play_strings() -> tuple[Instrument, Instrument]:
    """Return the strings: pad voices below, a line of first violins above."""
    voicings = lead_voices(SPANS, size=3, low=57, high=74)
    pad = hold_chords(SPANS, voicings=voicings, velocity=70)
    line = write_line(
        """e5/3 d5/1 | f5/2 e5/2 | d5/2 c5/2 | d5/2 e5/1 g#5/1
           a5/3 b5/1 | c6/2 b5/2 | g5/1 e5/1 c#5/1 e5/1 | f5/2 e5/1 d5/.5 e5/.5
           c6/1.5> a5/.5 c6/1 e6/1 | d6/1 b5/1 c6/1 b5/.5 a5/.5 | a5/1 f5/1 g#5/1 b5/1 | a5/2 e5/2
           a5/2""",
        start=0,
        velocity=72,
        legato=1.02,
    )
    swells = tuple(
        control
        for bar in range(0, BARS, 2)
        for control in shape_swell(
            start=bar * 4, length=8, low=62 + 3 * bar, high=84 + 3 * bar, peak=0.65
        )
    )
    return (
        Instrument(program=48, notes=pad, controls=swells, pan=50, level=96),
        Instrument(program=49, notes=line, controls=swells, pan=82, level=92),
    )


def _play_choir() -> tuple[Instrument, Instrument]:
    """Return the backing voices: oohs under the verses, aahs that move in the chorus."""
    voicings = lead_voices(SPANS, size=3, low=55, high=70)
    early = take_bars(SPANS, first=0, stop=CHORUS)
    oohs = hold_chords(
        early, voicings=pick_voicings(SPANS, chosen=early, voicings=voicings), velocity=74
    )
    oohs += write_line("r/2 c5/.5 d5/.5 e5/1", start=16, velocity=78)
    chorus = pick_voicings(SPANS, chosen=CHORUS_SPANS, voicings=voicings)
    sung = {4: ("0/1.4> 1.5/.45 2/1.9",), 2: ("0/1.4> 1.5/.45<", "0/.95 1/.95>")}
    aahs = play_chords(CHORUS_SPANS, voicings=chorus, figures=sung, velocity=88, roll=0.0)
    aahs += write_line(
        "a4/1.5 c5/.5 e5/2> | d5/1.5 b4/.5 c5/1 e5/1 | f5/1> e5/1 d5/1 b4/1 | c5/3.5<",
        start=32,
        velocity=90,
        legato=1.0,
    )
    aahs += write_line("a3+e4+a4/2", start=48, velocity=70)
    swells = tuple(
        control
        for bar in range(BARS)
        for control in shape_swell(start=bar * 4, length=4, low=78, high=112, peak=0.4)
    )
    return (
        Instrument(program=53, notes=oohs, controls=swells, pan=52, level=108),
        Instrument(program=52, notes=aahs, controls=swells, pan=74, level=100),
    )


TIGHT = Feel(timing_ms=5, velocity_spread=5, swing=SWING)
LAID_BACK = Feel(timing_ms=8, velocity_spread=6, behind_ms=9, swing=SWING)
SLOW_BOW = Feel(timing_ms=12, velocity_spread=4, behind_ms=-18)

MOONLIT = Piece(
    slug="moonlit",
    title="Moonlit Avenue",
    artist="Marigold Transit",
    isrc="ZZCT12600001",
    genre="soul",
    bpm=BPM,
    key="A minor",
    beats_per_bar=4,
    bars=BARS,
    parts=(
        Part(
            name="drums",
            role="drums",
            instrument="drum kit",
            instruments=(Instrument(program=8, notes=_play_drums(), is_drums=True),),
            feel=TIGHT,
            room=Room(decay_s=0.7, wet=0.12),
        ),
        Part(
            name="bass",
            role="bass",
            instrument="fingered electric bass",
            instruments=(Instrument(program=33, notes=_play_bass_line()),),
            feel=LAID_BACK,
            room=Room(decay_s=0.4, wet=0.04),
            drive=0.5,
        ),
        Part(
            name="keys",
            role="keys",
            instrument="electric and grand piano",
            instruments=_play_keys(),
            feel=LAID_BACK,
            room=Room(decay_s=1.2, wet=0.14),
        ),
        Part(
            name="guitar",
            role="guitar",
            instrument="clean electric guitar",
            instruments=(_play_guitar(),),
            feel=TIGHT,
            room=Room(decay_s=1.3, wet=0.16),
        ),
        Part(
            name="strings",
            role="strings",
            instrument="string section",
            instruments=_play_strings(),
            feel=SLOW_BOW,
            room=Room(decay_s=1.8, wet=0.2),
        ),
        Part(
            name="choir",
            role="backing_vocal",
            instrument="oohs and aahs",
            instruments=_play_choir(),
            feel=SLOW_BOW,
            room=Room(decay_s=1.7, wet=0.2),
            has_voice=True,
        ),
    ),
)

VOCAL = Part(
    name="vocal",
    role="lead_vocal",
    instrument="synthesized voice",
    sung=SungLine(
        notes=write_line(MELODY, start=0, velocity=92, legato=1.0),
        syllables=tuple(LYRICS.replace("|", " ").split()),
        formant_scale=1.13,
    ),
    room=Room(decay_s=1.5, wet=0.16),
    has_voice=True,
)
