"""The PDF of an evidence pack: every letter has a font, every part of the picture is drawn, the bytes are the same."""

import io
import zipfile
from dataclasses import replace

import pytest

from compliance.evidence.archive import write_archive
from compliance.evidence.fonts import REPLACEMENT, mark_up, split_runs
from compliance.evidence.picture import Picture, StyleSheet
from compliance.evidence.summary import LONGEST_CELL, Section, Summary, list_words, write_summary

SUMMARY = Summary(
    title="Evidence for 노래", state="live", subtitle="Zoë", as_of="2026-11-25", timeline_svg="", closing=(),
    sections=(Section(title="Facts", rows=(("Message", "생일 축하해, Größe!"),)),),
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "families"),
    [
        ("Größe ação ñandú Łódź Ж", ["DejaVuSans"]),
        ("생일 축하해", ["NanumSquare", "DejaVuSans", "NanumSquare"]),
        ("漢字", ["NanumSquare"]),
        ("", []),
    ],
)
def test_every_text_is_cut_into_runs_of_fonts_that_have_it(text, families):
    runs = list(split_runs(text))
    assert [family for family, _ in runs] == families
    assert "".join(run for _, run in runs) == text


def test_what_no_font_has_is_replaced_and_markup_is_escaped():
    assert list(split_runs("\U00013000")) == [("DejaVuSans", REPLACEMENT)]
    assert mark_up("<b>&") == '<font name="DejaVuSans">&lt;b&gt;&amp;</font>'


def test_the_same_facts_give_the_same_bytes(pytestconfig):
    svg = (pytestconfig.rootpath / "docs/pictures/timeline-lying-manifest.svg").read_text()
    summary = replace(SUMMARY, timeline_svg=svg)
    assert write_summary(summary) == write_summary(summary)
    assert write_summary(summary) != write_summary(replace(summary, state="revoked"))


def test_a_text_that_would_fill_pages_and_a_long_table_still_make_a_document():
    rows = (("x", "word " * LONGEST_CELL), *((str(n), "ab" * 100) for n in range(200)))
    section = Section(title="Long", heads=("a", "b"), rows=rows)
    assert write_summary(replace(SUMMARY, sections=(section,))).startswith(b"%PDF")


def test_later_rules_for_light_win_and_dark_is_left_out():
    sheet = StyleSheet.parse("text{fill:#000001}.a,.b{fill:#000002}.a.b{stroke:#000003}@media x{.a{fill:#ffffff}}")  # fmt: skip
    assert sheet.find(tag="text", classes=set()) == {"fill": "#000001"}
    assert sheet.find(tag="text", classes={"a"}) == {"fill": "#000002"}
    assert sheet.find(tag="rect", classes={"a", "b"}) == {"fill": "#000002", "stroke": "#000003"}


@pytest.mark.parametrize("name", ["honest", "hidden-recording", "lying-manifest", "no-vocal"])
def test_pictures_keep_their_shape_and_fit(pytestconfig, name):
    svg = (pytestconfig.rootpath / f"docs/pictures/timeline-{name}.svg").read_text()
    picture = Picture(svg, width=500, max_height=300)
    assert picture.height <= 300
    assert picture.width / picture.height == pytest.approx(picture.svg_width / picture.svg_height)
    assert write_summary(replace(SUMMARY, timeline_svg=svg)).startswith(b"%PDF")


def test_very_many_words_are_counted():
    assert list_words(["a", "b"], limit=2) == "a, b"
    assert list_words(["a", "b", "c"], limit=2) == "a, b and 1 more"


def test_an_archive_has_no_time_and_a_fixed_order():
    content = write_archive({"b": b"2", "a": b"1"}, folder="pack")
    assert content == write_archive({"a": b"1", "b": b"2"}, folder="pack")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == ["pack/SHA256SUMS", "pack/a", "pack/b"]
        assert {entry.date_time[0] for entry in archive.infolist()} == {1980}
