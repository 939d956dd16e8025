"""The summary of an evidence pack: one PDF for people, the same bytes for the same facts."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import (
    Flowable,
    KeepTogether,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
    TableStyle,
)

from compliance.evidence.fonts import load_fonts, mark_up
from compliance.evidence.picture import Picture

MARGIN = 18 * mm
WIDTH = A4[0] - 2 * MARGIN
# Frames of reportlab keep so much free inside, in points.
FRAME_PADDING = 6
INK, FAINT, RULE, GROUND, ACCENT, WHITE = (
    HexColor(color) for color in ("#1b2027", "#56606c", "#dde2e8", "#f4f6f8", "#0f766e", "#ffffff")
)
STATE_COLORS = {"live": "#15703a", "suspended": "#a15c07", "revoked": "#b42318"}
OTHER_STATE = "#56606c"
# Tables of so few rows are not broken across pages.
KEPT_TOGETHER = 8
# A longer text is cut: a row must fit on a page.
LONGEST_CELL = 900
# No line holds a longer word: digests and tokens are broken anywhere.
LONGEST_WORD = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading, a sentence, and a table: with heads a list of things, without heads a list of facts."""

    title: str
    text: str = ""
    heads: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    widths: tuple[float, ...] = (0.24, 0.76)


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What the PDF says. `as_of` is when the last thing happened that it knows of."""

    title: str
    state: str
    subtitle: str
    as_of: str
    sections: tuple[Section, ...]
    timeline_svg: str
    closing: tuple[Section, ...]


def write_summary(summary: Summary) -> bytes:
    """Return the summary as PDF."""
    load_fonts()
    target = io.BytesIO()
    document = SimpleDocTemplate(
        target, pagesize=A4, topMargin=MARGIN, bottomMargin=MARGIN + 6 * mm,
        leftMargin=MARGIN - FRAME_PADDING, rightMargin=MARGIN - FRAME_PADDING,
        title=summary.title, author="Cleartone", subject="Evidence pack", lang="en", invariant=1,
    )  # fmt: skip
    story = [*_draw_head(summary)]
    for section in summary.sections:
        story += _draw_section(section)
    if summary.timeline_svg:
        story += _draw_timeline(summary.timeline_svg)
    for section in summary.closing:
        story += _draw_section(section)
    story.pop()  # space after the last section would begin an empty page

    def draw_foot(canvas: Any, _: Any) -> None:
        canvas.saveState()
        canvas.setFillColor(FAINT)
        canvas.setFont("DejaVuSans", 7.5)
        canvas.drawString(MARGIN, MARGIN - 2 * mm, f"{summary.title} · as of {summary.as_of}")
        canvas.drawRightString(A4[0] - MARGIN, MARGIN - 2 * mm, f"Page {canvas.getPageNumber()}")
        canvas.restoreState()

    document.build(story, onFirstPage=draw_foot, onLaterPages=draw_foot)
    return target.getvalue()


def shorten(text: str) -> str:
    """Return the beginning of a text that would fill a page; the files beside the PDF hold all of it."""
    return f"{text[:LONGEST_CELL]}… (shortened)" if len(text) > LONGEST_CELL else text


def list_words(words: Sequence[str], *, limit: int = 60) -> str:
    """Return words with commas between them; of very many the first ones and how many more there are."""
    shown = ", ".join(words[:limit])
    return f"{shown} and {len(words) - limit} more" if len(words) > limit else shown


def _draw_head(summary: Summary) -> list[Flowable]:
    color = HexColor(STATE_COLORS.get(summary.state, OTHER_STATE))
    state = _write(summary.state.upper(), size=9, bold=True, color=WHITE, align=1)
    badge = Table(
        [[state]], colWidths=[28 * mm], rowHeights=[8 * mm],
        style=TableStyle([("BACKGROUND", (0, 0), (-1, -1), color), ("ROUNDEDCORNERS", [4, 4, 4, 4]),
                          ("VALIGN", (0, 0), (-1, -1), "MIDDLE"), ("TOPPADDING", (0, 0), (-1, -1), 0)]),
    )  # fmt: skip
    title = [
        _write(summary.title, size=15, bold=True, color=INK, after=3),
        _write(summary.subtitle, size=9, color=FAINT),
    ]
    head = Table(
        [[title, badge]], colWidths=[WIDTH - 30 * mm, 30 * mm],
        style=TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (0, 0), 0),
                          ("RIGHTPADDING", (-1, 0), (-1, 0), 0), ("LINEBELOW", (0, 0), (-1, -1), 1.2, ACCENT),
                          ("BOTTOMPADDING", (0, 0), (-1, -1), 8)]),
    )  # fmt: skip
    return [head, Spacer(1, 5 * mm)]


def _draw_timeline(svg: str) -> list[Flowable]:
    text = (
        "The timeline of the verification: the level of the song, where each stem was declared and heard, what was left "
        "when all of them were subtracted, and which recordings were found."
    )
    parts = [
        _write("What was heard in the song", size=11.5, bold=True, color=ACCENT, after=3),
        _write(text, size=9, color=FAINT, after=6),
        Picture(svg, width=WIDTH, max_height=A4[1] - 2 * MARGIN - 30 * mm),
    ]
    return [KeepTogether(parts), Spacer(1, 6 * mm)]


def _draw_section(section: Section) -> list[Flowable]:
    parts: list[Flowable] = [_write(section.title, size=11.5, bold=True, color=ACCENT, after=3)]
    if section.text:
        parts.append(_write(section.text, size=9, color=FAINT, after=3))
    if section.rows:
        parts.append(_draw_table(section))
    if len(section.rows) <= KEPT_TOGETHER:
        parts = [KeepTogether(parts)]
    return [*parts, Spacer(1, 5 * mm)]


def _draw_table(section: Section) -> Table:
    has_heads = bool(section.heads)
    rows = [
        [
            _write(shorten(cell), size=8.5, bold=column == 0 and not has_heads, color=INK)
            for column, cell in enumerate(row)
        ]
        for row in section.rows
    ]
    style: list[tuple[Any, ...]] = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 0), (-1, -1), 0.5, RULE),
        ("TOPPADDING", (0, 0), (-1, -1), 3),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
        ("LEFTPADDING", (0, 0), (-1, -1), 4),
    ]
    if has_heads:
        rows.insert(0, [_write(head, size=8, bold=True, color=FAINT) for head in section.heads])
        style.append(("BACKGROUND", (0, 0), (-1, 0), GROUND))
    widths = [share * WIDTH for share in section.widths]
    return Table(rows, colWidths=widths, repeatRows=int(has_heads), style=TableStyle(style))


def _write(
    text: str, *, size: float, color: HexColor, bold: bool = False, after: float = 0, align: int = 0
) -> Paragraph:
    is_solid = any(len(word) > LONGEST_WORD for word in text.split())
    style = ParagraphStyle(
        "text", fontName="DejaVuSans-Bold" if bold else "DejaVuSans", fontSize=size, leading=size * 1.35, textColor=color,
        spaceAfter=after, alignment=align, wordWrap="CJK" if is_solid else None,
    )  # fmt: skip
    return Paragraph(mark_up(text, bold=bold), style)
