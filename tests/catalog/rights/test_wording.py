import pytest

from catalog.rights.terms import UseType
from catalog.rights.wording import describe_uses, name_words


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        ("ai_output_generation", "AI output generation"),
        ("ai_output_generation, download", "AI output generation, download"),
        ("paid_social", "paid social"),  # no abbreviation inside a word
        ("max_stretch_pct", "max stretch %"),
    ],
)
def test_stored_words_are_spelled_out(stored, read):
    assert name_words(stored) == read


def test_no_use_is_shown_as_stored():
    assert "_" not in describe_uses(UseType)
    assert describe_uses([]) == "every use"
