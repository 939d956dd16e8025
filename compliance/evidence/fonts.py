"""Fonts of the PDF: DejaVu Sans for alphabets, NanumSquare for Korean and what else it has of East Asia.

PDF knows no fallback from font to font, so each text is cut into runs of one font. Both are free: fonts/*-LICENSE.txt.
"""

from collections.abc import Iterator
from functools import cache
from itertools import groupby
from pathlib import Path
from xml.sax.saxutils import escape

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

FOLDER = Path(__file__).with_name("fonts")
# Family -> the file of its regular and of its bold face; the first family that has a character draws it.
FAMILIES = {
    "DejaVuSans": ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"),
    "NanumSquare": ("NanumSquareR.ttf", "NanumSquareB.ttf"),
}
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


@cache
def load_fonts() -> dict[str, frozenset[int]]:
    """Make the fonts known to reportlab; return the characters of each family."""
    known = {}
    for family, files in FAMILIES.items():
        faces = [
            TTFont(name_face(family, bold=bold), FOLDER / files[bold]) for bold in (False, True)
        ]
        for face in faces:
            pdfmetrics.registerFont(face)
        regular, bold_face = (frozenset(face.face.charToGlyph) for face in faces)
        known[family] = regular & bold_face
    return known


def name_face(family: str, *, bold: bool) -> str:
    """Return the name of a face in the PDF."""
    return f"{family}-Bold" if bold else family


def split_runs(text: str) -> Iterator[tuple[str, str]]:
    """Yield (family, text) for each stretch that one font can draw; what none has becomes a replacement character."""
    known = load_fonts()

    def find_family(letter: str) -> str:
        return next((family for family, letters in known.items() if ord(letter) in letters), "")

    for family, letters in groupby(text, key=find_family):
        run = "".join(letters)
        yield (family, run) if family else (next(iter(FAMILIES)), REPLACEMENT * len(run))


def mark_up(text: str, *, bold: bool = False) -> str:
    """Return a text as paragraph markup of reportlab, escaped, each run in its font."""
    return "".join(
        f'<font name="{name_face(family, bold=bold)}">{escape(run)}</font>'
        for family, run in split_runs(text)
    )


def measure_runs(text: str, *, size: float, bold: bool) -> list[tuple[str, str, float]]:
    """Return (face, text, width in points) of each run."""
    runs = [(name_face(family, bold=bold), run) for family, run in split_runs(text)]
    return [(face, run, pdfmetrics.stringWidth(run, face, size)) for face, run in runs]
