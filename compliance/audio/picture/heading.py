"""The words of the timeline: outcome, facts, reasons above; the legend below."""

from collections.abc import Iterator

from compliance.audio.evidence import SongEvidence
from compliance.audio.picture.canvas import (
    MARGIN,
    MINUS,
    WIDTH,
    Canvas,
    format_clock,
    format_limit,
    format_number,
    format_span,
    measure_text,
    wrap_text,
)
from compliance.audio.picture.drawn_verdict import DrawnReason, DrawnVerdict

# More reasons than this are counted, not written.
MAX_REASONS = 12
LINE_HEIGHT = 19
BADGE_HEIGHT, BADGE_PADDING = 34, 22
NUMBER_ROOM, CODE_ROOM, SPAN_ROOM, VALUE_ROOM = 26, 200, 106, 240
MAX_TEXT_LINES, TEXT_LINE_HEIGHT = 2, 16
SWATCH_WIDTH = 26
LEGEND = (
    ("present", "declared stem, present"),
    ("absent", "declared stem, absent (striped)"),
    ("unverifiable", "not verifiable (striped)"),
    ("missing", "nothing submitted"),
    ("vocal", "submitted vocal"),
    ("rejected", "found, and a reason to reject"),
    ("heard", "found, and declared"),
    ("other", "found, but no reason follows"),
    ("strip", "weaker match in the same place"),
    ("rejected over", "sound above the limit"),
    ("rejected band", "reason to reject"),
    ("needs_review band", "reason to review"),
)  # fmt: skip


def name_outcome(outcome: str) -> str:
    """Return an outcome as words."""
    return str(outcome).replace("_", " ").capitalize()


def describe_song(evidence: SongEvidence, verdict: DrawnVerdict) -> str:
    """Return the picture in words, for readers who do not see it."""
    parts = [f"{name_outcome(verdict.outcome)}: a song of {format_clock(evidence.duration_s)}."]
    parts += [describe_reason(reason) for reason in verdict.reasons[:MAX_REASONS]]
    if more := len(verdict.reasons) - MAX_REASONS:
        parts += [f"And {more} more reasons."] if more > 0 else []
    if not verdict.reasons:
        parts.append("No reason speaks against it.")
    stems = dict.fromkeys(one.stem for one in evidence.placements)
    parts.append(f"{len(evidence.placements)} placements of {len(stems)} stems were declared.")
    return " ".join(parts)


def describe_reason(reason: DrawnReason) -> str:
    """Return a reason with its interval."""
    return f"{_describe_interval(reason)} {reason.text}".strip()


def draw_heading(canvas: Canvas, evidence: SongEvidence, verdict: DrawnVerdict) -> None:
    """Draw the outcome, then what kind of song it is and which versions judged it."""
    name = name_outcome(verdict.outcome)
    width = measure_text(name, css="outcome") + 2 * BADGE_PADDING
    canvas.add_rect(MARGIN, canvas.y, width, BADGE_HEIGHT, css=f"badge {verdict.outcome}")
    middle = canvas.y + BADGE_HEIGHT / 2
    canvas.add_text(
        MARGIN + width / 2, middle, name, css="outcome", room=WIDTH, anchor="middle", color="on-badge"
    )  # fmt: skip
    left = MARGIN + width + 18
    room = WIDTH - MARGIN - left
    canvas.add_text(left, middle - 9, _describe_versions(evidence, verdict), css="name", room=room)
    facts = " · ".join(_list_facts(evidence))
    canvas.add_text(left, middle + 9, facts, css="small", room=room, color="faint")
    canvas.y += BADGE_HEIGHT + 20


def draw_reasons(canvas: Canvas, verdict: DrawnVerdict) -> None:
    """Write the reasons, numbered as their intervals are."""
    if not verdict.reasons:
        canvas.add_text(
            MARGIN, canvas.y, "No reason speaks against the song.", css="body", room=WIDTH
        )
        canvas.y += LINE_HEIGHT
    for number, reason in enumerate(verdict.reasons[:MAX_REASONS], start=1):
        _write_reason(canvas, number, reason)
    more = len(verdict.reasons) - MAX_REASONS
    if more > 0:
        canvas.add_text(
            MARGIN + NUMBER_ROOM, canvas.y, f"and {more} more reasons", css="body", room=WIDTH
        )
        canvas.y += LINE_HEIGHT
    canvas.y += 8


def _write_reason(canvas: Canvas, number: int, reason: DrawnReason) -> None:
    canvas.add_rect(
        MARGIN, canvas.y - 7.5, 19, 15, css=f"badge {reason.outcome}", tip=name_outcome(reason.outcome)
    )  # fmt: skip
    canvas.add_text(
        MARGIN + 9.5, canvas.y, str(number), css="small", room=19, anchor="middle", color="on-badge"
    )
    left = float(MARGIN + NUMBER_ROOM)
    canvas.add_text(left, canvas.y, reason.code, css="name", room=CODE_ROOM - 10)
    left += CODE_ROOM
    canvas.add_text(left, canvas.y, _describe_interval(reason), css="body", room=SPAN_ROOM)
    left += SPAN_ROOM
    room = WIDTH - MARGIN - VALUE_ROOM - left
    canvas.add_text(
        WIDTH - MARGIN, canvas.y, _describe_value(reason), css="small", room=VALUE_ROOM, anchor="end",
        color="faint",
    )  # fmt: skip
    lines = wrap_text(reason.text, css="body", room=room, most=MAX_TEXT_LINES)
    for place, line in enumerate(lines):
        canvas.add_text(left, canvas.y + place * TEXT_LINE_HEIGHT, line, css="body", room=room)
    canvas.y += LINE_HEIGHT + TEXT_LINE_HEIGHT * max(0, len(lines) - 1)


def draw_legend(canvas: Canvas, *, absent_share: float) -> None:
    """Explain every color and pattern, and the word share."""
    left = float(MARGIN)
    for css, text in LEGEND:
        width = SWATCH_WIDTH + 8 + measure_text(text, css="small") + 18
        if left + width > WIDTH - MARGIN:
            left, canvas.y = float(MARGIN), canvas.y + LINE_HEIGHT
        canvas.add_swatch(left, canvas.y, width=SWATCH_WIDTH, css=css)
        canvas.add_text(left + SWATCH_WIDTH + 8, canvas.y, text, css="small", room=width)
        left += width
    canvas.y += LINE_HEIGHT + 2
    text = (
        "Share: energy a placement explains, relative to what is left unexplained; below "
        f"{format_limit(absent_share)} it is absent. Score: {MINUS}log10 of the chance that a match is "
        "an accident. Times are m:ss of the song."
    )
    canvas.add_text(MARGIN, canvas.y, text, css="small", room=WIDTH - 2 * MARGIN, color="faint")
    canvas.y += LINE_HEIGHT


def _describe_versions(evidence: SongEvidence, verdict: DrawnVerdict) -> str:
    versions = (
        f"engine {evidence.engine_version} · fingerprints {evidence.fingerprint_version} · "
        f"verdict rules {verdict.version}"
    )
    if evidence.refusal is not None:
        return f"Not analyzed · {versions}"
    return f"Duration {format_clock(evidence.duration_s)} · {versions}"


def _list_facts(evidence: SongEvidence) -> Iterator[str]:
    if evidence.refusal is not None:
        yield "no sound was read, so nothing was measured"
    if (source := evidence.source) is not None:
        channels = "channel" if source.channels == 1 else "channels"
        yield f"{source.codec}, {source.rate_hz} Hz, {source.channels} {channels}"
    if (measured := evidence.measurements) is not None:
        if measured.loudness_lufs is not None:
            yield f"loudness {format_number(measured.loudness_lufs)} LUFS"
        if measured.true_peak_dbfs is not None:
            yield f"true peak {format_number(measured.true_peak_dbfs)} dBFS"
    if evidence.residual_db is not None:
        yield f"left unexplained {format_number(evidence.residual_db)} dB"
    if evidence.excess is not None:
        yield f"codec noise: {evidence.excess.noise_source}"
    if evidence.refusal is None:
        yield f"searched {evidence.index_size} recordings"


def _describe_interval(reason: DrawnReason) -> str:
    if reason.start_s is None or reason.end_s is None:
        return ""
    return format_span(reason.start_s, reason.end_s)


def _describe_value(reason: DrawnReason) -> str:
    if reason.score is None:
        return ""
    unit = f" {reason.unit}" if reason.unit and reason.unit != "-log10 p" else ""
    name = "score " if reason.unit == "-log10 p" else ""
    limit = f" (limit {format_limit(reason.limit)})" if reason.limit is not None else ""
    return f"{name}{format_number(reason.score)}{unit}{limit}"
