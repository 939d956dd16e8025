"""Harbor Without Clocks: a bossa nova in D minor, 132 bpm, sixteen bars."""

from config.demo.compose.arranging import (
    CABASA,
    HIGH_CONGA,
    KICK,
    LOW_CONGA,
    PEDAL_HAT,
    RIDE,
    RIM,
    play_arpeggio,
    play_bass,
    play_chords,
    take_bars,
)
from config.demo.compose.score import (
    MODULATION,
    Control,
    Feel,
    Instrument,
    Note,
    Part,
    Piece,
    Room,
    press_pedal,
    shape_swell,
    write_groove,
    write_line,
)
from config.demo.compose.theory import lead_voices, parse_progression

BPM = 132
BARS = 16
SECOND_HALF = 8

SPANS = parse_progression(
    """| Dm9 | Dm9 | Gm9 | A7b9 | Dm9 | D7b9 | Gm9 | C13
       | Fmaj9 | Bbmaj9 | Em7b5 | A7b13 | Dm9 | G13 | Em7b5 A7b9 | Dm69 |""",
    beats_per_bar=4,
)

TUNE = """
    r/1 a5/.5 g5/.5 f5/1> e5/.5 a4/.5 | d5/2.5 r/.5 e5/.5 f5/.5
    a5/1.5> g5/.5 bb5/1 a5/.5 g5/.5 | g5/1 e5/.5 c#5/.5 bb4/.5 c#5/.5 e5/1
    f5/1.5> e5/.5 d5/1 a4/1 | r/.5 d5/.5 f#5/.5 a5/.5 c6/1> eb6/.5 d6/.5
    d6/1.5 bb5/.5 a5/1 g5/1 | a5/1> g5/.5 e5/.5 d5/.5 e5/.5 g5/.5 a5/.5
    c6/2 r/.5 a5/.5 g5/.5 e5/.5 | f5/1> d5/.5 c5/.5 a4/1 bb4/.5 c5/.5
    d5/1.5 e5/.5 g5/1 bb5/1> | a5/.5 f5/.5 c#5/1 r/.5 a4/.5 c#5/.5 e5/.5
    f5/1 a5/.5 c6/.5 e6/1.5> d6/.5 | b5/1 a5/.5 f5/.5 e5/1 d5/1
    bb5/.5> a5/.5 g5/.5 e5/.5 c#5/.5 e5/.5 bb4/.5 c#5/.5 | d5/.5 a4/.5 e5/3.5
"""


def _play_drums() -> tuple[Note, ...]:
    """Return the percussion: clave on the rim, then cabasa, congas, and at half-time a ride."""
    claves = ("x..x..x...x..x..", "..x..x..x..x..x.")
    congas = ("......o...o...oo", "..-...oo..-...o.", "......o..oo...o.", "..-...o...-.oooo")
    notes: list[Note] = []
    for bar in range(BARS):
        rows = {
            KICK: "o.....-.o.....-." if bar % 4 != 3 else "o.....-.o...-.o.",
            RIM: claves[bar % 2] if bar % 8 != 7 else "x..x..x..xx..xx.",
            PEDAL_HAT: "....-.......-...",
        }
        if bar >= 2:
            rows[CABASA] = "o-o-o-o-o-o-o-o-" if bar % 4 != 2 else "o-o-oooxo-o-o-oo"
        if bar >= 4:
            rows[HIGH_CONGA] = congas[bar % 4]
            rows[LOW_CONGA] = "..............o." if bar % 2 else "............o..."
        if bar >= SECOND_HALF:
            rows[RIDE] = "o...o.-.o...o.-." if bar % 2 else "o.-.o...o.-.o..."
        notes.extend(write_groove(rows, bar=bar, level=0.92 if bar < SECOND_HALF else 1.0))
    notes.extend(write_groove({KICK: "o...", RIM: "x...", RIDE: "-..."}, bar=BARS))
    return tuple(notes)


def _play_bass_line() -> tuple[Note, ...]:
    """Return the double bass: root and fifth in the dotted rhythm of the style."""
    first = {
        4: (
            "0/1.4:1 1.5/.4:5 2/1.4:5 3.5/.4:1",
            "0/1.4:1 1.5/.4:5 2/1.4:8 3.5/.4:a",
        ),
    }
    second = {
        4: (
            "0/1.4:1> 1.5/.4:5 2/.9:5 3/.4:7 3.5/.4:b",
            "0/1.4:1> 1.5/.4:3 2/.9:5 3/.4:8 3.5/.4:a",
            "0/.9:1> 1/.4:3 1.5/.4:5 2/1.4:8> 3.5/.4:a",
        ),
        2: ("0/1.4:1> 1.5/.4:5", "0/.9:1> 1/.4:5 1.5/.4:a"),
    }
    half = take_bars(SPANS, first=0, stop=SECOND_HALF)
    rest = take_bars(SPANS, first=SECOND_HALF, stop=BARS - 1)
    notes = play_bass(half, figures=first, center=40, velocity=86)
    notes += play_bass(rest, figures=second, center=40, velocity=94)
    return notes + write_line("d2/1.5> a2/.5 d3/1 a2/.5 c#2/.5 | d2/2", start=60, velocity=88)


def _play_guitar() -> Instrument:
    """Return the nylon guitar: syncopated chords, plucked by the fingers together."""
    voicings = lead_voices(SPANS, size=4, low=52, high=72)
    plucked = {
        4: (
            "0/.9> 1.5/.4 2.5/.4 3.5/.9>",
            ".5/.9 1.5/.9> 3/.4< 3.5/.4",
            "0/.4> 1/.4< 1.5/.9 3/.9>",
            ".5/.4 1/.4> 2/.4< 2.5/.9 3.5/.4>",
        ),
        2: ("0/.9> 1.5/.4", ".5/.9> 1.5/.4<"),
    }
    notes = play_chords(SPANS[:-1], voicings=voicings[:-1], figures=plucked, velocity=78, roll=0.01)
    notes += play_chords(
        SPANS[-1:],
        voicings=voicings[-1:],
        figures={4: ("0/1.4> 1.5/.4 2/2<",)},
        velocity=76,
        roll=0.06,
    )
    for start, run in (
        (7.0, "a3/.5 bb3/.25 c#4/.25"),
        (14.5, "e5/.5 c#5/.5 bb4/.5"),
        (30.0, "g4/.5 a4/.5 bb4/.5 c5/.5"),
        (46.0, "e4/.33 g4/.33 bb4/.34 c#5/.5 e5/.5"),
    ):
        notes += write_line(run, start=start, velocity=74)
    notes += write_line("d3+a3+e4+b4/2", start=64, velocity=66)
    return Instrument(program=24, notes=notes, level=108)


def _play_flute() -> Instrument:
    """Return the tune on the flute, with vibrato that comes on the long notes."""
    notes = write_line(TUNE, start=0, velocity=88, legato=0.97)
    controls: list[Control] = []
    for note in notes:
        controls.append(Control(at=note.start, number=MODULATION, value=0))
        if note.length > 0.9:
            controls.append(Control(at=note.start + 0.6, number=MODULATION, value=38))
    for bar in range(0, BARS, 2):
        controls.extend(
            shape_swell(start=bar * 4, length=8, low=88, high=112 + bar % 4 * 3, peak=0.55)
        )
    return Instrument(program=73, notes=notes, controls=tuple(controls))


def _play_vibes() -> Instrument:
    """Return the vibraphone: soft chords, answers to the flute, broken chords near the end."""
    voicings = lead_voices(SPANS, size=4, low=60, high=79)
    sparse = {4: ("0/1.9 2.5/1.4<", ".5/1.4< 2/1.9"), 2: ("0/1.4 1.5/.4<",)}
    early = take_bars(SPANS, first=0, stop=12)
    notes = play_chords(
        early, voicings=voicings[: len(early)], figures=sparse, velocity=66, roll=0.02
    )
    notes += play_arpeggio(
        SPANS[len(early) : -1],
        voicings=voicings[len(early) : -1],
        order=(0, 1, 2, 3, 2, 1, 4, 3),
        step=0.5,
        velocity=74,
    )
    notes += write_line("f5/.5 a5/.5 e6/1.5>", start=6.0, velocity=74)
    notes += write_line("bb5/.5 g5/.5 e5/.5 c#5/.5", start=14.0, velocity=72)
    notes += write_line("c6/.5 a5/.5 g5/.5 e5/.5", start=34.0, velocity=74)
    notes += write_line("c#6/.5> a5/.5 f5/.5 c#5/.5", start=45.5, velocity=76)
    notes += write_line(
        "d5+f5+a5+e6/1.5> a5/.5 b5/.5 e6/.5 a6/1 | d5+b5/1.5", start=60, velocity=72
    )
    return Instrument(program=11, notes=notes, controls=press_pedal(SPANS, lift=0.4), pan=76)


RELAXED = Feel(timing_ms=7, velocity_spread=6, behind_ms=4)

HARBOR = Piece(
    slug="harbor",
    title="Harbor Without Clocks",
    artist="Papaya Azul Quintet",
    isrc="ZZCT12600003",
    genre="bossa nova",
    bpm=BPM,
    key="D minor",
    beats_per_bar=4,
    bars=BARS,
    parts=(
        Part(
            name="drums",
            role="drums",
            instrument="latin percussion",
            instruments=(Instrument(program=0, notes=_play_drums(), is_drums=True),),
            feel=Feel(timing_ms=5, velocity_spread=7),
            room=Room(decay_s=0.8, wet=0.12),
        ),
        Part(
            name="bass",
            role="bass",
            instrument="double bass",
            instruments=(Instrument(program=32, notes=_play_bass_line()),),
            feel=RELAXED,
            room=Room(decay_s=0.6, wet=0.06),
            drive=0.5,
        ),
        Part(
            name="guitar",
            role="guitar",
            instrument="nylon guitar",
            instruments=(_play_guitar(),),
            feel=RELAXED,
            room=Room(decay_s=1.0, wet=0.12),
        ),
        Part(
            name="flute",
            role="other",
            instrument="flute",
            instruments=(_play_flute(),),
            feel=Feel(timing_ms=12, velocity_spread=5, behind_ms=10),
            room=Room(decay_s=1.6, wet=0.2),
        ),
        Part(
            name="vibes",
            role="keys",
            instrument="vibraphone",
            instruments=(_play_vibes(),),
            feel=RELAXED,
            room=Room(decay_s=1.4, wet=0.16),
        ),
    ),
)
