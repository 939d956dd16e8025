"""`make demo`: the main job, end to end, as a generator and a reviewer over HTTP.

Exits 0 only if every outcome is the expected one.
"""

import sys
import tempfile
import time
from pathlib import Path

from config.demo.logins import read_logins
from config.demo.processes import StartFailed, make_environment, run_command, serve
from config.demo.story import Story, UnexpectedOutcome, say


def main() -> int:
    """Set up a service in a folder of its own, tell the story, take everything down."""
    started_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="cleartone-demo-") as folder:
        data_dir = Path(folder)
        environment = make_environment(data_dir=data_dir)
        try:
            say("Cleartone demo: SQLite and local files in a temporary folder\n")
            run_command("migrate", "--no-input", environment=environment)
            say(run_command("load_demo", environment=environment).rstrip())
            with serve(environment=environment, log=data_dir / "service.log") as service:
                say(
                    f"web and worker run at {service.url} ({time.monotonic() - started_s:.1f} s since start)\n"
                )
                try:
                    Story(url=service.url, logins=read_logins(data_dir), folder=data_dir).tell()
                except UnexpectedOutcome as unexpected:
                    say(f"\nFAILED: {unexpected}\n\nLast lines of the service's log:")
                    say("\n".join(service.log.read_text().splitlines()[-30:]))
                    return 1
        except StartFailed as failure:
            say(f"FAILED: {failure}")
            return 1
    say(
        f"\nEvery outcome was the expected one. {time.monotonic() - started_s:.1f} s in all; nothing is left running."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
