import dataclasses

import pytest

from moderation.screening.classifier import load_classifier
from moderation.training import stamp
from moderation.training.rows import load_own_rows
from moderation.training.stamp import stamp_inputs


def test_the_weights_belong_to_the_corpus_and_to_the_way_texts_are_read():
    # If this fails, what the model learns from or reads has changed: run `make train-screening`, then measure.
    assert str(load_classifier().arrays["inputs_stamp"]) == stamp_inputs()


@pytest.mark.parametrize("changed", ["text", "label", "reading"])
def test_the_stamp_changes_with_what_it_covers(monkeypatch, changed):
    rows = load_own_rows("en")[:41]
    monkeypatch.setattr(stamp, "LANGUAGES", ("en",))
    monkeypatch.setattr(stamp, "load_own_rows", lambda _language: rows)
    before = stamp_inputs()
    assert stamp_inputs() == before
    if changed == "reading":
        read = stamp.read_model_input
        monkeypatch.setattr(
            stamp, "read_model_input", lambda *, text, language: read(text="x", language=language)
        )
    else:
        values = {"text": rows[1].text + "!"} if changed == "text" else {"violating": True}
        assert not rows[1].violating
        rows[1] = dataclasses.replace(rows[1], **values)
    assert stamp_inputs() != before
