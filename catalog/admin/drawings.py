"""Small drawings for legal pages: when grants run, and where. Plain SVG, each with a title that says the same in words."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Final

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from catalog.rights.territories import (
    ALL_TERRITORIES,
    describe_territories,
    get_territory_name,
)

GREEN: Final = "#0d9488"
RED: Final = "#dc2626"
GREY: Final = "#9ca3af"
FAINT: Final = "#d1d5db"
WORLD_FILE: Final = Path(__file__).with_name("world.json")
# Territory tiles: columns, edge and gap in pixels.
TILE_COLUMNS: Final = 25
TILE_EDGE_PX: Final = 16
TILE_GAP_PX: Final = 2
# Time bars: width, height of a row, room for labels, in pixels.
CHART_WIDTH_PX: Final = 720
ROW_HEIGHT_PX: Final = 26
LABEL_WIDTH_PX: Final = 170
# A grant without an end is drawn this far past the last known day.
OPEN_END_DAYS: Final = 180


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodBar:
    """One grant on the time axis, or a stretch of which `words` say what it is."""

    label: str
    starts_on: date
    ends_on: date | None
    forbids: bool = False
    is_draft: bool = False
    words: str = ""


@cache
def read_world() -> Mapping[str, str | tuple[float, float]]:
    """Return each country's outline as an SVG path, or the place of a dot (`scripts/draw_world.py` makes them)."""
    world: dict[str, str | tuple[float, float]] = json.loads(WORLD_FILE.read_text())
    return world


def draw_world(allowed: Collection[str], *, forbidden: Collection[str] = ()) -> SafeString:
    """Return a map on which a use is allowed, forbidden or not mentioned; hovering names the country."""
    shapes = format_html_join(
        "",
        '<g fill="{}"><title>{}: {}</title>{}</g>',
        (
            (color, get_territory_name(code), words, _draw_country(shape))
            for code, shape in read_world().items()
            for color, words in [_judge_country(code, allowed=allowed, forbidden=forbidden)]
        ),
    )
    return format_html(
        '<svg role="img" aria-label="Map: {}" viewBox="0 0 1000 436" stroke="#ffffff" stroke-width="0.5" '
        'style="width:100%; max-width:44rem">{}</svg>',
        describe_reach(allowed, forbidden=forbidden),
        shapes,
    )


def describe_reach(allowed: Collection[str], *, forbidden: Collection[str] = ()) -> str:
    """Return in words where a use is allowed, and where it is forbidden."""
    words = describe_territories(frozenset(allowed)) if allowed else "nowhere"
    veto = f"; forbidden: {describe_territories(frozenset(forbidden))}" if forbidden else ""
    return f"{words}{veto}"


def _judge_country(
    code: str, *, allowed: Collection[str], forbidden: Collection[str]
) -> tuple[str, str]:
    if code in forbidden:
        return RED, "forbidden"
    return (GREEN, "included") if code in allowed else (FAINT, "not included")


def _draw_country(shape: str | Sequence[float]) -> SafeString:
    if isinstance(shape, str):
        return format_html('<path d="{}"/>', shape)
    return format_html('<circle cx="{}" cy="{}" r="3"/>', *shape)


def draw_territories(leaves: Collection[str]) -> SafeString:
    """Return how many countries there are, which opens to a tile for each, filled where the grant holds."""
    included = frozenset(leaves)
    step = TILE_EDGE_PX + TILE_GAP_PX
    codes = sorted(ALL_TERRITORIES)
    tiles = format_html_join(
        "",
        '<g><title>{} {}</title><rect x="{}" y="{}" width="{}" height="{}" rx="2" fill="{}"/>'
        '<text x="{}" y="{}" font-size="8" text-anchor="middle" fill="{}">{}</text></g>',
        (
            (
                get_territory_name(code),
                "included" if code in included else "not included",
                index % TILE_COLUMNS * step,
                index // TILE_COLUMNS * step,
                TILE_EDGE_PX,
                TILE_EDGE_PX,
                GREEN if code in included else FAINT,
                index % TILE_COLUMNS * step + TILE_EDGE_PX / 2,
                index // TILE_COLUMNS * step + 11,
                "#ffffff" if code in included else "#4b5563",
                code,
            )
            for index, code in enumerate(codes)
        ),
    )
    rows = -(-len(codes) // TILE_COLUMNS)
    words = describe_territories(included)
    return format_html(
        '<details class="relative"><summary class="cursor-pointer">{} of {} countries: {}</summary>'
        '<svg role="img" aria-label="{}" viewBox="0 0 {} {}" style="width:100%; max-width:{}px; margin-top:.5rem">{}</svg>'
        "</details>",
        len(included),
        len(codes),
        words,
        words,
        TILE_COLUMNS * step,
        rows * step,
        TILE_COLUMNS * step * 1.4,
        tiles,
    )


def draw_periods(bars: Sequence[PeriodBar], *, today: date) -> SafeString:
    """Return a bar for each grant on one time axis, with today as a line."""
    if not bars:
        return format_html("<p>{}</p>", "No grants yet.")
    known = [day for bar in bars for day in (bar.starts_on, bar.ends_on) if day] + [today]
    first, last = min(known), max(known) + timedelta(days=OPEN_END_DAYS)
    span = max((last - first).days, 1)

    def place(day: date) -> float:
        return LABEL_WIDTH_PX + (day - first).days / span * (CHART_WIDTH_PX - LABEL_WIDTH_PX)

    rows = format_html_join(
        "",
        '<g><title>{}</title><text x="0" y="{}" font-size="12" fill="currentColor">{}</text>'
        '<rect x="{}" y="{}" width="{}" height="14" rx="3" fill="{}" fill-opacity="{}"/></g>',
        (
            (
                _describe(bar),
                index * ROW_HEIGHT_PX + 16,
                bar.label[:26],
                round(place(bar.starts_on), 1),
                index * ROW_HEIGHT_PX + 5,
                round(max(place(bar.ends_on or last) - place(bar.starts_on), 2), 1),
                RED if bar.forbids else GREEN,
                0.35 if bar.is_draft else 1,
            )
            for index, bar in enumerate(bars)
        ),
    )
    height = len(bars) * ROW_HEIGHT_PX
    years = range(first.year + 1, last.year + 1)
    ticks = format_html_join(
        "",
        '<line x1="{0}" x2="{0}" y1="0" y2="{1}" stroke="{2}" stroke-dasharray="2 3"/>'
        '<text x="{0}" y="{3}" font-size="10" text-anchor="middle" fill="currentColor">{4}</text>',
        ((round(place(date(year, 1, 1)), 1), height, GREY, height + 12, year) for year in years),
    )
    return format_html(
        '<svg role="img" aria-label="When the grants run" viewBox="0 0 {} {}" style="width:100%; max-width:56rem">'
        '{}{}<line x1="{}" x2="{}" y1="0" y2="{}" stroke="{}" stroke-width="1.5"><title>today</title></line></svg>',
        CHART_WIDTH_PX,
        height + 16,
        ticks,
        rows,
        round(place(today), 1),
        round(place(today), 1),
        height,
        "#f59e0b",
    )


def _describe(bar: PeriodBar) -> str:
    what = (
        bar.words or f"{'forbids' if bar.forbids else 'allows'}{', draft' if bar.is_draft else ''}"
    )
    return f"{bar.label}: {what} from {bar.starts_on} until {bar.ends_on or 'further notice'}"


def draw_share_of(part: int, whole: int) -> SafeString:
    """Return a bar for how much of a limit is taken."""
    share = min(part / whole, 1.0) if whole else 1.0
    return format_html(
        '<svg role="img" aria-label="{0} of {1} taken" viewBox="0 0 120 10" style="width:120px">'
        '<title>{0} of {1} taken</title><rect width="120" height="10" rx="3" fill="{2}"/>'
        '<rect width="{3}" height="10" rx="3" fill="{4}"/></svg>',
        part,
        whole,
        FAINT,
        round(share * 120, 1),
        RED if share >= 1 else GREEN,
    )
