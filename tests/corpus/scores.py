"""MIDI scores out of game packages, split into one score per channel and rendered."""

import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import mido
from mido.midifiles.meta import KeySignatureError

# A channel is a stem when it plays at least this many notes over at least this long.
MIN_NOTES = 16
MIN_SPAN_S = 20.0
# At most this many channels of one piece, the busiest first.
MAX_CHANNELS = 8
DRUM_CHANNEL = 9


class UnreadableScore(Exception):
    """The MIDI file is damaged or uses what the reader does not know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelScore:
    """One channel of a score, as a MIDI file of its own."""

    channel: int
    instrument: str
    path: Path
    note_count: int


def iter_scores(directory: Path) -> Iterator[tuple[str, bytes]]:
    """Yield (name, MIDI bytes) for every score below a directory, also inside .wad files."""
    for wad in sorted(directory.rglob("*.wad")):
        for name, data in _iter_wad_scores(wad):
            yield f"{wad.stem}-{name}", data
    for path in sorted(directory.rglob("*")):
        if path.is_file() and path.suffix.lower() in {".mid", ".midi"}:
            yield path.stem, path.read_bytes()


def _iter_wad_scores(path: Path) -> Iterator[tuple[str, bytes]]:
    content = path.read_bytes()
    count, directory = struct.unpack("<ii", content[4:12])
    for number in range(count):
        entry = content[directory + 16 * number : directory + 16 * number + 16]
        start, size, name = struct.unpack("<ii8s", entry)
        if content[start : start + 4] == b"MThd":
            yield name.rstrip(b"\0").decode("latin1").strip(), content[start : start + size]


def split_channels(data: bytes, *, directory: Path, max_seconds: float) -> tuple[ChannelScore, ...]:
    """Write one MIDI file per channel that plays long enough; the tempo map is kept."""
    try:
        score = mido.MidiFile(file=BytesIO(data), clip=True)
    except (OSError, ValueError, EOFError, IndexError, KeyError, KeySignatureError) as error:
        raise UnreadableScore(str(error)) from error
    if score.type == 2:
        return ()
    tick, tempo, now_s = 0, 500_000, 0.0
    events: list[tuple[int, float, mido.Message]] = []
    for message in mido.merge_tracks(score.tracks):
        tick += message.time
        now_s += mido.tick2second(message.time, score.ticks_per_beat, tempo)
        if message.type == "set_tempo":
            tempo = message.tempo
        if now_s > max_seconds:
            break
        events.append((tick, now_s, message))
    found = []
    for channel in range(16):
        notes = [
            at_s
            for _, at_s, message in events
            if message.type == "note_on" and message.velocity and message.channel == channel
        ]
        if len(notes) >= MIN_NOTES and notes[-1] - notes[0] >= MIN_SPAN_S:
            found.append(_write_channel(score, events, channel, len(notes), directory))
    return tuple(sorted(found, key=lambda one: -one.note_count)[:MAX_CHANNELS])


def _write_channel(
    score: mido.MidiFile,
    events: list[tuple[int, float, mido.Message]],
    channel: int,
    note_count: int,
    directory: Path,
) -> ChannelScore:
    track, last_tick, program = mido.MidiTrack(), 0, None
    for tick, _, message in events:
        own = not message.is_meta and getattr(message, "channel", -1) == channel
        if own or message.type == "set_tempo":
            if message.type == "program_change" and program is None:
                program = message.program
            track.append(message.copy(time=tick - last_tick))
            last_tick = tick
    rest = max(0, events[-1][0] - last_tick)
    for note in range(128):
        track.append(mido.Message("note_off", channel=channel, note=note, time=rest))
        rest = 0
    single = mido.MidiFile(type=0, ticks_per_beat=score.ticks_per_beat)
    single.tracks.append(track)
    path = directory / f"ch{channel:02d}.mid"
    single.save(str(path))
    instrument = "drums" if channel == DRUM_CHANNEL else f"gm{program or 0:03d}"
    return ChannelScore(channel=channel, instrument=instrument, path=path, note_count=note_count)


def render_score(score: Path, *, soundfont: Path, wav: Path, rate_hz: int) -> bool:
    """Render a MIDI file with FluidSynth; return whether a file came out."""
    command = ["fluidsynth", "-ni", "-q", "-g", "0.6", "-r", str(rate_hz)]
    command += ["-o", "synth.cpu-cores=1", "-R", "1", "-C", "0", "-F", str(wav)]
    command += [str(soundfont), str(score)]
    subprocess.run(command, check=False, capture_output=True, timeout=120)
    return wav.exists()
