# ruff: noqa: RUF001 - look-alike letters are the subject
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moderation.screening.categories import Category
from moderation.screening.language_pack import load_language_pack
from moderation.screening.policy import Outcome
from moderation.screening.screen import InvalidText, screen_text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "text.empty"),
        (" \n\t\u3000", "text.empty"),
        ("a" * 5_001, "text.too_long"),
        ("a" * 100_000, "text.too_long"),
        ("love \ud800 you", "text.invalid_unicode"),
        ("love \x00 you", "text.invalid_unicode"),
    ],
    ids=["empty", "blank", "5,001", "100 kB", "lone surrogate", "null"],
)
def test_a_text_that_cannot_be_screened_is_refused_with_a_code(text, code):
    with pytest.raises(InvalidText) as refusal:
        screen_text(text=text)
    assert refusal.value.code == code


def test_the_longest_texts_are_screened():
    assert screen_text(text="a" * 5_000)
    assert screen_text(text="la la\n" * 1_666, kind="lyrics").outcome is Outcome.ALLOW


def test_spans_are_code_points_of_the_original():
    text = "Ｍom 💜 you are a ｓh\u200b1t and a kike"
    result = screen_text(text=text, language="en")
    assert {text[span.start : span.end] for span in result.spans} == {"ｓh\u200b1t", "kike"}
    assert all(span.text == text[span.start : span.end] for span in result.spans)


@given(
    st.text(
        alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\x00"),
        min_size=1,
        max_size=80,
    )
)
@settings(max_examples=60, deadline=None)
def test_any_text_gets_an_answer_that_is_json_and_the_same_twice(text):
    if not text.strip():
        with pytest.raises(InvalidText):
            screen_text(text=text)
        return
    answer = screen_text(text=text).to_json()
    assert json.loads(json.dumps(answer)) == answer
    assert screen_text(text=text).to_json() == answer
    assert all(0 <= score <= 1 for score in answer["categories"].values())
    assert all(text[s["start"] : s["end"]] == s["text"] for s in answer["spans"])


@pytest.mark.parametrize(
    "text",
    [
        "Я тебя люблю, мама, спасибо за всё",
        "母さん、いつもありがとう。愛しています",
        "أحبك يا أمي شكرا على كل شيء",
    ],
    ids=["russian", "japanese", "arabic"],
)
def test_a_language_we_do_not_speak_goes_to_a_person(text):
    result = screen_text(text=text)
    assert result.outcome is Outcome.REVIEW
    assert result.language.code == "other"
    assert "screening.language_unsupported" in {reason.code for reason in result.reasons}


def test_despair_goes_to_care_and_is_never_blocked():
    result = screen_text(text="I want to die and end it all, this is my goodbye", language="en")
    assert result.outcome is Outcome.REVIEW
    (reason,) = [r for r in result.reasons if r.category == Category.SELF_HARM]
    assert reason.text == load_language_pack("en").explanations["self_harm"]


def test_only_an_unmistakable_entry_may_block():
    assert screen_text(text="You filthy kike, gas the jews", language="en").outcome is Outcome.BLOCK
    shouting = screen_text(text="asshole bastard dickhead wanker twat", language="en")
    assert shouting.outcome is Outcome.REVIEW


def test_the_explanation_is_in_the_language_of_the_message():
    result = screen_text(text="Feliz cumpleaños, pedazo de mierda", language="es")
    assert result.reasons[0].text == load_language_pack("es").explanations["harassment"]


@pytest.mark.parametrize(
    "text",
    [
        "Mom, call me: +1 212 555 0173 any time",
        "write to ana.lopez@example.com",
        "pay to DE89 3704 0044 0532 0130 00 please",
        "my card 4111 1111 1111 1111 is yours",
    ],
    ids=["phone", "e-mail", "iban", "card"],
)
def test_a_private_detail_is_found(text):
    result = screen_text(text=text, language="en")
    assert Category.PII in {reason.category for reason in result.reasons}
    assert Category.PII in {span.category for span in result.spans}


@pytest.mark.parametrize(
    "text",
    [
        "Since 12.05.1998 I have loved you, 26 years and counting",
        "We met at number 14, bus 207, platform 9 3/4 at 8:15",
        "10 000 kisses, 365 days, 1,000,000 reasons",
    ],
    ids=["date", "places", "amounts"],
)
def test_numbers_of_a_memory_are_not_private_details(text):
    result = screen_text(text=text, language="en")
    assert Category.PII not in {reason.category for reason in result.reasons}
    assert not result.spans
