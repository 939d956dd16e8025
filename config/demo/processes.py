"""A web server and a worker on free loopback ports, started and stopped together."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

PROJECT = Path(__file__).resolve().parent.parent.parent
START_DEADLINE_S = 60.0
STOP_DEADLINE_S = 40.0


class StartFailed(Exception):
    """The server did not answer in time, or a process ended; the text quotes its log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A running service: where it answers and where its processes log."""

    url: str
    log: Path


def find_free_port() -> int:
    """Return a loopback port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """Tell whether nobody listens on a loopback port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def make_environment(*, data_dir: Path) -> dict[str, str]:
    """Return the environment of the service's processes: everything they keep is below `data_dir`."""
    return {**os.environ, "DATA_DIR": str(data_dir), "PYTHONUNBUFFERED": "1"}


def run_command(*arguments: str, environment: Mapping[str, str]) -> str:
    """Run one of manage.py's commands and return what it printed.

    Raises
    ------
    StartFailed : if it exits with an error
    """
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, str(PROJECT / "manage.py"), *arguments],
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise StartFailed(f"manage.py {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


@contextmanager
def serve(
    *,
    environment: Mapping[str, str],
    log: Path,
    port: int | None = None,
    web_processes: int = 1,
) -> Iterator[Service]:
    """Run web and worker until the block ends; no process is left behind.

    Raises
    ------
    StartFailed : if the server does not answer within START_DEADLINE_S
    """
    port = port or find_free_port()
    if not is_free(port):  # the server would share it: requests would reach either
        raise StartFailed(
            f"Port {port} is in use. Set PORT to another one, or end what listens there."
        )
    url = f"http://127.0.0.1:{port}"
    environment = {**environment, "PUBLIC_URL": url}
    web = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
        "--workers", str(web_processes), "--blocking-threads", "4", "--no-ws", "--log-level", "warning",
        "config.wsgi:application",
    ]  # fmt: skip
    worker = [sys.executable, str(PROJECT / "manage.py"), "worker"]
    with log.open("ab") as output:
        processes = [
            subprocess.Popen(  # noqa: S603 - our own commands
                command,
                cwd=PROJECT,
                env=environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
            for command in (web, worker)
        ]
        try:
            _wait_until_healthy(url, processes=processes, log=log)
            yield Service(url=url, log=log)
        finally:
            for process in processes:
                _stop(process)


def _wait_until_healthy(url: str, *, processes: "list[subprocess.Popen[bytes]]", log: Path) -> None:
    deadline = time.monotonic() + START_DEADLINE_S
    while time.monotonic() < deadline:
        if any(process.poll() is not None for process in processes):
            break
        try:
            if requests.get(f"{url}/healthz", timeout=5).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.1)
    raise StartFailed(f"The service did not start. Its log, {log}:\n{log.read_text()[-4000:]}")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """Ask a process to end, and see to it that nothing of its group remains."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_DEADLINE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
