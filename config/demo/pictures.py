"""`python -m config.demo.pictures [FOLDER]`: the timelines of four demo songs, as the documentation shows them.

Runs in a temporary folder, by the commands an operator has; FOLDER is docs/pictures unless it is named.
"""

import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.demo import rendering
from config.demo.processes import PROJECT, make_environment, run_command
from config.demo.story import (
    CATALOG,
    CLEARED_STEMS,
    HIDDEN_DB,
    HIDDEN_END_S,
    HIDDEN_REFERENCE,
    HIDDEN_START_S,
    SONG_S,
    UNDECLARED_STEM,
    VOCAL,
    make_manifest,
    say,
)

# The stem the lying manifest names instead of the one that sounds.
REPLACED_STEM = "moonlit-guitar"
# Where in the hidden recording the hidden part begins, in seconds.
HIDDEN_SOURCE_START_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoSong:
    """A song on disk and whether its vocal is submitted with it."""

    name: str
    path: Path
    has_vocal: bool


def main() -> int:
    """Load the demo catalog, make the songs, verify them, keep the pictures."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else PROJECT / "docs" / "pictures"
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="cleartone-pictures-") as name:
        folder = Path(name)
        environment = make_environment(data_dir=folder)
        run_command("migrate", "--no-input", environment=environment)
        run_command("load_demo", environment=environment)
        manifest = folder / "manifest.json"
        manifest.write_text(json.dumps(make_manifest(CLEARED_STEMS)))
        for song in make_songs(folder):
            picture = target / f"timeline-{song.name}.svg"
            vocal = ["--vocal", str(VOCAL)] if song.has_vocal else []
            arguments = [str(song.path), "--manifest", str(manifest), "--plot", str(picture)]
            answer = run_command("verify_song", *arguments, *vocal, environment=environment)
            say(f"{picture}: {answer.rstrip()}")
    return 0


def make_songs(folder: Path) -> Iterator[DemoSong]:
    """Yield the songs: honest, with a hidden recording, with another stem than declared, without vocal."""
    stems = {
        name: rendering.read_audio(CATALOG / "audio" / f"{name}.ogg")
        for name in [*CLEARED_STEMS, UNDECLARED_STEM]
    }
    vocal = rendering.read_audio(VOCAL)
    declared = make_manifest(CLEARED_STEMS)["placements"]
    sounding = [
        {**row, "stem": UNDECLARED_STEM} if row["stem"] == REPLACED_STEM else row
        for row in declared
    ]
    honest = _mix(declared, stems=stems, vocal=vocal)
    hidden = honest.copy()
    hide_recording(hidden)
    lying = _mix(sounding, stems=stems, vocal=vocal)
    for name, samples, has_vocal in (
        ("honest", honest, True),
        ("hidden-recording", hidden, True),
        ("lying-manifest", lying, True),
        ("no-vocal", honest, False),
    ):
        path = folder / f"{name}.mp3"
        rendering.encode_mp3(rendering.master(samples), path)
        yield DemoSong(name=name, path=path, has_vocal=has_vocal)


def hide_recording(song: rendering.Samples) -> None:
    """Add the foreign recording under the song, in place."""
    first, last = (round(at_s * rendering.RATE_HZ) for at_s in (HIDDEN_START_S, HIDDEN_END_S))
    source = rendering.read_audio(CATALOG / "audio" / f"{HIDDEN_REFERENCE}.ogg")
    part = source[round(HIDDEN_SOURCE_START_S * rendering.RATE_HZ) :][: last - first]
    relative = rendering.measure_rms(song[first:last]) / rendering.measure_rms(part)
    song[first:last] += part * (relative * 10 ** (HIDDEN_DB / 20))


def _mix(
    placements: list[dict[str, Any]],
    *,
    stems: Mapping[str, rendering.Samples],
    vocal: rendering.Samples,
) -> rendering.Samples:
    return rendering.mix(placements=placements, stems=stems, vocal=vocal, length_s=SONG_S)


if __name__ == "__main__":
    sys.exit(main())
