"""Which Debian packages the corpus is made of; each carries its license under usr/share/doc."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One Debian package and how much of it the small corpus takes (0: nothing)."""

    package: str
    small_pieces: int = 0


# One soundfont renders every score.
SOUNDFONT_PACKAGE = "fluid-soundfont-gm"
SOUNDFONT_PATH = "usr/share/sounds/sf2/FluidR3_GM.sf2"

# Scores: each MIDI channel is rendered alone, which gives true multi-track stems.
SCORES = (
    Source(package="openttd-openmsx", small_pieces=8),
    Source(package="simutrans-data", small_pieces=2),
    Source(package="freedoom"),  # MIDI lumps inside the .wad files
)

# Real recordings that come in two tracks: guitar.ogg and song.ogg (everything else).
TWO_TRACK_RECORDINGS = (Source(package="fretsonfire-songs-sectoid"),)

# Full recordings; they are never in the stem catalog.
FULL_RECORDINGS = (
    Source(package="asc-music", small_pieces=4),
    Source(package="etw-data", small_pieces=4),
    Source(package="frozen-bubble-data"),
    Source(package="ardentryst"),
    Source(package="extremetuxracer-data"),
    Source(package="singularity-music"),
    Source(package="hyperrogue-music"),
    Source(package="wesnoth-1.16-music"),
)
