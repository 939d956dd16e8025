"""`make run`: serve web and worker with the demo catalog until Ctrl-C."""

import os
import signal
import sys
import threading
from pathlib import Path

from config.demo.logins import Logins, read_logins
from config.demo.processes import (
    PROJECT,
    StartFailed,
    find_free_port,
    is_free,
    make_environment,
    run_command,
    serve,
)

DEFAULT_PORT = 8000


def main() -> int:
    """Set the database up, load the demo catalog once, serve."""
    data_dir = Path(os.environ.get("DATA_DIR", PROJECT / "var"))
    environment = make_environment(data_dir=data_dir)
    stop = threading.Event()
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, lambda *_: stop.set())
    try:
        say("Setting up the database and the demo catalog ...")
        run_command("migrate", "--no-input", environment=environment)
        run_command("load_demo", environment=environment)
        with serve(
            environment=environment, log=data_dir / "service.log", port=choose_port()
        ) as service:
            say(describe(url=service.url, log=service.log, logins=read_logins(data_dir)))
            stop.wait()
            say("\nStopping ...")
    except StartFailed as failure:
        say(str(failure))
        return 1
    return 0


def choose_port() -> int:
    """Return the port in PORT, else 8000, else one that is free."""
    if "PORT" in os.environ:
        return int(os.environ["PORT"])
    return DEFAULT_PORT if is_free(DEFAULT_PORT) else find_free_port()


def describe(*, url: str, log: Path, logins: Logins) -> str:
    """Return what a person needs to look around."""
    people = "\n".join(
        f"    {login.username:<10} {login.password:<18} {login.role}" for login in logins.people
    )
    return f"""
Cleartone runs.

  Admin       {url}/admin/
  API docs    {url}/api/docs   (OpenAPI: {url}/api/schema)
  Logs        {log}

  Log in as (these passwords were made for this data folder)
{people}

  The demo generator: its id and its API key (docs/integrating.md goes the whole way with them)
    {logins.client_id}
    {logins.api_key}

    curl -s {url}/api/v1/screenings -H 'Authorization: Bearer {logins.api_key}' \\
      -H 'Content-Type: application/json' -d '{{"text": "Happy birthday mum, I love you"}}'

Ctrl-C stops it."""


def say(text: str) -> None:
    """Tell the person at the terminal."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
