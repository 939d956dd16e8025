"""The API under load, beside its bars: `make bench-api`.

Two server processes, a worker, the demo catalog; on SQLite, and on PostgreSQL where one answers (TEST_POSTGRES_URL, in a
database of its own that is dropped afterwards). The client is a process of its own. On a machine that does other things as
well, compare the CPU times: they count the server's processes, and PostgreSQL's for this database.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import django
import numpy as np
import psycopg
import requests

from config.demo.logins import read_logins
from config.demo.processes import PROJECT, make_environment, run_command, serve
from tests.bench.machine import describe_machine
from tests.postgres import make_database
from tests.run import DEFAULT_POSTGRES_URL, find_postgres

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()
from tests.songs import LOVING, make_intent, make_manifest, make_silence  # noqa: E402 - Django comes first

# Six stems of two pieces that the demo licenses.
STEMS = (
    "moonlit-drums",
    "moonlit-bass",
    "moonlit-keys",
    "moonlit-guitar",
    "moonlit-strings",
    "lanterns-drums",
)
CONNECTIONS = 8
N_SUBMISSIONS = 1000
SUBMISSION_S = 0.5  # of silence: what is measured is how songs are taken in
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """One kind of request, and how many a second there are to be."""

    name: str
    requests: tuple[str, ...]
    bar_per_s: float | None = None
    n: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """Where the CPU time of the service is read."""

    web_pids: tuple[int, ...]
    postgres_url: str | None

    def read_cpu_s(self) -> tuple[float, float]:
        """Return the CPU seconds of the web processes and of PostgreSQL's for this database, so far."""
        backends: list[int] = []
        if self.postgres_url:
            with psycopg.connect(self.postgres_url) as connection:
                rows = connection.execute(
                    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
                ).fetchall()
            backends = [row[0] for row in rows]
        return sum(map(read_process_cpu_s, self.web_pids)), sum(map(read_process_cpu_s, backends))


def read_process_cpu_s(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def list_descendants(pid: int) -> list[int]:
    found = [pid]
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            found += list_descendants(int(child))
    return found


def find_web_processes(port: int) -> tuple[int, ...]:
    """Return the processes of the server on a port."""
    marker = f"\0--port\0{port}\0".encode()
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                command = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if marker in command and b"granian" in command:
                pid = int(folder.name)
                return tuple(sorted(set(list_descendants(pid))))
    raise LookupError(f"no server on port {port}")


class RequestWriter:
    """Writes requests as the bytes that go over the wire."""

    def __init__(self, *, host: str, key: str) -> None:
        self.head = f"Host: {host}\r\nAuthorization: Bearer {key}\r\nAccept: application/json\r\n"

    def get(self, path: str) -> str:
        return f"GET /api/v1{path} HTTP/1.1\r\n{self.head}\r\n"

    def post(self, path: str, body: object) -> str:
        text = json.dumps(body)
        return (
            f"POST /api/v1{path} HTTP/1.1\r\n{self.head}Content-Type: application/json\r\n"
            f"Content-Length: {len(text)}\r\n\r\n{text}"
        )

    def submit(self, *, clearance: str, audio: bytes) -> str:
        manifest = json.dumps(make_manifest(STEMS[0], length_s=SUBMISSION_S))
        prepared = requests.Request(
            "POST", "http://x/", data={"clearance": clearance, "manifest": manifest}, files={"audio": ("song.wav", audio)}
        ).prepare()  # fmt: skip
        body = prepared.body
        assert isinstance(body, bytes)
        return (
            f"POST /api/v1/submissions HTTP/1.1\r\n{self.head}Content-Type: {prepared.headers['Content-Type']}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body.decode('latin-1')}"
        )


def run_load(load: Load, *, port: int, seconds: float, process: Process) -> bool:
    """Run one load and print what came of it; return whether its bar was met."""
    plan = {
        "host": "127.0.0.1", "port": port, "connections": CONNECTIONS, "n": load.n, "requests": load.requests,
        "seconds": 600 if load.n else seconds,
    }  # fmt: skip
    web_before, database_before = process.read_cpu_s()
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.load_client"],
        input=json.dumps(plan), cwd=PROJECT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        print(f"  {load.name:34s} the client failed: {done.stderr[-500:]}")
        return False
    web_after, database_after = process.read_cpu_s()
    result = json.loads(done.stdout)
    n = len(result["durations_s"])
    p50, p95, p99 = np.percentile(result["durations_s"], [50, 95, 99]) * 1000
    per_s = n / result["seconds"]
    refused = {status: k for status, k in result["statuses"].items() if not status.startswith("2")}
    met = not refused and (load.bar_per_s is None or per_s >= load.bar_per_s)
    bar = f"bar >= {load.bar_per_s:g}" if load.bar_per_s else "bar: no error"
    database = (
        f" + {(database_after - database_before) / n * 1000:4.2f}" if process.postgres_url else ""
    )
    print(
        f"  {load.name:34s} {per_s:7.0f}/s  p50 {p50:6.1f}  p95 {p95:6.1f}  p99 {p99:6.1f} ms  "
        f"CPU {(web_after - web_before) / n * 1000:5.2f}{database} ms  {bar}{'' if met else '  MISSED'}"
        f"{f'  refused: {refused}' if refused else ''}",
        flush=True,
    )
    return met


def bench(*, data_dir: Path, database_url: str | None, seconds: float, n_submissions: int) -> bool:
    """Run every load against a fresh service."""
    environment = {
        **make_environment(data_dir=data_dir),
        "LOG_LEVEL": os.environ.get("LOG_LEVEL", "WARNING"),
    }
    if database_url:
        environment["DATABASE_URL"] = database_url
    run_command("migrate", "--no-input", environment=environment)
    run_command("load_demo", environment=environment)
    key = read_logins(data_dir).api_key
    with serve(environment=environment, log=data_dir / "service.log", web_processes=2) as service:
        port = int(service.url.rpartition(":")[2])
        write = RequestWriter(host=f"127.0.0.1:{port}", key=key)
        ask = requests.Session()
        ask.headers["Authorization"] = f"Bearer {key}"

        def post(path: str, body: object) -> str:
            answer = ask.post(f"{service.url}/api/v1{path}", json=body)
            answer.raise_for_status()
            return str(answer.json()["id"])

        wanted = {
            "message": LOVING,
            "stems": STEMS,
            "intent": make_intent(territories=["DE", "US", "BR"]),
        }
        clearances = [post("/clearances", wanted) for _ in range(20)]
        screening = post("/screenings", {"text": LOVING})
        texts = [
            f"{LOVING} For your {age}th birthday we sing this song for you."
            for age in range(20, 90)
        ]
        screenings = tuple(write.post("/screenings", {"text": text}) for text in texts)
        reads = tuple(write.get(f"/clearances/{one}") for one in clearances)
        check = {"stems": STEMS, "intent": wanted["intent"]}
        audio = make_silence(SUBMISSION_S)
        process = Process(web_pids=find_web_processes(port), postgres_url=database_url)
        loads = (
            Load(name="GET stems", requests=(write.get("/stems"),), bar_per_s=400),
            Load(name="GET clearances/{id}", requests=reads, bar_per_s=400),
            Load(name="GET screenings/{id}", requests=(write.get(f"/screenings/{screening}"),), bar_per_s=400),
            Load(name="GET events", requests=(write.get("/events?limit=20"),), bar_per_s=400),
            Load(name="POST screenings", requests=screenings, bar_per_s=150),
            Load(name=f"POST rights:check, {len(STEMS)} stems", requests=(write.post("/rights:check", check),), bar_per_s=100),
            Load(name=f"POST clearances, {len(STEMS)} stems", requests=(write.post("/clearances", wanted),), bar_per_s=100),
            Load(
                name=f"POST submissions, {n_submissions} queued", n=n_submissions,
                requests=tuple(write.submit(clearance=one, audio=audio) for one in clearances),
            ),
        )  # fmt: skip
        for load in loads:  # warm up: models are read, connections opened
            run_quietly(load, port=port)
        met = True
        for load in loads:
            met &= run_load(load, port=port, seconds=seconds, process=process)
        return met


def run_quietly(load: Load, *, port: int) -> None:
    plan = {
        "host": "127.0.0.1", "port": port, "connections": CONNECTIONS, "n": 16, "requests": load.requests, "seconds": 60,
    }  # fmt: skip
    subprocess.run(
        [sys.executable, "-m", "tests.bench.load_client"],
        input=json.dumps(plan), cwd=PROJECT, stdout=subprocess.DEVNULL, text=True, check=True,
    )  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each load")
    parser.add_argument("--submissions", type=int, default=N_SUBMISSIONS)
    parser.add_argument("--only", choices=["sqlite", "postgres"])
    options = parser.parse_args(arguments)
    met = True
    print(f"{describe_machine()}; client and database share the cores")
    common = {"seconds": options.seconds, "n_submissions": options.submissions}
    if options.only != "postgres":
        print("SQLite, 2 server processes")
        with tempfile.TemporaryDirectory(prefix="cleartone-bench-") as folder:
            met &= bench(data_dir=Path(folder), database_url=None, **common)
    postgres_url = os.environ.get("TEST_POSTGRES_URL", DEFAULT_POSTGRES_URL)
    if options.only != "sqlite" and (version := find_postgres(postgres_url)):
        print(f"PostgreSQL {version}, 2 server processes")
        with (
            tempfile.TemporaryDirectory(prefix="cleartone-bench-") as folder,
            make_database(postgres_url, suffix="bench") as url,
        ):
            met &= bench(data_dir=Path(folder), database_url=url, **common)
    return 1 if os.environ.get("STRICT") and not met else 0


if __name__ == "__main__":
    started = time.perf_counter()
    code = main()
    print(f"{time.perf_counter() - started:.0f} s")
    sys.exit(code)
