import json

import pytest
from django.core.management import CommandError, call_command


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


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    with pytest.raises(CommandError, match="Cannot read"):
        call_command("screen", "--jsonl", str(tmp_path / "no"), "--out", str(tmp_path / "out"))
