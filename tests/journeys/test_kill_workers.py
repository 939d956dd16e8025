"""Kill workers with -9 while songs are verified: every accepted song is decided exactly once."""

import json
import os
import random
import signal
import time
from pathlib import Path

import psycopg
import pytest

from config.demo import rendering
from config.demo.client import GeneratorClient
from config.demo.logins import read_logins
from config.demo.processes import make_environment, run_command, serve
from config.demo.story import CATALOG, CLEARED_STEMS, ask_clearance, make_manifest
from tests.run import DEFAULT_POSTGRES_URL, find_postgres

N_SONGS = 12
N_KILLS = 9
SECONDS_BETWEEN_KILLS = 1.5
DEADLINE_S = 240
# What every worker process of ours has in its command line.
WORKER_MARK = b"--cluster-only"

COUNT = """
import json
from collections import Counter
from compliance.models import Event, Job, Submission, Verification
decided = Event.objects.filter(kind__in=["submission.approved", "submission.rejected", "submission.in_review"])
print(json.dumps({
    "states": Counter(Submission.objects.values_list("status", flat=True)),
    "verifications": Counter(Verification.objects.values_list("submission__public_id", flat=True)),
    "decisions": Counter(decided.values_list("subject", flat=True)),
    "attempts": sum(Job.objects.filter(kind="verify_submission").values_list("attempts", flat=True)),
}))
"""


@pytest.fixture(params=["sqlite", "postgres"])
def environment(request, tmp_path: Path):
    """The environment of a service with quick leases, on either database."""
    variables = make_environment(data_dir=tmp_path) | {
        "JOB_LEASE_S": "4", "JOB_RESEND_S": "3", "JOB_MAX_ATTEMPTS": "50", "WORKER_STALL_S": "8", "LOG_LEVEL": "WARNING",
    }  # fmt: skip
    if request.param == "sqlite":
        variables["DATABASE_URL"] = f"sqlite:///{tmp_path / 'db.sqlite3'}"
        yield variables
        return
    url = os.environ.get("TEST_POSTGRES_URL", DEFAULT_POSTGRES_URL)
    if find_postgres(url) is None:
        pytest.skip("no PostgreSQL answers")
    name = f"cleartone_kill_{os.getpid()}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield variables | {"DATABASE_URL": url.rpartition("/")[0] + f"/{name}"}
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def list_workers(data_dir: Path) -> list[tuple[int, bytes]]:
    """Return pid and command line of this service's supervisor and queue processes."""
    mark = f"DATA_DIR={data_dir}".encode()
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            command = (folder / "cmdline").read_bytes()
            if mark in (folder / "environ").read_bytes().split(b"\0") and b"\0worker\0" in command:
                found.append((int(folder.name), command))
        except OSError:  # ended meanwhile
            continue
    return found


def kill_some(data_dir: Path, rng: random.Random) -> str:
    """Kill one queue process, or the whole queue; return which."""
    queue = [pid for pid, command in list_workers(data_dir) if WORKER_MARK in command]
    if not queue:
        return "nothing"
    whole = rng.random() < 0.25
    for pid in queue if whole else [rng.choice(queue)]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    return "whole queue" if whole else "one process"


@pytest.mark.slow
def test_every_song_is_decided_exactly_once_while_workers_are_killed(environment, tmp_path):
    rng = random.Random(20261123)
    run_command("migrate", "--no-input", environment=environment)
    run_command("load_demo", environment=environment)
    logins = read_logins(tmp_path)
    manifest = make_manifest(CLEARED_STEMS)
    song = tmp_path / "song.mp3"
    stems = {
        name: rendering.read_audio(CATALOG / "audio" / f"{name}.ogg") for name in CLEARED_STEMS
    }
    mixed = rendering.mix(placements=manifest["placements"], stems=stems, vocal=None, length_s=12.0)
    rendering.encode_mp3(rendering.master(mixed), song)

    with serve(environment=environment, log=tmp_path / "service.log") as service:
        client = GeneratorClient(url=service.url, api_key=logins.api_key)
        clearance = ask_clearance(client, CLEARED_STEMS)
        accepted = [
            client.submit(clearance=clearance["id"], song=song, manifest=manifest, vocal=None)["id"]
            for _ in range(N_SONGS)
        ]
        kills = []
        for _ in range(N_KILLS):
            time.sleep(SECONDS_BETWEEN_KILLS)
            kills.append(kill_some(tmp_path, rng))
        deadline = time.monotonic() + DEADLINE_S
        waiting = set(accepted)
        while waiting and time.monotonic() < deadline:
            time.sleep(0.5)
            waiting = {one for one in waiting if client.read(one)["state"] == "received"}
        counts = json.loads(
            run_command("shell", "--no-imports", "-c", COUNT, environment=environment)
        )

    assert not waiting, f"undecided after {kills}: {waiting}"
    assert counts["verifications"] == dict.fromkeys(accepted, 1)
    assert counts["decisions"] == {f"submission:{one}": 1 for one in accepted}
    assert counts["attempts"] >= N_SONGS
    assert set(kills) != {"nothing"}
    assert not list_workers(tmp_path), "a worker process was left behind"
