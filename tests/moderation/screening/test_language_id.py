import pytest

from moderation.screening import language_id
from moderation.screening.languages import LANGUAGES

FOREIGN = "Cara mamma, buon compleanno, ti voglio un mondo di bene e mi manchi tanto"


def test_the_second_voice_must_agree_before_a_text_counts_as_another_language(monkeypatch):
    assert {language_id.identify_language(FOREIGN).code for _ in range(5)} == {"other"}
    monkeypatch.setattr(language_id, "_is_foreign_too", lambda text: False)
    assert language_id.identify_language(FOREIGN).code in LANGUAGES


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("i  l o v e  y o u", "en"),
        ("b.e.s.t. dad", "en"),
        ("t e  q u i e r o  a b u e l a", "es"),
        ("i c h  l i e b e  d i c h", "de"),
    ],
)
def test_letters_standing_apart_are_read_as_the_words_they_spell(text, code):
    assert language_id.identify_language(text).code == code


@pytest.mark.parametrize(
    ("text", "language"),
    [("¡Típico!", "es"), ("¡Muérase!", "es"), ("Amanhã não", "pt"), ("Großmama", "de")],
)
def test_a_mark_that_one_language_alone_writes_decides_a_short_text(text, language):
    assert language_id.identify_language(text).code == language
