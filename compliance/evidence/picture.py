"""Draw the timeline of a verification, which is kept as an SVG (compliance.audio.timeline), into a PDF.

It knows the SVG that we write and no other: rectangles, lines, polylines and texts, styled by classes, in the colors for light.
"""

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.platypus import Flowable

from compliance.evidence.fonts import measure_runs

SVG = "{http://www.w3.org/2000/svg}"
RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)")
DARK = "@media"
DEFAULT_FONT_SIZE = 12.0
# Our font is wider than those the picture was laid out for.
FONT_SCALE = 0.88
BOLD_FROM = 600
DRAWN = frozenset({"rect", "line", "polyline", "text"})


@dataclass(frozen=True, slots=True)
class StyleSheet:
    """Rules in order: the name of an element or "", a set of classes, and what they set."""

    rules: tuple[tuple[str, frozenset[str], dict[str, str]], ...]

    @classmethod
    def parse(cls, text: str) -> "StyleSheet":
        """Read the rules for light."""
        rules = []
        for selectors, body in RULE.findall(text.partition(DARK)[0]):
            parts = (part.partition(":") for part in body.split(";") if part)
            values = {name.strip(): value.strip() for name, _, value in parts}
            for selector in selectors.split(","):
                element, *classes = selector.strip().split(".")
                rules.append((element, frozenset(classes), values))
        return cls(tuple(rules))

    def find(self, *, tag: str, classes: set[str]) -> dict[str, str]:
        """Return what holds for an element; later rules win."""
        found: dict[str, str] = {}
        for name, wanted, values in self.rules:
            if name in ("", tag) and wanted <= classes:
                found |= values
        return found


class Picture(Flowable):  # type: ignore[misc]  # reportlab is untyped
    """The picture, as wide as it is told to be and no higher than there is room."""

    def __init__(self, svg: str, *, width: float, max_height: float) -> None:
        super().__init__()
        self.root = ET.fromstring(svg)  # noqa: S314 - we wrote it, and its texts are escaped
        self.style = StyleSheet.parse(self.root.findtext(f"{SVG}style", ""))
        *_, self.svg_width, self.svg_height = read_numbers(self.root.get("viewBox", "0 0 1 1"))
        self.scale = min(width / self.svg_width, max_height / self.svg_height)
        self.width, self.height = self.svg_width * self.scale, self.svg_height * self.scale

    def wrap(self, *_: Any) -> tuple[float, float]:
        """Return the size."""
        return self.width, self.height

    def draw(self) -> None:
        """Draw every element in the order of the file; y grows upwards in a PDF."""
        self.canv.saveState()
        self.canv.scale(self.scale, self.scale)
        self.canv.translate(0, self.svg_height)
        for element in self.root.iter():
            tag = element.tag.removeprefix(SVG)
            if tag in DRAWN:
                style = self.style.find(tag=tag, classes=set(element.get("class", "").split()))
                self.canv.saveState()
                getattr(self, f"_draw_{tag}")(element, style)
                self.canv.restoreState()
        self.canv.restoreState()

    def _prepare(self, style: dict[str, str], *, fill: str = "none") -> tuple[int, int]:
        """Set colors and lines; return whether to stroke and whether to fill."""
        stroke, filled = style.get("stroke", "none"), style.get("fill", fill)
        if stroke != "none":
            self.canv.setStrokeColor(HexColor(stroke), alpha=float(style.get("stroke-opacity", 1)))
            self.canv.setLineWidth(read_number(style.get("stroke-width"), 1.0))
            if dashes := read_numbers(style.get("stroke-dasharray", "")):
                self.canv.setDash(dashes)
        if filled != "none":
            self.canv.setFillColor(HexColor(filled), alpha=float(style.get("fill-opacity", 1)))
        return int(stroke != "none"), int(filled != "none")

    def _draw_rect(self, element: ET.Element, style: dict[str, str]) -> None:
        x, y, width, height = (get_number(element, n) for n in ("x", "y", "width", "height"))
        stroke, fill = self._prepare(style, fill="#000000")
        radius = read_number(style.get("rx"), 0.0)
        self.canv.roundRect(x, -y - height, width, height, radius, stroke=stroke, fill=fill)

    def _draw_line(self, element: ET.Element, style: dict[str, str]) -> None:
        if self._prepare({**style, "fill": "none"})[0]:
            x1, y1, x2, y2 = (get_number(element, name) for name in ("x1", "y1", "x2", "y2"))
            self.canv.line(x1, -y1, x2, -y2)

    def _draw_polyline(self, element: ET.Element, style: dict[str, str]) -> None:
        numbers = read_numbers(element.get("points", ""))
        points = list(zip(numbers[::2], numbers[1::2], strict=True))
        if not points:
            return
        stroke, fill = self._prepare(style, fill="#000000")
        path = self.canv.beginPath()
        path.moveTo(points[0][0], -points[0][1])
        for x, y in points[1:]:
            path.lineTo(x, -y)
        self.canv.drawPath(path, stroke=stroke, fill=fill)

    def _draw_text(self, element: ET.Element, style: dict[str, str]) -> None:
        self._prepare({**style, "stroke": "none"}, fill="#000000")
        size = read_number(style.get("font-size"), DEFAULT_FONT_SIZE) * FONT_SCALE
        bold = read_number(style.get("font-weight"), 400) >= BOLD_FROM
        runs = measure_runs("".join(element.itertext()), size=size, bold=bold)
        width = sum(run_width for _, _, run_width in runs)
        shift = {"middle": width / 2, "end": width}.get(element.get("text-anchor", ""), 0.0)
        x, y = get_number(element, "x") - shift, -get_number(element, "y")
        for face, run, run_width in runs:
            self.canv.setFont(face, size)
            self.canv.drawString(x, y, run)
            x += run_width


def get_number(element: ET.Element, name: str) -> float:
    """Return an attribute; 0 where there is none, as in SVG."""
    return float(element.get(name, "0"))


def read_numbers(text: str) -> list[float]:
    """Return the numbers in a text."""
    return [float(number) for number in NUMBER.findall(text)]


def read_number(text: str | None, default: float) -> float:
    """Return the number in a length such as 12.5px."""
    numbers = read_numbers(text or "")
    return numbers[0] if numbers else default
