# ruff: noqa: RUF001 - look-alike letters are the subject
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.screening.normalization import bare_letter, normalize_text, strip_accents

# Characters that people hide words with, drawn far more often than chance would.
TRICKY = st.sampled_from(
    "ａＡѕһіԁ\u200b\u202e\u00ad\u0301\u0308ß🅱\ufe0fﬁœé가각ㄱㅏㅅㅄﾡ\u3164①½™İı\n\t \u1100\u1161\u11a8"
)
TEXTS = st.lists(TRICKY | st.characters(exclude_categories=["Cs"]), max_size=40).map("".join)


@given(TEXTS)
def test_normalizing_twice_changes_nothing(text):
    once = normalize_text(text).text
    assert normalize_text(once).text == once


@given(TEXTS)
def test_every_character_knows_where_it_came_from(text):
    normalized = normalize_text(text)
    assert len(normalized.starts) == len(normalized.ends) == len(normalized.text)
    places = list(zip(normalized.starts, normalized.ends, strict=True))
    assert all(0 <= start < end <= len(text) for start, end in places)
    assert places == sorted(places)


@given(TEXTS)
def test_no_invisible_character_is_left(text):
    left = normalize_text(text).text
    assert not [c for c in left if unicodedata.category(c) == "Cf" or c in "\u3164\u2800"]


@given(st.text(alphabet=st.characters(codec="ascii", exclude_categories=["Cc"])))
def test_plain_ascii_is_only_lowered(text):
    assert normalize_text(text).text == text.lower()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ＦＵＬＬ", "full"),
        ("ѕһіт", "shit"),
        ("s\u200bh\u200bi\u200bt", "shit"),
        ("e\u0301té", "été"),
        ("h̶e̷l̸l̵o̶", "hello"),
        ("Straße", "strasse"),
        ("🅱️itch", "bitch"),
        ("노래", "노래"),
        ("ㅅㅣㅂㅏㄹ", "ㅅㅣㅂㅏㄹ"),
        ("ﾡﾢ", "ㄱㄲ"),
        ("a\u00a0b", "a b"),
        ("Привет", "пpивет".replace("п", "n").replace("и", "n").replace("в", "b").replace("е", "e").replace("т", "t")),
    ],
    ids=[
        "fullwidth", "cyrillic", "zero width", "combining", "zalgo", "sharp s", "squared", "conjoining jamo",
        "loose jamo", "halfwidth jamo", "blank", "whole cyrillic word",
    ],
)  # fmt: skip
def test_a_disguise_comes_off(text, expected):
    assert normalize_text(text).text == expected


def test_locate_answers_in_code_points_of_the_original():
    normalized = normalize_text("a\u200bＢe\u0301z")
    at = normalized.text.index("é")
    start, end = normalized.locate(start=at, end=at + 1)
    assert normalized.original[start:end] == "e\u0301"


def test_accents_stay_beside_the_bare_letter():
    assert normalize_text("AÑO").text == "año"
    assert strip_accents("año cœur") == "ano coeur"
    assert bare_letter("가") == "가"
