"""From an approved song to a certificate that a stranger verifies offline, and to its end."""

import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.utils import timezone

from compliance import tasks
from compliance.models import Approval, Job
from compliance.services.approvals import suspend_approval
from tests.compliance.two_people import approve_song_as_two, make_person
from tests.conftest import make_client, make_generator, make_key
from tests.songs import LICENSED, make_manifest, make_song, submit

pytestmark = pytest.mark.django_db(transaction=True)
PROJECT = Path(__file__).parent.parent.parent


@pytest.fixture
def song() -> bytes:
    return make_song(*LICENSED)


@pytest.fixture
def report(api, clearance, song) -> dict:
    """The report of an approved song."""
    accepted = submit(
        api, clearance=clearance, audio=song, manifest=make_manifest(*LICENSED)
    ).json()
    assert accepted["approval"] is None
    for job in Job.objects.filter(state="pending"):
        tasks.run_job(str(job.pk))
    report = api.get(f"/api/v1/submissions/{accepted['id']}").json()
    assert report["state"] == "approved", report["reasons"]
    return report


def download(api, client, report, folder: Path) -> dict[str, Path]:
    """Everything a stranger needs, as files; keys and status list are fetched without a key of the API."""
    cache.clear()  # as if the seconds had passed for which a list is kept
    approval = api.get(f"/api/v1/approvals/{report['approval']}").json()
    number = approval["status_list"]["uri"].rpartition("/")[2]
    contents = {
        "token": api.get(f"/api/v1/approvals/{report['approval']}/certificate").content,
        "jwks": client.get("/.well-known/jwks.json").content,
        "list": client.get(f"/api/v1/status-lists/{number}").content,
    }
    files = {name: folder / name for name in contents}
    for name, content in contents.items():
        files[name].write_bytes(content)
    return files


def verify(files: dict[str, Path], **options) -> str:
    out = io.StringIO()
    call_command(
        "verify_certificate", str(files["token"]), jwks=files["jwks"], status_list=files["list"],
        stdout=out, **options,
    )  # fmt: skip
    return out.getvalue()


def test_a_stranger_verifies_the_certificate_of_an_approved_song(
    api, client, report, song, tmp_path, monkeypatch
):
    answer = api.get(f"/api/v1/approvals/{report['approval']}")
    approval = answer.json()
    assert (answer.status_code, approval["state"]) == (200, "live")
    assert (approval["submission"], approval["clearance"]) == (report["id"], report["clearance"])
    files = download(api, client, report, tmp_path)
    assert files["token"].read_text() == approval["certificate"]
    same, coded, other = tmp_path / "song.wav", tmp_path / "song.flac", tmp_path / "other.wav"
    same.write_bytes(song)
    soundfile.write(coded, *soundfile.read(same, dtype="int16"), subtype="PCM_16")
    other.write_bytes(make_song(LICENSED[0]))

    printed = verify(files, audio=same)
    assert printed.endswith("VALID\n")
    assert "the certified file" in printed
    assert report["approval"] in printed
    assert "same fingerprint" in verify(files, audio=coded)
    with pytest.raises(CommandError, match="OTHER AUDIO"):
        verify(files, audio=other)

    example = re.search(
        r"```python\n(.*?)```", (PROJECT / "docs/certificates.md").read_text(), re.DOTALL
    )[1]
    assert len(example.splitlines()) == 10

    def run_example(audio: Path) -> subprocess.CompletedProcess:
        paths = (files["token"], audio, files["jwks"], files["list"])
        command = [sys.executable, "-I", "-c", example, *map(str, paths)]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert run_example(same).returncode == 0, run_example(same).stderr
    assert "another song" in run_example(other).stderr
    approved = Approval.objects.get()
    suspend_approval(
        approval=approved, actor=make_person("ana"), reason="dispute", now=timezone.now()
    )
    files = download(api, client, report, tmp_path)
    assert "does not hold now" in run_example(same).stderr
    with pytest.raises(CommandError, match="SUSPENDED"):
        verify(files)
    assert api.get(f"/api/v1/approvals/{report['approval']}").json()["state"] == "suspended"


def approve_by_person(api, clearance, song) -> dict:
    """The report of a song that two people approved though it could not be measured."""
    submission = submit(
        api, clearance=clearance, audio=song, manifest=make_manifest(*LICENSED)
    ).json()["id"]
    tasks.BURIALS["verify_submission"](Job.objects.get())
    approve_song_as_two(submission)
    return api.get(f"/api/v1/submissions/{submission}").json()


def test_a_certificate_whose_time_is_over_says_so(api, client, clearance, song, tmp_path):
    report = approve_by_person(api, clearance, song)
    assert "VALID" in verify(download(api, client, report, tmp_path))
    Approval.objects.update(valid_to=timezone.now())  # as when a grant ends earlier than it was to
    files = download(api, client, report, tmp_path)
    with pytest.raises(CommandError, match="ENDED"):
        verify(files)
    assert api.get(f"/api/v1/approvals/{report['approval']}").json()["state"] == "sunset"


def test_a_certificate_verifies_after_its_key_was_rotated(api, client, clearance, song, tmp_path):
    report = approve_by_person(api, clearance, song)
    old = json.loads(client.get("/.well-known/jwks.json").content)["keys"]
    call_command("rotate_certificate_key", stdout=io.StringIO())
    new = json.loads(client.get("/.well-known/jwks.json").content)["keys"]
    assert new[1:] == old
    assert "VALID" in verify(download(api, client, report, tmp_path))


def test_approvals_are_read_by_their_owner_with_the_scope(api, generator, clearance, song):
    approval = approve_by_person(api, clearance, song)["approval"]
    stranger = make_client(make_key(make_generator("Stranger"))[1])
    unscoped = make_client(make_key(generator, scopes=["submissions:read"])[1])
    for path in (f"/api/v1/approvals/{approval}", f"/api/v1/approvals/{approval}/certificate"):
        assert api.get(path).status_code == 200
        for client, expected in (
            (stranger, (404, "not_found")),
            (unscoped, (403, "auth.scope_missing")),
        ):
            answer = client.get(path)
            assert (answer.status_code, answer.json()["code"]) == expected


def test_what_verifies_is_public_typed_and_may_be_kept_for_a_while(client, db):
    keys = client.get("/.well-known/jwks.json")
    assert (keys.status_code, keys.headers["Content-Type"]) == (200, "application/json")
    assert keys.headers["Cache-Control"] == "public, max-age=300"
    assert "d" not in json.loads(keys.content)["keys"][0]
    listed = client.get("/api/v1/status-lists/0", headers={"Accept": "application/statuslist+jwt"})
    assert listed.headers["Content-Type"] == "application/statuslist+jwt"
    assert listed.headers["Cache-Control"] == "public, max-age=50"
    missing = client.get("/api/v1/status-lists/1")
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")
