"""Build a standalone SVG: well-formed whatever the texts hold, in light and in dark, without scripts.

Coordinates are pixels of a picture WIDTH wide; `y` of a canvas is where the next part begins.
"""

import math
import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass

from compliance.audio.picture.palette import build_style

WIDTH = 1200
MARGIN = 24
# Names stand left of here, what happens over time right of it.
PLOT_LEFT, PLOT_RIGHT = 224, WIDTH - MARGIN
# Mean advance of a letter, as a share of the font size; wide letters of East Asia fill a square.
LETTER_WIDTH, WIDE_LETTER_WIDTH = 0.55, 1.0
# The baseline of a text lies so far below the middle of its line, as a share of the font size.
BASELINE = 0.35
# A bar is drawn at least so wide, to be seen.
MIN_BAR_WIDTH = 1.5
BAR_PADDING = 6
BAR_HEIGHT = 20
# Bars that are striped, so that color is not all that tells them.
HATCHED = frozenset({"absent", "unverifiable"})
FONT_SIZES = {
    "outcome": 20, "heading": 13, "name": 12.5, "body": 12.5, "small": 11, "on-bar": 11, "on-heard": 11, "on-hatch": 11,
}  # fmt: skip
# Characters that reorder the text around them.
_REORDERING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
REPLACEMENT = "\ufffd"
# Numbers beyond this are no measurements: times are not written, others with an exponent.
LONGEST_NUMBER = 1e6
MINUS, EN_DASH = "\N{MINUS SIGN}", "\N{EN DASH}"


def clean_text(text: str) -> str:
    """Return a text without what XML forbids and without what would reorder its surroundings."""
    return "".join(
        REPLACEMENT
        if letter in _REORDERING or unicodedata.category(letter) in {"Cc", "Cs", "Cn"}
        else letter
        for letter in " ".join(text.split())
    )


def measure_text(text: str, *, css: str) -> float:
    """Return about how wide a text is, in pixels."""
    return FONT_SIZES[css] * sum(
        WIDE_LETTER_WIDTH if unicodedata.east_asian_width(letter) in "WF" else LETTER_WIDTH
        for letter in text
    )


def shorten_text(text: str, *, css: str, room: float) -> str:
    """Return a text that fits, its end replaced by an ellipsis where it does not."""
    if measure_text(text, css=css) <= room:
        return text
    kept = text[: max(0, int(room / (FONT_SIZES[css] * LETTER_WIDTH)))]
    while kept and measure_text(kept + "…", css=css) > room:
        kept = kept[:-1]
    return kept.rstrip() + "…"


def wrap_text(text: str, *, css: str, room: float, most: int) -> list[str]:
    """Return a text in lines that fit, at most so many; the last one is cut where it does not fit."""
    lines: list[str] = []
    for word in clean_text(text).split():
        if lines and measure_text(f"{lines[-1]} {word}", css=css) <= room:
            lines[-1] += f" {word}"
        elif len(lines) < most:
            lines.append(word)
        else:
            lines[-1] += f" {word}"
    return lines


def format_number(value: float) -> str:
    """Return a measured value as people write it: three or four digits, a real minus sign."""
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else "infinite"
    text = f"{value:.0f}" if 100 <= abs(value) < LONGEST_NUMBER else f"{value:.3g}"
    return text.replace("-", MINUS)


def format_limit(value: float) -> str:
    """Return a limit as it was set, not rounded as measured values are."""
    return f"{value:g}".replace("-", MINUS)


def format_clock(seconds: float, *, digits: int = 1) -> str:
    """Return a time as m:ss, with decimals of the second."""
    if not abs(seconds) < LONGEST_NUMBER:
        return "?"
    parts = round(abs(seconds) * 10**digits)
    minutes, rest = divmod(parts, 60 * 10**digits)
    sign = MINUS if seconds < 0 and parts else ""
    width = 3 + digits if digits else 2
    return f"{sign}{minutes}:{rest / 10**digits:0{width}.{digits}f}"


def format_span(start_s: float, end_s: float) -> str:
    """Return an interval as people write it."""
    return f"{format_clock(start_s)}{EN_DASH}{format_clock(end_s)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeScale:
    """Where a second of the song lies in the picture."""

    duration_s: float

    def locate(self, seconds: float) -> float:
        """Return the x of a time; times outside the song lie at its edge."""
        share = seconds / self.duration_s if self.duration_s > 0 else 0.0
        if math.isnan(share):
            share = 0.0
        return PLOT_LEFT + min(1.0, max(0.0, share)) * (PLOT_RIGHT - PLOT_LEFT)


class Canvas:
    """A picture that grows downwards: bands and grid at the back, everything else in front."""

    def __init__(self, *, title: str, description: str) -> None:
        """Begin a picture."""
        self.root = ET.Element(
            "svg",
            {
                "xmlns": "http://www.w3.org/2000/svg",
                "role": "img",
                "aria-labelledby": "timeline-title timeline-desc",
            },
        )
        for tag, text in (("title", title), ("desc", description)):
            ET.SubElement(self.root, tag, {"id": f"timeline-{tag}"}).text = clean_text(text)
        ET.SubElement(self.root, "style").text = build_style(FONT_SIZES)
        self.paper = ET.SubElement(self.root, "rect", {"width": str(WIDTH), "class": "paper"})
        self.back = ET.SubElement(self.root, "g")
        self.front = ET.SubElement(self.root, "g")
        self.y = float(MARGIN)

    def add_rect(
        self, x: float, y: float, width: float, height: float, *, css: str, tip: str = "",
        at_back: bool = False,
    ) -> None:  # fmt: skip
        """Add a rectangle; the tip shows when it is pointed at."""
        rect = ET.SubElement(
            self.back if at_back else self.front,
            "rect",
            {
                "x": _write(x), "y": _write(y), "width": _write(width), "height": _write(height), "class": css,
            },
        )  # fmt: skip
        if tip:
            ET.SubElement(rect, "title").text = clean_text(tip)

    def add_line(
        self, start: tuple[float, float], end: tuple[float, float], *, css: str, at_back: bool = False
    ) -> None:  # fmt: skip
        """Add a line."""
        ends = zip(("x1", "y1", "x2", "y2"), (*start, *end), strict=True)
        ET.SubElement(
            self.back if at_back else self.front,
            "line",
            {**{name: _write(value) for name, value in ends}, "class": css},
        )

    def add_curve(self, points: Sequence[tuple[float, float]], *, css: str) -> None:
        """Add a line through points; filled or not, as its style says."""
        path = " ".join(f"{_write(x)},{_write(y)}" for x, y in points)
        ET.SubElement(self.front, "polyline", {"points": path, "class": css})

    def add_text(
        self, x: float, middle: float, text: str, *, css: str, room: float, anchor: str = "start",
        color: str = "",
    ) -> None:  # fmt: skip
        """Add one line of text; what does not fit is cut and shown when it is pointed at."""
        cleaned = clean_text(text)
        shown = shorten_text(cleaned, css=css, room=room)
        attributes = {
            "x": _write(x), "y": _write(middle + BASELINE * FONT_SIZES[css]), "class": f"{css} {color}".rstrip(),
        }  # fmt: skip
        if anchor != "start":
            attributes["text-anchor"] = anchor
        element = ET.SubElement(self.front, "text", attributes)
        if shown != cleaned:
            ET.SubElement(element, "title").text = cleaned
            element[0].tail = shown
        else:
            element.text = shown

    def add_bar(
        self, scale: TimeScale, span: tuple[float, float], *, y: float, css: str, tip: str, height: float = BAR_HEIGHT,
        labels: Sequence[str] = (), label_css: str = "on-bar",
    ) -> None:  # fmt: skip
        """Add an interval, labeled with the first label that fits into it."""
        left, right = (scale.locate(seconds) for seconds in span)
        width = max(MIN_BAR_WIDTH, right - left)
        left = min(left, PLOT_RIGHT - width)
        self.add_rect(left, y, width, height, css=css, tip=tip)
        if css in HATCHED:
            # A thick dashed line makes stripes without a pattern, which would need a reference.
            middle = y + height / 2
            self.add_line((left, middle), (left + width, middle), css=f"{css}-stripes")
        room = width - 2 * BAR_PADDING
        for label in map(clean_text, labels):
            if (needed := measure_text(label, css=label_css)) <= room:
                if css in HATCHED:
                    self.add_rect(
                        left + 2, y + 2, needed + 2 * (BAR_PADDING - 2), height - 4, css="paper"
                    )
                self.add_text(left + BAR_PADDING, y + height / 2, label, css=label_css, room=room)
                break

    def add_swatch(self, x: float, middle: float, *, width: float, css: str) -> None:
        """Add a sample of a style, for the legend."""
        self.add_rect(x, middle - 6, width, 12, css=css)
        if css in HATCHED:
            self.add_line((x, middle), (x + width, middle), css=f"{css}-stripes thin")
        if css.endswith(" band"):
            for edge in (x, x + width):
                self.add_line(
                    (edge, middle - 6), (edge, middle + 6), css=css.replace("band", "edge")
                )

    def write(self) -> str:
        """Return the picture as text."""
        height = _write(self.y)
        self.paper.set("height", height)
        self.root.set("viewBox", f"0 0 {WIDTH} {height}")
        self.root.set("width", str(WIDTH))
        self.root.set("height", height)
        return ET.tostring(self.root, encoding="unicode")


def _write(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
