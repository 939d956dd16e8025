"""What docs/screening.md says a new language touches is what each language has, and nothing else lists them."""

import re
import tomllib
from pathlib import Path

import pytest

from moderation.models.lexicon import get_language_choices
from moderation.screening.categories import Category, Severity
from moderation.screening.classifier import load_classifier
from moderation.screening.language_pack import LANGUAGES_DIR, LanguagePack, Term
from moderation.screening.languages import LANGUAGES
from moderation.screening.matching import Lexicon
from moderation.screening.normalization import normalize_text
from moderation.screening.pii import REGIONS

PROJECT = Path(__file__).parents[3]
SCREENING_DOCS = (PROJECT / "docs" / "screening.md").read_text(encoding="utf-8")
PACK_FILES = {"__init__.py", "common.txt", "examples.toml", "explanations.toml", "terms.toml"}


def read_promised_files() -> list[str]:
    """Return the paths with `<code>` in the table about a seventh language."""
    first = SCREENING_DOCS.index("**To add a seventh language**")
    table = SCREENING_DOCS[first : SCREENING_DOCS.index("make train-screening", first)]
    return re.findall(r"^\| `([\w./]*<code>[\w./]*)`", table, re.MULTILINE)


def test_every_folder_is_registered_and_every_registered_language_has_a_folder():
    folders = {path.name for path in LANGUAGES_DIR.iterdir() if (path / "terms.toml").exists()}
    assert folders == set(LANGUAGES)


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_language_has_the_files_the_docs_name_and_no_others(code):
    promised = read_promised_files()
    assert len(promised) >= 2
    for path in promised:
        assert (PROJECT / path.replace("<code>", code)).exists(), path
    pack = {path.name for path in (LANGUAGES_DIR / code).iterdir() if path.name != "__pycache__"}
    assert pack == PACK_FILES


@pytest.mark.parametrize("code", LANGUAGES)
def test_what_else_the_docs_name_knows_the_language(code):
    frames = tomllib.loads(
        (PROJECT / "moderation/training/frames.toml").read_text(encoding="utf-8")
    )
    assert code in frames
    assert REGIONS[code]


def test_the_model_and_the_forms_follow_the_registry():
    arrays = load_classifier().arrays
    assert len(arrays["linear"]) == len(LANGUAGES)
    assert [code for code, _ in get_language_choices()] == list(LANGUAGES)


def test_a_pack_of_a_seventh_language_is_matched_with_all_its_disguises():
    terms = tuple(
        Term(text=text, language="it", category=Category.HARASSMENT, severity=Severity.STRONG)
        for text in ("stronzo", "testa di cazzo")
    )
    pack = LanguagePack(code="it", terms=terms, allowed=("stronzo di un cancro",), explanations={})
    lexicon = Lexicon([pack], common_words={"it": ("auguri", "nonna")})

    def find(text):
        hits = lexicon.find(normalize_text(text), primary="it", languages=("it",))
        return {hit.term.text for hit in hits}

    assert find("auguri, stronzo") == {"stronzo"}
    assert find("auguri, str0nz0") == find("s t r o n z o") == find("str*nzo") == {"stronzo"}
    assert find("sei una testa di cazzo") == {"testa di cazzo"}
    assert find("quello stronzo di un cancro, nonna") == set()
