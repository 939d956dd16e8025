"""Curves over the time of the song: its level, and the energy nothing declared explains."""

import math
from collections.abc import Iterator, Sequence

from compliance.audio.evidence import ExcessCurve
from compliance.audio.measurements import LEVEL_STEP_S
from compliance.audio.picture.canvas import (
    MARGIN,
    MINUS,
    PLOT_LEFT,
    PLOT_RIGHT,
    Canvas,
    TimeScale,
    format_limit,
    format_number,
)
from compliance.audio.picture.drawn_verdict import DrawnLimits

LEVEL_HEIGHT, EXCESS_HEIGHT = 56, 64
PANEL_GAP = 12
# The level has at most this many points: one a pixel.
MAX_POINTS = PLOT_RIGHT - PLOT_LEFT
# The quietest level that is drawn, in dBFS.
LOWEST_LEVEL_DBFS = -60.0
# The excess panels show at least this range, in dB, and at most the wide one.
EXCESS_RANGE_DB = (-10.0, 15.0)
WIDEST_RANGE_DB = (-40.0, 60.0)
RANGE_STEP_DB = 5.0
NAME_ROOM = 150
LINE_HEIGHT = 16

Point = tuple[float, float]


def draw_level(canvas: Canvas, levels_dbfs: Sequence[float], *, scale: TimeScale) -> None:
    """Draw the level of the song as an area."""
    range_db = (LOWEST_LEVEL_DBFS, 0.0)
    top = canvas.y
    _draw_panel(canvas, LEVEL_HEIGHT, names=("Level of the song", "RMS, in dBFS"))
    _label_range(canvas, range_db, top=top, height=LEVEL_HEIGHT)
    bottom = top + LEVEL_HEIGHT
    points = [
        (scale.locate(at_s), _place(level, range_db, top=top, height=LEVEL_HEIGHT))
        for at_s, level in _thin_out(levels_dbfs, LEVEL_STEP_S)
    ]
    if points:
        first, last = (PLOT_LEFT, points[0][1]), (PLOT_RIGHT, points[-1][1])
        ends = (first[0], bottom), (last[0], bottom)
        canvas.add_curve([ends[0], first, *points, last, ends[1]], css="level")
    canvas.y += LEVEL_HEIGHT + PANEL_GAP


def draw_excess(
    canvas: Canvas, curve: ExcessCurve, *, limits: DrawnLimits, scale: TimeScale
) -> None:
    """Draw what the declared stems leave unexplained: in the channels and in bands."""
    more_db = limits.get_allowance_db(curve)
    both_db = [(mid + side) / 2 for mid, side in zip(curve.mid_db, curve.side_db, strict=False)]
    panels = (
        ("Mid: left + right", curve.mid_db, limits.excess_db + more_db),
        (f"Side: left {MINUS} right", curve.side_db, limits.side_excess_db + more_db),
        ("Mean of both", both_db, limits.mean_excess_db + more_db),
        ("Fullest eight bands", curve.band_db, limits.band_excess_db + more_db),
    )
    drawn = [value for _, values, limit_db in panels for value in (*values, limit_db)]
    range_db = _choose_range([value for value in drawn if math.isfinite(value)])
    for name, values, limit_db in panels:
        # Value n is about the blocks n and n + 1, as the intervals of the verdict are.
        timed = [((number + 1) * curve.step_s, value) for number, value in enumerate(values)]
        _draw_excess_panel(canvas, name, timed, limit_db=limit_db, range_db=range_db, scale=scale)


def _draw_excess_panel(
    canvas: Canvas,
    name: str,
    timed: Sequence[Point],
    *,
    limit_db: float,
    range_db: tuple[float, float],
    scale: TimeScale,
) -> None:
    top = canvas.y
    highest_db = max((value for _, value in timed if math.isfinite(value)), default=math.nan)
    facts = f"highest {format_number(highest_db)} dB", f"limit {format_limit(limit_db)} dB"
    _draw_panel(canvas, EXCESS_HEIGHT, names=(name, *facts))
    _label_range(canvas, range_db, top=top, height=EXCESS_HEIGHT)
    limit_y = _place(limit_db, range_db, top=top, height=EXCESS_HEIGHT)
    points = [
        (scale.locate(at_s), _place(value, range_db, top=top, height=EXCESS_HEIGHT))
        for at_s, value in timed
    ]
    if points:
        points = [(PLOT_LEFT, points[0][1]), *points, (PLOT_RIGHT, points[-1][1])]
        canvas.add_curve(list(_cut_above(points, limit_y)), css="rejected over")
        canvas.add_curve(points, css="curve")
    canvas.add_line((PLOT_LEFT, limit_y), (PLOT_RIGHT, limit_y), css="limit")
    canvas.y += EXCESS_HEIGHT + PANEL_GAP


def _draw_panel(canvas: Canvas, height: float, *, names: Sequence[str]) -> None:
    canvas.add_rect(PLOT_LEFT, canvas.y, PLOT_RIGHT - PLOT_LEFT, height, css="lane", at_back=True)
    for number, name in enumerate(names):
        canvas.add_text(
            MARGIN,
            canvas.y + LINE_HEIGHT * (number + 0.6),
            name,
            css="small" if number else "name",
            room=NAME_ROOM,
            color="faint" if number else "",
        )


def _label_range(
    canvas: Canvas, range_db: tuple[float, float], *, top: float, height: float
) -> None:
    """Write the lowest and the highest value beside a panel."""
    for value, y in zip(range_db, (top + height - 5, top + 6), strict=True):
        text = format_number(value)
        canvas.add_text(PLOT_LEFT - 6, y, text, css="small", room=40, anchor="end", color="faint")


def _place(value: float, range_db: tuple[float, float], *, top: float, height: float) -> float:
    """Return the y of a value; a value outside the range lies at its edge."""
    lowest, highest = range_db
    inside = min(highest, max(lowest, value)) if not math.isnan(value) else lowest
    return top + height * (highest - inside) / (highest - lowest)


def _choose_range(values: Sequence[float]) -> tuple[float, float]:
    lowest = RANGE_STEP_DB * math.floor(min(*values, EXCESS_RANGE_DB[0]) / RANGE_STEP_DB)
    highest = RANGE_STEP_DB * math.ceil(max(*values, EXCESS_RANGE_DB[1]) / RANGE_STEP_DB)
    return max(lowest, WIDEST_RANGE_DB[0]), min(highest, WIDEST_RANGE_DB[1])


def _thin_out(values: Sequence[float], step_s: float) -> Iterator[Point]:
    """Yield (time, value) of at most MAX_POINTS: the highest of each stretch at its middle."""
    stretch = max(1, math.ceil(len(values) / MAX_POINTS))
    for first in range(0, len(values), stretch):
        part = values[first : first + stretch]
        yield (first + len(part) / 2) * step_s, max(part)


def _cut_above(points: Sequence[Point], limit_y: float) -> Iterator[Point]:
    """Yield the outline of what lies above a limit; y counts downwards."""
    yield points[0][0], limit_y
    for (x, y), (next_x, next_y) in zip(points, [*points[1:], points[-1]], strict=True):
        yield x, min(y, limit_y)
        if (y - limit_y) * (next_y - limit_y) < 0:
            yield x + (next_x - x) * (limit_y - y) / (next_y - y), limit_y
    yield points[-1][0], limit_y
