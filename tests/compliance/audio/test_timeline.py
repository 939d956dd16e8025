import dataclasses
import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from compliance.audio.evidence import (
    AlignmentProblem,
    ExcessCurve,
    MatchEvidence,
    MatchKind,
    PlacementEvidence,
    Refusal,
    SongEvidence,
)
from compliance.audio.picture.canvas import (
    PLOT_LEFT,
    PLOT_RIGHT,
    clean_text,
    format_clock,
    format_number,
    measure_text,
    shorten_text,
    wrap_text,
)
from compliance.audio.picture.lanes import MAX_STEM_LANES
from compliance.audio.picture.palette import COLORS
from compliance.audio.timeline import draw_timeline
from compliance.verdict import Outcome, Reason, Verdict, VerdictLimits, decide_verdict
from tests.compliance.audio.values import CURVE, EVIDENCE, MATCH, PLACEMENT

SPACE = "{http://www.w3.org/2000/svg}"
REFUSED = SongEvidence(
    engine_version="1",
    fingerprint_version=1,
    refusal=Refusal(code="audio.unreadable", text="not a known audio format"),
)


def vary(**changes):
    return dataclasses.replace(EVIDENCE, **changes)


def draw(evidence):
    return draw_timeline(evidence, decide_verdict(evidence))


def parse(svg):
    return ET.fromstring(svg)  # noqa: S314


def list_texts(svg):
    """Return every text as shown and in full, of all elements."""
    return ["".join(one.itertext()) for one in parse(svg).iter(f"{SPACE}text")]


def list_tips(svg):
    return [one.text for one in parse(svg).iter(f"{SPACE}title")]


def list_bars(svg, css):
    return [one for one in parse(svg).iter(f"{SPACE}rect") if one.get("class") == css]


def find_x(bar):
    left = float(bar.get("x"))
    return left, left + float(bar.get("width"))


def test_the_picture_is_well_formed_and_stands_alone():
    svg = draw(vary(matches=(MATCH,)))
    assert parse(svg).tag == f"{SPACE}svg"
    for outside in ("href", "url(", "<script", "@import", "onload"):
        assert outside not in svg


def test_the_picture_says_in_words_what_it_shows():
    svg = draw(vary(matches=(MATCH,)))
    root = parse(svg)
    assert root.get("role") == "img"
    described = {one.get("id"): one.text for one in root if one.get("id")}
    title, desc = (described[name] for name in root.get("aria-labelledby").split())
    assert "rejected" in title
    assert "song-x is heard" in desc
    assert "0:08.0–0:20.0" in desc  # noqa: RUF001 - the dash people write in intervals


def test_the_outcome_the_duration_and_the_versions_are_written():
    texts = list_texts(draw(EVIDENCE))
    assert "Approved" in texts
    assert any("Duration 0:30.0 · engine 1.0" in text for text in texts)


def test_light_and_dark_have_every_color():
    svg = draw(EVIDENCE)
    light, dark = svg.split("@media (prefers-color-scheme:dark)")
    for name, (in_light, in_dark) in COLORS.items():
        assert in_light in light, name
        assert in_dark in dark, name


def test_a_verdict_is_drawn_the_same_every_time():
    evidence = vary(matches=(MATCH,))
    assert draw(evidence) == draw(evidence)


def test_every_declared_stem_has_a_lane_with_share_and_gain():
    texts = list_texts(draw(EVIDENCE))
    assert "drums" in texts
    assert "present · share 12 · gain −3 dB" in texts  # noqa: RUF001 - a minus sign


@pytest.mark.parametrize(
    ("changes", "css", "words"),
    [
        ({"share": 0.01}, "absent", "not heard"),
        ({"problem": AlignmentProblem.NEEDS_VOCODER}, "unverifiable", "needs vocoder"),
        ({"share": None}, "unverifiable", "not measured"),
    ],
)
def test_what_is_not_present_differs_in_words_and_stripes(changes, css, words):
    svg = draw(vary(placements=(dataclasses.replace(PLACEMENT, **changes),)))
    assert words in list_texts(svg)
    assert any(words in tip for tip in list_tips(svg))
    stripes = [
        one for one in parse(svg).iter(f"{SPACE}line") if one.get("class") == f"{css}-stripes"
    ]
    assert len(stripes) == 1


def test_a_placement_lies_where_it_was_declared():
    half = dataclasses.replace(PLACEMENT, start_s=15.0, end_s=22.5)
    bars = [bar for bar in list_bars(draw(vary(placements=(half,))), "present") if len(bar)]
    width = PLOT_RIGHT - PLOT_LEFT
    assert find_x(bars[0]) == (PLOT_LEFT + width / 2, PLOT_LEFT + width * 0.75)


def test_a_placement_outside_the_song_lies_at_its_edge():
    outside = dataclasses.replace(PLACEMENT, start_s=900.0, end_s=930.0)
    bars = [bar for bar in list_bars(draw(vary(placements=(outside,))), "present") if len(bar)]
    assert find_x(bars[0])[1] == PLOT_RIGHT


def test_what_was_found_is_drawn_with_its_score_and_source_offset():
    svg = draw(vary(matches=(MATCH,)))
    texts = list_texts(svg)
    assert "Rejected" in texts
    assert "song-x" in texts
    assert "reason 1, foreign recording" in texts
    assert any("score 60" in text and "0:33.0 of the source" in text for text in texts)


def test_a_match_that_gives_no_reason_is_not_drawn_as_one():
    weak = dataclasses.replace(MATCH, score=3.0, confirmation_z=None)
    svg = draw(vary(matches=(weak,)))
    assert "Approved" in list_texts(svg)
    assert "foreign recording, no reason" in list_texts(svg)


def test_the_weaker_match_in_the_same_place_is_a_strip():
    weaker = dataclasses.replace(MATCH, score=21.0, start_s=9.0, confirmation_z=None)
    svg = draw(vary(matches=(weaker, MATCH)))
    strips = [bar for bar in list_bars(svg, "strip") if len(bar)]
    assert len(strips) == 1
    assert "score 21" in strips[0][0].text


def test_every_interval_of_a_reason_is_drawn_and_shaded():
    curve = dataclasses.replace(CURVE, mid_db=(0.0,) * 4 + (12.0,) * 6 + (0.0,) * 18)
    absent = dataclasses.replace(PLACEMENT, share=0.01, start_s=1.0, end_s=3.0)
    evidence = vary(matches=(MATCH,), placements=(absent,), excess=curve)
    verdict = decide_verdict(evidence)
    assert len(verdict.reasons) == 3
    svg = draw_timeline(evidence, verdict)
    tips = list_tips(svg)
    bands = [
        find_x(bar) for css in ("rejected", "needs_review") for bar in list_bars(svg, f"{css} band")
    ]
    for number, reason in enumerate(verdict.reasons, start=1):
        clock = f"{format_clock(reason.start_s)}–{format_clock(reason.end_s)}"  # noqa: RUF001
        assert f"{number}. {clock} {reason.text}" in tips
        left, right = (
            PLOT_LEFT + at_s / 30 * (PLOT_RIGHT - PLOT_LEFT)
            for at_s in (reason.start_s, reason.end_s)
        )
        assert any(abs(one[0] - left) < 0.1 and abs(one[1] - right) < 0.2 for one in bands)


def test_overlapping_intervals_are_shaded_once():
    reasons = tuple(
        Reason(code="x", text="X.", outcome=Outcome.REJECTED, start_s=start_s, end_s=start_s + 4)
        for start_s in (1.0, 3.0, 20.0)
    )
    verdict = Verdict(outcome=Outcome.REJECTED, reasons=reasons, limits=VerdictLimits())
    svg = draw_timeline(EVIDENCE, verdict)
    shaded = [bar for bar in list_bars(svg, "rejected band") if float(bar.get("height")) > 100]
    assert len(shaded) == 2


@pytest.mark.parametrize(("highest_db", "is_over"), [(3.9, False), (9.0, True)])
def test_only_what_exceeds_the_limit_is_filled(highest_db, is_over):
    curve = dataclasses.replace(CURVE, mid_db=(0.0,) * 10 + (highest_db,) * 4 + (0.0,) * 14)
    svg = draw(vary(excess=curve))
    filled = next(
        one for one in parse(svg).iter(f"{SPACE}polyline") if one.get("class") == "rejected over"
    )
    heights = {point.split(",")[1] for point in filled.get("points").split()}
    assert (len(heights) > 1) is is_over


def test_lossless_files_are_drawn_with_their_own_limit():
    limits = VerdictLimits()
    svg = draw(vary(excess=dataclasses.replace(CURVE, is_lossless=True)))
    limit_db = limits.excess_db + limits.lossless_excess_db
    assert f"limit {limit_db:g} dB" in list_texts(svg)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "submitted, and subtracted with the stems"),
        ({"has_vocal": False}, "not submitted: the voice counts as unexplained"),
        (
            {"has_vocal": False, "vocal_problem": Refusal(code="x", text="too short")},
            "unreadable: too short",
        ),
    ],
)
def test_the_vocal_is_told(changes, words):
    assert words in list_texts(draw(vary(**changes)))


def test_names_cannot_inject_markup():
    name = '<script>alert("x")</script>&]]>'
    nasty = dataclasses.replace(PLACEMENT, stem=name)
    svg = draw(vary(placements=(nasty,)))
    assert "<script" not in svg
    assert any(name in tip for tip in list_tips(svg))


def test_a_long_name_is_cut_and_kept_for_pointing():
    name = "a very long name of a stem " * 7
    svg = draw(vary(placements=(dataclasses.replace(PLACEMENT, stem=name),)))
    label = next(
        one for one in parse(svg).iter(f"{SPACE}text") if len(one) and one[0].text == name.strip()
    )
    assert label[0].tail.endswith("…")
    assert measure_text(label[0].tail, css="name") < PLOT_LEFT


@pytest.mark.parametrize("count", [0, 1, MAX_STEM_LANES, 500])
def test_any_number_of_stems_stays_legible(count):
    placements = tuple(
        dataclasses.replace(PLACEMENT, number=number, stem=f"s{number}") for number in range(count)
    )
    texts = list_texts(draw(vary(placements=placements, duration_s=1800.0)))
    assert len([text for text in texts if re.fullmatch(r"s\d+", text)]) == min(
        count, MAX_STEM_LANES
    )
    rest = count - MAX_STEM_LANES
    assert (f"and {rest} more stems with {rest} placements" in texts) is (rest > 0)


def test_stems_that_ask_for_attention_are_drawn_even_when_there_are_many():
    placements = [
        dataclasses.replace(PLACEMENT, number=number, stem=f"s{number}") for number in range(60)
    ]
    placements[59] = dataclasses.replace(placements[59], share=0.0)
    texts = list_texts(draw(vary(placements=tuple(placements))))
    assert "s59" in texts
    assert "s58" not in texts


def test_a_long_song_with_500_placements_makes_a_picture_of_bounded_size():
    placements = tuple(
        dataclasses.replace(
            PLACEMENT,
            number=number,
            stem=f"s{number % 3}",
            start_s=number * 3.5,
            end_s=number * 3.5 + 3,
        )
        for number in range(500)
    )
    curve = dataclasses.replace(CURVE, mid_db=(0.0,) * 1750, side_db=(0.0,) * 1750)
    measured = dataclasses.replace(EVIDENCE.measurements, levels_dbfs=(-14.0,) * 7200)
    svg = draw(vary(placements=placements, excess=curve, measurements=measured, duration_s=1800.0))
    assert len(list_bars(svg, "present")) == 501
    assert len(svg) < 300_000


def test_an_unreadable_song_is_drawn_as_its_reason():
    svg = draw(REFUSED)
    assert any("not a known audio format" in text for text in list_texts(svg))
    assert not list_bars(svg, "lane")


def test_a_song_nothing_could_be_subtracted_from_says_so():
    texts = list_texts(draw(vary(excess=None, placements=(), measurements=None, source=None)))
    assert "Not measured: no declared stem could be subtracted." in texts
    assert "No stem was declared." in texts


@pytest.mark.parametrize(
    ("seconds", "digits", "expected"),
    [
        (0.0, 0, "0:00"), (59.96, 1, "1:00.0"), (59.94, 1, "0:59.9"), (61.0, 0, "1:01"),
        (3600.0, 1, "60:00.0"), (float("nan"), 1, "?"), (float("inf"), 0, "?"),
    ],
)  # fmt: skip
def test_format_clock_counts_minutes_and_seconds(seconds, digits, expected):
    assert format_clock(seconds, digits=digits) == expected


def test_format_number_keeps_three_digits():
    assert [format_number(value) for value in (1510.9, 0.02412, -5.0)] == ["1511", "0.0241", "−5"]  # noqa: RUF001


def test_clean_text_replaces_what_xml_forbids_and_what_reorders():
    assert clean_text("a\x00b\u202ec\ud800d") == "a\ufffdb\ufffdc\ufffdd"
    assert clean_text(" two\n lines ") == "two lines"
    assert clean_text("한국어 ñ 👩‍🎤") == "한국어 ñ 👩‍🎤"


@given(text=st.text(max_size=120), room=st.floats(30, 600))
def test_shorten_text_never_exceeds_its_room(text, room):
    shown = shorten_text(text, css="body", room=room)
    assert measure_text(shown, css="body") <= room


def test_wrap_text_keeps_every_word_and_uses_few_lines():
    lines = wrap_text("one two three four five six", css="body", room=60, most=3)
    assert len(lines) == 3
    assert " ".join(lines) == "one two three four five six"


NUMBERS = st.floats() | st.integers(-(10**9), 10**9).map(float)
NAMES = st.text(max_size=60)
PLACEMENTS = st.builds(
    PlacementEvidence,
    number=st.integers(0, 500), stem=NAMES, start_s=NUMBERS, end_s=NUMBERS,
    share=st.none() | NUMBERS, gain_db=st.none() | NUMBERS, problem=st.none() | st.sampled_from(AlignmentProblem),
)  # fmt: skip
MATCHES = st.builds(
    MatchEvidence,
    kind=st.sampled_from(MatchKind), key=NAMES.map("reference:".__add__) | NAMES.map("stem:".__add__),
    start_s=NUMBERS, end_s=NUMBERS, source_start_s=NUMBERS, score=NUMBERS,
    confirmation_z=st.none() | NUMBERS, siblings=st.lists(NAMES, max_size=2).map(tuple),
)  # fmt: skip
CURVES = st.builds(
    ExcessCurve,
    step_s=NUMBERS, mid_db=st.lists(NUMBERS, max_size=8).map(tuple), side_db=st.lists(NUMBERS, max_size=8).map(tuple),
    is_lossless=st.booleans(), noise_source=NAMES,
)  # fmt: skip
REASONS = st.builds(
    Reason,
    code=NAMES, text=NAMES, outcome=st.sampled_from(Outcome), stem=st.none() | NAMES, reference=st.none() | NAMES,
    start_s=st.none() | NUMBERS, end_s=st.none() | NUMBERS, source_start_s=st.none() | NUMBERS,
    score=st.none() | NUMBERS, limit=st.none() | NUMBERS, unit=st.none() | NAMES,
)  # fmt: skip


@settings(max_examples=100, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(
    placements=st.lists(PLACEMENTS, max_size=4).map(tuple),
    matches=st.lists(MATCHES, max_size=4).map(tuple),
    curve=st.none() | CURVES,
    levels=st.lists(NUMBERS, max_size=5).map(tuple),
    reasons=st.lists(REASONS, max_size=4).map(tuple),
    duration_s=NUMBERS,
    problem=st.none() | st.builds(Refusal, code=NAMES, text=NAMES),
)
def test_hostile_names_and_odd_numbers_still_make_a_well_formed_picture(
    placements, matches, curve, levels, reasons, duration_s, problem
):
    evidence = vary(
        placements=placements, matches=matches, excess=curve, duration_s=duration_s, vocal_problem=problem,
        measurements=dataclasses.replace(EVIDENCE.measurements, levels_dbfs=levels),
    )  # fmt: skip
    verdict = Verdict(outcome=Outcome.REJECTED, reasons=reasons, limits=VerdictLimits())
    svg = draw_timeline(evidence, verdict)
    root = parse(svg)
    assert {one.tag.removeprefix(SPACE) for one in root.iter()} <= {
        "svg", "title", "desc", "style", "g", "rect", "line", "polyline", "text",
    }  # fmt: skip
    for one in root.iter():
        for name in ("x", "y", "x1", "x2", "y1", "y2", "width", "height", "points"):
            assert not re.search("nan|inf", one.get(name, "")), (one.tag, name)
        assert not one.get("width", "1").startswith("-")
