"""One sweep over every pack: what a pack says of itself must be true."""

import re

import pytest

from moderation.screening.categories import Category
from moderation.screening.language_pack import expand_entry, load_language_pack
from moderation.screening.languages import LANGUAGES
from moderation.screening.policy import Outcome
from moderation.screening.screen import screen_text

PACKS = [load_language_pack(code) for code in LANGUAGES]
CLEAN = [(pack.code, text) for pack in PACKS for text in pack.clean_examples]
FLAGGED = [
    (pack.code, text, category) for pack in PACKS for text, category in pack.flagged_examples
]


@pytest.mark.parametrize(("code", "text"), CLEAN, ids=[f"{c}-{t[:20]}" for c, t in CLEAN])
def test_a_clean_example_is_allowed(code, text):
    result = screen_text(text=text, language=code)
    assert result.outcome is Outcome.ALLOW, result.spans


@pytest.mark.parametrize(
    ("code", "text", "category"), FLAGGED, ids=[f"{c}-{t[:20]}" for c, t, _ in FLAGGED]
)
def test_a_flagged_example_raises_its_category(code, text, category):
    result = screen_text(text=text, language=code)
    assert result.outcome is not Outcome.ALLOW
    assert category in {reason.category for reason in result.reasons}


@pytest.mark.parametrize("pack", PACKS, ids=LANGUAGES)
def test_a_pack_explains_every_category(pack):
    assert set(pack.explanations) == {*Category, "language_unsupported"}
    assert all(text.strip() for text in pack.explanations.values())


@pytest.mark.parametrize("pack", PACKS, ids=LANGUAGES)
def test_a_pack_has_terms_and_examples_for_its_categories(pack):
    examples = {category for _, category in pack.flagged_examples}
    assert {term.category for term in pack.terms if term.severity > 1} == examples
    assert len(pack.clean_examples) >= 8


@pytest.mark.parametrize("pack", PACKS, ids=LANGUAGES)
def test_no_entry_is_empty(pack):
    assert all(len(term.text.strip()) > 0 for term in pack.terms)


def test_an_entry_expands_its_alternatives():
    assert expand_entry("pendej[o|a]") == ("pendejo", "pendeja")
    assert expand_entry("shit[|s] [a|b]") == ("shit a", "shit b", "shits a", "shits b")


@pytest.mark.parametrize("pack", PACKS, ids=LANGUAGES)
def test_no_entry_is_a_disguise_of_letters_apart(pack):
    """As an entry "s-h-i-t" would pass for a word that hides nothing."""
    assert not [term.text for term in pack.terms if re.fullmatch(r"\w([-._*]\w){2,}", term.text)]
