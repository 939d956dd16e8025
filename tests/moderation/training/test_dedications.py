import pytest

from moderation.screening.languages import LANGUAGES
from moderation.training import dedications
from moderation.training.dedications import (
    InvalidCorpus,
    Origin,
    Split,
    load_authored,
    load_dedications,
)

# Expanding the grammars of a language takes seconds.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=LANGUAGES)
def rows(request):
    return load_dedications(request.param)


def test_a_scenario_is_in_one_split(rows):
    splits = {}
    for row in rows:
        splits.setdefault(row.scenario, set()).add(row.split)
    assert all(len(found) == 1 for found in splits.values())


def test_about_a_fifth_is_kept_for_development(rows):
    scenarios = {row.scenario: row.split for row in rows}
    share = sum(split is Split.DEV for split in scenarios.values()) / len(scenarios)
    assert 0.1 < share < 0.3


def test_the_corpus_has_what_it_promises(rows):
    authored = [row for row in rows if row.origin is Origin.AUTHORED]
    assert len(authored) >= 1_000
    assert 0.35 < sum(row.violating for row in authored) / len(authored) < 0.65
    assert len(rows) >= 2_500
    assert all(row.categories for row in rows if row.violating)
    assert not any(row.categories for row in rows if not row.violating)


def test_loading_twice_gives_the_same_rows():
    assert load_authored("es") == load_authored("es")


def write(tmp_path, monkeypatch, text):
    monkeypatch.setattr(dedications, "DEDICATIONS_DIR", tmp_path)
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "authored-a.txt").write_text(text, encoding="utf-8")
    return load_dedications("en")


def test_a_section_labels_its_lines(tmp_path, monkeypatch):
    (row,) = write(
        tmp_path, monkeypatch,
        "# note\n[scenario=a label=violating categories=threat,hate form=veiled]\nboo to you\n",
    )  # fmt: skip
    assert (row.text, row.categories, row.form) == ("boo to you", ("threat", "hate"), "veiled")


def test_a_section_of_comments_is_told_from_dedications(tmp_path, monkeypatch):
    folder = tmp_path / "de"
    folder.mkdir()
    (folder / "authored-x.txt").write_text(
        "[scenario=comment-a label=good kind=comment]\nein Kommentar\n[scenario=b label=good]\nfür Oma\n",
        encoding="utf-8",
    )
    monkeypatch.setattr(dedications, "DEDICATIONS_DIR", tmp_path)
    assert [(row.text, row.origin) for row in load_dedications("de")] == [
        ("ein Kommentar", Origin.COMMENT),
        ("für Oma", Origin.AUTHORED),
    ]
    assert [row.text for row in load_authored("de")] == ["für Oma"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[scenario=x label=good kind=song]\nhello", "expected kind authored or comment, got song"),
        ("a text\n", "before the first section"),
        ("[scenario=a label=odd]\nhello you\n", "label good or violating"),
        ("[scenario=a label=violating]\nhello you\n", "without categories"),
        ("[scenario=a label=violating categories=rude]\nhello you\n", "rude"),
    ],
    ids=["unknown kind", "no section", "unknown label", "no category", "unknown category"],
)
def test_a_file_that_breaks_the_format_is_named(tmp_path, monkeypatch, text, message):
    with pytest.raises(InvalidCorpus, match=message):
        write(tmp_path, monkeypatch, text)


def test_each_frame_of_a_functional_grammar_is_a_scenario(tmp_path, monkeypatch):
    monkeypatch.setattr(dedications, "DEDICATIONS_DIR", tmp_path)
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "functional.toml").write_text(
        '[slots]\nthing = ["rain", "snow"]\n[[template]]\nscenario = "f"\nlabel = "good"\nmax = 3\n'
        'texts = ["I hate {thing}", "No {thing} today"]\n'
    )
    rows = load_dedications("en")
    assert {row.scenario: row.text.split()[0] for row in rows} == {"f-0": "I", "f-1": "No"}
    assert {row.origin for row in rows} == {Origin.FUNCTIONAL}
