"""Lanes over the time of the song: reasons, declared stems, the vocal, recordings that were found."""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from compliance.audio.evidence import (
    MatchEvidence,
    MatchKind,
    PlacementEvidence,
    SongEvidence,
)
from compliance.audio.picture.canvas import (
    BAR_HEIGHT,
    MARGIN,
    PLOT_LEFT,
    PLOT_RIGHT,
    Canvas,
    TimeScale,
    format_clock,
    format_number,
    format_span,
)
from compliance.audio.picture.drawn_verdict import DrawnReason

# More lanes than this are counted, not drawn; those that ask for attention are drawn first.
MAX_STEM_LANES, MAX_FOUND_LANES, MAX_REASON_ROWS = 24, 12, 8
# Of every lane so many bars are drawn, the first ones.
MAX_BARS = 500
LANE_HEIGHT = 34
REASON_ROW_HEIGHT = BAR_HEIGHT + 3
NAME_ROOM = PLOT_LEFT - MARGIN - 14
# What is drawn of a weaker match in the same place: a thin strip, in pixels.
STRIP_TOP, STRIP_HEIGHT = 24, 4
MATCH_PLACES = {
    MatchKind.IDENTITY: "as the song itself",
    MatchKind.RAW: "in the song",
    MatchKind.RESIDUAL: "in what is unexplained",
    MatchKind.SIDE_RESIDUAL: "in the unexplained side",
    MatchKind.VOCAL: "in the vocal",
    MatchKind.WARPED: "changed, in what is unexplained",
}


class _State(StrEnum):
    PRESENT = "present"
    ABSENT = "absent"
    UNVERIFIABLE = "unverifiable"


def draw_section(canvas: Canvas, title: str) -> None:
    """Begin a part of the picture."""
    canvas.y += 16
    canvas.add_text(MARGIN, canvas.y, title, css="heading", room=PLOT_RIGHT - MARGIN)
    canvas.add_line((PLOT_LEFT, canvas.y), (PLOT_RIGHT, canvas.y), css="rule")
    canvas.y += 14


def draw_reason_bars(
    canvas: Canvas, reasons: Sequence[DrawnReason], *, scale: TimeScale
) -> None:  # fmt: skip
    """Draw the interval of every reason with its number, rows as needed."""
    ends: list[float] = []
    hidden = 0
    for number, reason in enumerate(reasons, start=1):
        if reason.start_s is None or reason.end_s is None:
            continue
        start = scale.locate(reason.start_s)
        row = next((row for row, end in enumerate(ends) if end + 2 <= start), len(ends))
        if row >= MAX_REASON_ROWS:
            hidden += 1
            continue
        ends[row : row + 1] = [max(start + 20, scale.locate(reason.end_s))]
        name = reason.reference or reason.stem
        about = f": {name}" if name else ""
        canvas.add_bar(
            scale,
            (reason.start_s, reason.end_s),
            y=canvas.y + row * REASON_ROW_HEIGHT,
            css=str(reason.outcome),
            tip=f"{number}. {format_span(reason.start_s, reason.end_s)} {reason.text}",
            labels=(f"{number} · {reason.code}{about}", f"{number} · {reason.code}", str(number)),
        )
    if not ends:
        return
    _write_name(canvas, "Reasons", "numbered as above")
    canvas.y += max(LANE_HEIGHT, len(ends) * REASON_ROW_HEIGHT) + 4
    if hidden:
        _count_rest(canvas, f"and {hidden} more intervals")


def draw_placements(
    canvas: Canvas,
    placements: Sequence[PlacementEvidence],
    *,
    absent_share: float,
    scale: TimeScale,
) -> None:
    """Draw one lane for every declared stem, with all its placements."""
    lanes: dict[str, list[PlacementEvidence]] = {}
    for one in placements:
        lanes.setdefault(one.stem, []).append(one)
    names = _choose_lanes(
        lanes,
        urgent=[
            name
            for name, ones in lanes.items()
            if any(_judge(one, absent_share) is not _State.PRESENT for one in ones)
        ],
        most=MAX_STEM_LANES,
    )
    for name in names:
        ones = lanes[name]
        _draw_lane(canvas)
        _write_name(canvas, name, _describe_lane(ones, absent_share))
        for one in ones[:MAX_BARS]:
            state = _judge(one, absent_share)
            canvas.add_bar(
                scale,
                (one.start_s, one.end_s),
                y=canvas.y + (LANE_HEIGHT - 6 - BAR_HEIGHT) / 2,
                css=state,
                tip=f"{name}, {format_span(one.start_s, one.end_s)}: {_describe(one, state)}",
                labels=(_describe(one, state), _name_state(one, state)),
                label_css="on-bar" if state is _State.PRESENT else "on-hatch",
            )
        canvas.y += LANE_HEIGHT
    if hidden := len(lanes) - len(names):
        count = sum(len(ones) for name, ones in lanes.items() if name not in names)
        _count_rest(canvas, f"and {hidden} more stems with {count} placements")
    if not lanes:
        _count_rest(canvas, "No stem was declared.")


def draw_vocal(canvas: Canvas, evidence: SongEvidence, *, scale: TimeScale) -> None:
    """Draw whether a vocal was submitted and could be used."""
    if evidence.vocal_problem is not None:
        css, text, label_css = (
            "unverifiable",
            f"unreadable: {evidence.vocal_problem.text}",
            "on-hatch",
        )
    elif evidence.has_vocal:
        css, text, label_css = "vocal", "submitted, and subtracted with the stems", "on-bar"
    else:
        css, text, label_css = (
            "missing",
            "not submitted: the voice counts as unexplained",
            "on-hatch",
        )
    _draw_lane(canvas)
    _write_name(canvas, "Vocal", "as submitted" if evidence.has_vocal else text.partition(":")[0])
    canvas.add_bar(
        scale, (0.0, scale.duration_s), y=canvas.y + (LANE_HEIGHT - 6 - BAR_HEIGHT) / 2, css=css,
        tip=f"Vocal: {text}", labels=(text,), label_css=label_css,
    )  # fmt: skip
    canvas.y += LANE_HEIGHT


def draw_found(
    canvas: Canvas, evidence: SongEvidence, reasons: Sequence[DrawnReason], *, scale: TimeScale
) -> None:
    """Draw one lane for every recording that was found, those a reason names first."""
    lanes: dict[str, list[MatchEvidence]] = {}
    for match in evidence.matches:
        lanes.setdefault(match.key, []).append(match)
    numbers = {
        match: number
        for match in evidence.matches
        for number, reason in enumerate(reasons, start=1)
        if _is_about(reason, match)
    }
    named = list(dict.fromkeys(match.key for match in sorted(numbers, key=numbers.__getitem__)))
    declared = {f"stem:{one.stem}" for one in evidence.placements}
    ordered = {key: lanes[key] for key in [*named, *lanes]}
    keys = _choose_lanes(ordered, urgent=named, most=MAX_FOUND_LANES)
    for key in keys:
        matches = sorted(lanes[key], key=lambda one: (one not in numbers, -one.score))
        kind = "foreign recording" if matches[0].is_reference else "stem"
        standing = "declared stem" if key in declared else f"{kind}, no reason"
        if key in named:
            first = min(numbers[one] for one in matches if one in numbers)
            standing = f"reason {first}, {kind}"
        _draw_lane(canvas)
        _write_name(canvas, matches[0].external_id, standing)
        css = "heard" if key in declared else "other"
        _draw_matches(canvas, matches[:MAX_BARS], numbers=numbers, css=css, scale=scale)
        canvas.y += LANE_HEIGHT
    if hidden := len(lanes) - len(keys):
        _count_rest(canvas, f"and {hidden} more recordings")
    if not lanes:
        _count_rest(canvas, "No recording was found.")


def _draw_matches(
    canvas: Canvas,
    matches: Iterable[MatchEvidence],
    *,
    numbers: Mapping[MatchEvidence, int],
    css: str,
    scale: TimeScale,
) -> None:
    """Draw the best match of every place as a bar, weaker ones in the same place as strips."""
    drawn: list[MatchEvidence] = []
    for match in matches:
        is_strip = any(min(o.end_s, match.end_s) > max(o.start_s, match.start_s) for o in drawn)
        is_named = match in numbers
        measured = f"score {format_number(match.score)}"
        source = f"from {format_clock(match.source_start_s)} of the source"
        text = f"{measured} {MATCH_PLACES[match.kind]}, {source}"
        z = match.confirmation_z
        confirmed = f", confirmed with z {format_number(z)}" if z is not None else ""
        siblings = f", or {', '.join(match.siblings)}" if match.siblings else ""
        canvas.add_bar(
            scale,
            (match.start_s, match.end_s),
            y=canvas.y + (STRIP_TOP if is_strip else 2),
            height=STRIP_HEIGHT if is_strip else BAR_HEIGHT,
            css="rejected" if is_named else "strip" if is_strip else css,
            tip=f"{match.external_id}{siblings}, {format_span(match.start_s, match.end_s)}: {text}{confirmed}",
            labels=() if is_strip else (f"{text}{confirmed}", text, f"{measured}, {source}", measured),
            label_css="on-bar" if is_named else "on-heard",
        )  # fmt: skip
        if not is_strip:
            drawn.append(match)


def _is_about(reason: DrawnReason, match: MatchEvidence) -> bool:
    """Tell whether a reason was drawn from a match."""
    name = reason.reference if match.is_reference else reason.stem
    return (
        reason.source_start_s is not None
        and (name, reason.start_s, reason.end_s) == (match.external_id, match.start_s, match.end_s)
        and (reason.source_start_s, reason.score) == (match.source_start_s, match.score)
    )


def _choose_lanes(lanes: Mapping[str, object], *, urgent: Sequence[str], most: int) -> list[str]:
    """Return the names of lanes to draw, in their order; the urgent ones win where room is short."""
    kept = set([*urgent, *(name for name in lanes if name not in set(urgent))][:most])
    return [name for name in lanes if name in kept]


def _judge(placement: PlacementEvidence, absent_share: float) -> _State:
    if placement.problem is not None or placement.share is None:
        return _State.UNVERIFIABLE
    return _State.ABSENT if placement.share < absent_share else _State.PRESENT


def _name_state(placement: PlacementEvidence, state: _State) -> str:
    if state is _State.UNVERIFIABLE:
        return placement.problem.replace("_", " ") if placement.problem else "not measured"
    return "not heard" if state is _State.ABSENT else "present"


def _describe(placement: PlacementEvidence, state: _State) -> str:
    parts = [_name_state(placement, state)]
    if placement.share is not None:
        parts.append(f"share {format_number(placement.share)}")
    if placement.gain_db is not None:
        parts.append(f"gain {format_number(placement.gain_db)} dB")
    return " · ".join(parts)


def _describe_lane(placements: Sequence[PlacementEvidence], absent_share: float) -> str:
    if len(placements) == 1:
        return _name_state(placements[0], _judge(placements[0], absent_share))
    states = [_judge(one, absent_share) for one in placements]
    words = (
        (_State.PRESENT, "present"),
        (_State.ABSENT, "not heard"),
        (_State.UNVERIFIABLE, "open"),
    )
    return ", ".join(f"{states.count(state)} {word}" for state, word in words if state in states)


def _draw_lane(canvas: Canvas) -> None:
    canvas.add_rect(
        PLOT_LEFT, canvas.y, PLOT_RIGHT - PLOT_LEFT, LANE_HEIGHT - 4, css="lane", at_back=True
    )


def _write_name(canvas: Canvas, name: str, state: str) -> None:
    canvas.add_text(MARGIN, canvas.y + 8, name, css="name", room=NAME_ROOM)
    canvas.add_text(MARGIN, canvas.y + 23, state, css="small", room=NAME_ROOM, color="faint")


def _count_rest(canvas: Canvas, text: str) -> None:
    canvas.add_text(PLOT_LEFT, canvas.y + 8, text, css="small", room=PLOT_RIGHT - PLOT_LEFT)
    canvas.y += 22
