from moderation.screening import language_id
from moderation.screening.languages import LANGUAGES

FOREIGN = "Cara mamma, buon compleanno, ti voglio un mondo di bene e mi manchi tanto"


def test_the_second_voice_must_agree_before_a_text_counts_as_another_language(monkeypatch):
    assert {language_id.identify_language(FOREIGN).code for _ in range(5)} == {"other"}
    monkeypatch.setattr(language_id, "_is_foreign_too", lambda text: False)
    assert language_id.identify_language(FOREIGN).code in LANGUAGES
