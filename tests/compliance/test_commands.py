"""The commands on local files, as people run them: odd input is told in a sentence, never with a traceback."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.songs import AUDIO, LICENSED, make_manifest, make_song

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path, grant):
    (tmp_path / "song.wav").write_bytes(make_song(*LICENSED))
    (tmp_path / "manifest.json").write_text(json.dumps(make_manifest(*LICENSED)))
    (tmp_path / "noise").write_bytes(bytes(range(256)) * 4)
    return tmp_path


def run(*arguments) -> str:
    out = io.StringIO()
    call_command(*(str(one) for one in arguments), stdout=out)
    return out.getvalue()


def test_verify_song_prints_json_and_draws_both_formats(folder):
    song = (folder / "song.wav", "--manifest", folder / "manifest.json")
    report = json.loads(run("verify_song", *song, "--json", "--plot", folder / "t.svg"))
    assert report["outcome"] == "approved"
    assert (folder / "t.svg").read_bytes().startswith(b"<svg")
    assert run("verify_song", *song, "--plot", folder / "t.PNG").startswith("APPROVED")
    assert (folder / "t.PNG").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"audio": "none.wav"}, "no file"),
        ({"audio": "."}, "no file"),
        ({"manifest": "none.json"}, "no file"),
        ({"manifest": "noise"}, "not text"),
        ({"manifest": "song.wav"}, "not text"),
        ({"plot": "t.gif"}, "must end with .svg or .png"),
        ({"plot": "nowhere/t.svg"}, "no folder"),
        ({"vocal": "none.wav"}, "no file"),
    ],
)
def test_verify_song_says_what_is_wrong_with_its_files(folder, change, words):
    files = {"audio": "song.wav", "manifest": "manifest.json"} | change
    options = [
        part for name in files.keys() - {"audio"} for part in (f"--{name}", folder / files[name])
    ]
    with pytest.raises(CommandError, match=words):
        run("verify_song", folder / files["audio"], *options)


def test_verify_batch_answers_every_line_and_goes_on_after_an_interruption(folder):
    manifest = make_manifest(*LICENSED)
    lines = [
        json.dumps({"id": "good", "audio": "song.wav", "manifest": manifest}),
        "[1]",
        '{"id": "half',
        json.dumps({"id": "gone", "audio": "none.wav", "manifest": manifest}),
        json.dumps({"id": "noise", "audio": "noise", "manifest": manifest}),
        json.dumps({"id": "odd", "audio": 7, "manifest": "manifest.json"}),
    ]
    (folder / "cases.jsonl").write_text("\n".join(lines))
    out = folder / "out.jsonl"
    assert "6 cases verified" in run("verify_batch", folder / "cases.jsonl", "--out", out)
    whole = {one["id"]: one for one in map(json.loads, out.read_text().splitlines())}
    assert whole["good"]["outcome"] == "approved"
    assert whole["noise"]["outcome"] == "rejected"
    assert {name for name, one in whole.items() if "error" in one} == {
        "line 2",
        "line 3",
        "gone",
        "odd",
    }

    first = out.read_text().splitlines()[0]
    out.write_text(first + "\n" + out.read_text().splitlines()[1][:20])
    assert "1 were done before" in run(
        "verify_batch", folder / "cases.jsonl", "--out", out, "--resume"
    )
    resumed = [json.loads(line) for line in out.read_text().splitlines()]
    assert sorted(one["id"] for one in resumed) == sorted(whole)


@pytest.mark.parametrize(("out", "words"), [(".", "is a folder"), ("cases.jsonl", "itself")])
def test_verify_batch_refuses_to_overwrite_what_it_reads(folder, out, words):
    (folder / "cases.jsonl").write_text("")
    with pytest.raises(CommandError, match=words):
        run("verify_batch", folder / "cases.jsonl", "--out", folder / out)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "run `manage.py migrate` first"),
        ("postgres://nobody@127.0.0.1:1/none", "The database cannot be used: "),
    ],
)
def test_a_database_that_is_not_ready_is_told_in_one_line(tmp_path, url, words):
    environment = os.environ | {"DATA_DIR": str(tmp_path), "LOG_LEVEL": "ERROR"}
    environment.pop("DATABASE_URL", None)
    if url:
        environment["DATABASE_URL"] = url
    (tmp_path / "manifest.json").write_text(json.dumps(make_manifest("a")))
    ended = subprocess.run(
        [
            sys.executable, "manage.py", "verify_song", AUDIO / "static.ogg", "--manifest", tmp_path / "manifest.json",
        ],
        cwd=ROOT, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert ended.returncode == 1
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr
