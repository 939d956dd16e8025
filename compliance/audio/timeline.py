"""Draw a verdict on a song over the time of the song, as one SVG.

The picture stands alone (no script, no font, no link), follows the reader's light or dark scheme,
and says everything in words as well.  All in it comes from the evidence and the verdict; texts
that came from outside are escaped.
"""

from collections.abc import Iterator, Sequence

from compliance.audio.evidence import SongEvidence
from compliance.audio.picture.canvas import (
    MARGIN,
    PLOT_LEFT,
    PLOT_RIGHT,
    Canvas,
    TimeScale,
    format_clock,
)
from compliance.audio.picture.curves import draw_excess, draw_level
from compliance.audio.picture.drawn_verdict import DrawnReason, DrawnVerdict
from compliance.audio.picture.heading import (
    describe_song,
    draw_heading,
    draw_legend,
    draw_reasons,
    name_outcome,
)
from compliance.audio.picture.lanes import (
    draw_found,
    draw_placements,
    draw_reason_bars,
    draw_section,
    draw_vocal,
)

# Seconds between two grid lines: the first that gives no more than MAX_TICKS.
TICKS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200)
MAX_TICKS = 16
# Songs are drawn as if they were at least and at most so long, in seconds.
SHORTEST_SCALE_S, LONGEST_SCALE_S = 0.1, 86_400.0
# Reasons with these outcomes are shaded over the whole height.
SHADED = ("needs_review", "rejected")


def draw_timeline(evidence: SongEvidence, verdict: DrawnVerdict) -> str:
    """Return the picture as an SVG document."""
    canvas = Canvas(
        title=f"Timeline of a song: {name_outcome(verdict.outcome).lower()}",
        description=describe_song(evidence, verdict),
    )
    draw_heading(canvas, evidence, verdict)
    draw_reasons(canvas, verdict)
    if evidence.refusal is None:
        _draw_plot(canvas, evidence, verdict)
        draw_legend(canvas, absent_share=verdict.limits.absent_share)
    canvas.y += MARGIN / 2
    return canvas.write()


def _draw_plot(canvas: Canvas, evidence: SongEvidence, verdict: DrawnVerdict) -> None:
    # The order of the arguments makes the shortest scale of what is not a number.
    duration_s = min(max(SHORTEST_SCALE_S, evidence.duration_s), LONGEST_SCALE_S)
    scale = TimeScale(duration_s=duration_s)
    _draw_times(canvas, scale)
    top = canvas.y
    draw_reason_bars(canvas, verdict.reasons, scale=scale)
    if evidence.measurements is not None:
        draw_level(canvas, evidence.measurements.levels_dbfs, scale=scale)
    draw_section(canvas, "Declared")
    draw_placements(
        canvas,
        evidence.placements,
        absent_share=verdict.limits.absent_share,
        scale=scale,
    )
    draw_vocal(canvas, evidence, scale=scale)
    draw_section(canvas, "Unexplained energy")
    if (curve := evidence.excess) is not None:
        draw_excess(canvas, curve, limits=verdict.limits, scale=scale)
    else:
        canvas.add_text(
            PLOT_LEFT,
            canvas.y + 8,
            "Not measured: no declared stem could be subtracted.",
            css="small",
            room=PLOT_RIGHT - PLOT_LEFT,
        )
        canvas.y += 22
    draw_section(canvas, "Recordings found")
    draw_found(canvas, evidence, verdict.reasons, scale=scale)
    _draw_bands(canvas, verdict.reasons, scale=scale, top=top)
    _draw_grid(canvas, scale, top=top)
    _draw_times(canvas, scale)
    canvas.y += 10


def _list_ticks(scale: TimeScale) -> Iterator[float]:
    steps = (step for step in TICKS_S if scale.duration_s / step <= MAX_TICKS)
    step = next(steps, TICKS_S[-1])
    yield from range(0, int(min(scale.duration_s, MAX_TICKS * step)) + 1, step)


def _draw_times(canvas: Canvas, scale: TimeScale) -> None:
    for at_s in _list_ticks(scale):
        text = format_clock(at_s, digits=0)
        canvas.add_text(
            scale.locate(at_s), canvas.y + 6, text, css="small", room=60, anchor="middle", color="faint"
        )  # fmt: skip
    canvas.y += 18


def _draw_grid(canvas: Canvas, scale: TimeScale, *, top: float) -> None:
    for at_s in _list_ticks(scale):
        x = scale.locate(at_s)
        canvas.add_line((x, top), (x, canvas.y), css="grid", at_back=True)


def _draw_bands(
    canvas: Canvas, reasons: Sequence[DrawnReason], *, scale: TimeScale, top: float
) -> None:
    """Shade the intervals of the reasons; where several overlap, once."""
    for outcome in SHADED:
        spans = sorted(
            (reason.start_s, reason.end_s)
            for reason in reasons
            if reason.outcome == outcome and reason.start_s is not None and reason.end_s is not None
        )
        for start_s, end_s in _merge(spans):
            left, right = scale.locate(start_s), scale.locate(end_s)
            canvas.add_rect(
                left,
                top,
                max(0.0, right - left),
                canvas.y - top,
                css=f"{outcome} band",
                at_back=True,
            )
            for x in (left, right):
                canvas.add_line((x, top), (x, canvas.y), css=f"{outcome} edge", at_back=True)


def _merge(spans: Sequence[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """Yield the union of sorted intervals."""
    merged: list[tuple[float, float]] = []
    for start_s, end_s in spans:
        if merged and start_s <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end_s))
        else:
            merged.append((start_s, end_s))
    yield from merged
