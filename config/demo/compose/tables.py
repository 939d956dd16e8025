"""The demo catalog's tables: one row a stem, one row a reference recording."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from config.demo.compose.score import Part, Piece

STEM_COLUMNS = (
    "external_id",
    "title",
    "artist",
    "role",
    "file",
    "bpm",
    "key",
    "isrc",
    "has_voice",
    "instrument",
    "genre",
)
REFERENCE_COLUMNS = ("external_id", "title", "artist", "file", "isrc")


def name_stem(piece: Piece, part: Part) -> str:
    """Return the external id of a stem."""
    return f"{piece.slug}-{part.name}"


def list_stem_rows(pieces: Iterable[Piece]) -> tuple[dict[str, str], ...]:
    """Return the rows of stems.csv, piece by piece."""
    return tuple(
        {
            "external_id": name_stem(piece, part),
            "title": f"{piece.title} ({part.name})",
            "artist": piece.artist,
            "role": part.role,
            "file": f"{name_stem(piece, part)}.ogg",
            "bpm": str(piece.bpm),
            "key": piece.key,
            "isrc": piece.isrc,
            "has_voice": "true" if part.has_voice else "false",
            "instrument": part.instrument,
            "genre": piece.genre,
        }
        for piece in pieces
        for part in piece.parts
    )


def list_reference_rows(pieces: Iterable[Piece]) -> tuple[dict[str, str], ...]:
    """Return the rows of references.csv."""
    return tuple(
        {
            "external_id": piece.slug,
            "title": piece.title,
            "artist": piece.artist,
            "file": f"{piece.slug}.ogg",
            "isrc": piece.isrc,
        }
        for piece in pieces
    )


def write_table(path: Path, *, columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> None:
    """Write rows as UTF-8 CSV with a header."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
