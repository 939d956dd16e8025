"""A client generated from the OpenAPI document, without edits, against a server and a worker as `make run` starts them."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from config.demo.logins import read_logins
from config.demo.processes import PROJECT
from tests.api_schema import SNAPSHOT
from tests.fuzz.api import serve_demo
from tests.songs import make_song

SCRIPT = Path(__file__).with_name("whole_life.py")
DOCS = SCRIPT.parents[2] / "docs" / "integrating.md"
PACKAGE = "cleartone_client"
STEMS = ("moonlit-drums", "moonlit-keys", "moonlit-guitar")  # as the script declares them
# What legal staff do in the admin: end the grant that the stems rest on, today.
END_GRANT = """
from django.utils import timezone
from catalog.models import Grant
from catalog.services.agreements import end_grant
now = timezone.now()
grant = Grant.objects.filter(targets__stem__external_id="moonlit-drums", status="active").first()
end_grant(grant=grant, ends_on=now.date(), by=None, now=now)
"""
END_OF_LICENCE = (sys.executable, str(SCRIPT.parents[2] / "manage.py"), "shell", "-c", END_GRANT)


@pytest.mark.slow
def test_a_generated_client_goes_the_whole_way(tmp_path):
    generated = subprocess.run(
        [sys.executable, "-m", "openapi_python_client", "generate", "--path", str(SNAPSHOT), "--meta", "none",
         "--output-path", str(tmp_path / PACKAGE)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert generated.returncode == 0, generated.stdout + generated.stderr
    song = tmp_path / "song.wav"
    song.write_bytes(make_song(*STEMS))
    data = tmp_path / "data"
    data.mkdir()
    with serve_demo(data) as (service, _):
        logins = read_logins(data)
        variables = {"URL": service.url, "CLIENT_ID": logins.client_id, "API_KEY": logins.api_key}
        documented = run_documented_script(song, variables)
        typed = type_documented_commands(tmp_path, variables)
        done = subprocess.run(
            [sys.executable, str(SCRIPT), service.url, logins.client_id, logins.api_key, str(song), *END_OF_LICENCE],
            env={**os.environ, "PYTHONPATH": str(tmp_path), "DATA_DIR": str(data)}, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the whole life was as expected" in done.stdout
    assert documented.returncode == 0, documented.stdout + documented.stderr
    assert documented.stdout.startswith("approved")
    for answer in ('"state": "approved"', '"holds": true', '"counted": 1', "submission.approved"):
        assert answer in typed.stdout, typed.stdout + typed.stderr
    assert zipfile.is_zipfile(tmp_path / "evidence.zip")


def type_documented_commands(folder: Path, variables: dict[str, str]):
    """Run the commands that docs/integrating.md shows, as they stand there but for who asks."""
    (commands,) = re.findall(r"```bash\nURL=.*?\n(.*?)```", DOCS.read_text(), re.DOTALL)
    (folder / "config").symlink_to(PROJECT / "config")
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands.replace(".venv/bin/python", sys.executable)],
        cwd=folder, env={**os.environ, **variables}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def run_documented_script(song: Path, variables: dict[str, str]):
    """Run the Python that docs/integrating.md shows, as it stands there."""
    (script,) = re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)
    return subprocess.run(
        [sys.executable, "-c", script, str(song)], env={**os.environ, **variables}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
