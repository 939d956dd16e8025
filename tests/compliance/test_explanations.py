import re
from pathlib import Path

import pytest

from catalog.rights.reasons import RightsCode
from compliance.explanations import choose_language, explain, list_languages, load_explanations
from moderation.screening.categories import Category
from moderation.screening.languages import LANGUAGES

COMPLIANCE = Path(__file__).resolve().parents[2] / "compliance"


def list_codes_in_source() -> set[str]:
    """Every literal that looks like a reason of a song."""
    found: set[str] = set()
    for path in COMPLIANCE.rglob("*.py"):
        found |= set(re.findall(r'"((?:audio|ops|review)\.[a-z_]+)"', path.read_text()))
    assert len(found) > 20
    return found


def test_every_reason_is_explained_in_every_language():
    assert set(list_languages()) == set(LANGUAGES) == {"en", "es", "pt", "fr", "de", "ko"}
    for code in [*RightsCode, *sorted(list_codes_in_source())]:
        for language in LANGUAGES:
            assert explain(code, language=language), (code, language)
    for category in Category:
        assert explain(f"screening.{category}", language="ko")


def test_no_explanation_is_left_untranslated_or_said_twice():
    for language in LANGUAGES:
        texts = [texts[language] for texts in load_explanations().values()]
        assert len(set(texts)) == len(texts), language
    for code, texts in load_explanations().items():
        assert len(set(texts.values())) == len(texts), code


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", "en"), ("de", "de"), ("pt-BR, en;q=0.5", "pt"), ("it, ko;q=0.4, fr;q=0.8", "fr"), ("de;q=0, es;q=0.1", "es"),
        ("*", "en"), ("xx;q=nonsense, ko", "ko"), ("DE-at", "de"),
    ],
)  # fmt: skip
def test_the_best_liked_language_is_chosen(header, expected):
    assert choose_language(header) == expected


def test_a_code_nobody_explained_has_no_explanation():
    assert explain("rights.of_tomorrow", language="en") is None
