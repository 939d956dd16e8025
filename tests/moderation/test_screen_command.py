import json

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from moderation.management.commands import screen as command
from moderation.services.lexicon import save_override
from tests.moderation.test_lexicon_overrides import make_override

pytestmark = pytest.mark.django_db


def screen(tmp_path, *lines):
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_bytes(b"\n".join(lines))
    call_command("screen", "--jsonl", str(source), "--out", str(out))
    return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]


def test_a_file_is_screened_line_by_line(tmp_path):
    answers = screen(
        tmp_path,
        b'{"id": "a", "text": "I love you", "language": "en"}',
        b'{"id": "b", "text": "Eres una hija de puta"}',
    )
    assert [(a["id"], a["outcome"]) for a in answers] == [("a", "allow"), ("b", "review")]


def test_a_bad_line_gives_an_error_with_its_number_and_the_rest_goes_on(tmp_path):
    answers = screen(
        tmp_path,
        b"not json",
        b"[1]",
        b'{"id": 3}',
        b'{"id": 4, "text": ""}',
        b'{"id": 5, "text": "\\ud800"}',
        b'{"id": 6, "text": "love", "kind": "poem"}',
        b'{"id": "\\ud800", "text": 7}',
        b"\xff\xfe",
        b'{"id": 9, "text": "I love you", "language": "en"}',
    )
    assert [a["line"] for a in answers[:-1]] == list(range(1, 9))
    assert all(a["error"] for a in answers[:-1])
    assert answers[3]["code"] == "text.empty"
    assert answers[-1]["outcome"] == "allow"


def test_the_same_file_gives_the_same_bytes(tmp_path):
    line = '{"id": 1, "text": "Feliz aniversário, seu otário"}'.encode()
    assert screen(tmp_path, line) == screen(tmp_path, line)


def test_what_moderators_added_counts(tmp_path, now):
    save_override(override=make_override(), by="mo")
    (answer,) = screen(tmp_path, b'{"id": 1, "text": "my old grumblefink, happy birthday"}')
    assert answer["outcome"] == "review"


def test_without_a_migrated_database_the_built_in_rules_count_and_it_says_so(
    tmp_path, monkeypatch, capsys
):
    def fail():
        raise OperationalError("no such table: moderation_policyversion")

    monkeypatch.setattr(command, "get_policies", fail)
    (answer,) = screen(tmp_path, b'{"id": 1, "text": "I love you"}')
    assert (answer["outcome"], answer["policy_version"]) == ("allow", "policy-1")
    assert "not migrated" in capsys.readouterr().err


def test_it_counts_what_it_did(tmp_path, capsys):
    screen(tmp_path, b'{"id": 1, "text": "I love you"}', b"not json")
    assert "1 screened, 1 not: their lines in the output say why." in capsys.readouterr().err


def test_reasons_come_in_the_language_asked_for(tmp_path):
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text('{"id": 1, "text": "you are a piece of shit"}')
    call_command("screen", "--jsonl", str(source), "--out", str(out), "--explain-in", "de")
    answer = json.loads(out.read_text())
    assert answer["explanation_language"] == "de"
    assert answer["reasons"][0]["text"].startswith("Diese Stelle")


def test_a_missing_folder_is_named(tmp_path):
    source = tmp_path / "in.jsonl"
    source.write_text('{"id": 1, "text": "love"}')
    with pytest.raises(CommandError, match=r"no folder .*nowhere"):
        call_command("screen", "--jsonl", str(source), "--out", str(tmp_path / "nowhere" / "o"))


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    with pytest.raises(CommandError, match="Cannot read"):
        call_command("screen", "--jsonl", str(tmp_path / "no"), "--out", str(tmp_path / "out"))
