"""Fuzz the API: schemathesis with every check, on every operation, with a key, against a server of its own.

`make fuzz-api` runs the long form; tests/fuzz/test_fuzz_api.py the short one.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from config.demo.logins import read_logins
from config.demo.processes import PROJECT, Service, make_environment, run_command, serve

# Cases for one operation in the fuzzing phase: with some forty operations and the other phases, above 5,000 in all.
MAX_EXAMPLES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What a run found."""

    n_cases: int
    n_failed: int
    report: str


@contextmanager
def serve_demo(folder: Path, **settings: str) -> Iterator[tuple[Service, str]]:
    """Run web and worker with the demo catalog in a folder; give the service and the demo generator's key."""
    environment: Mapping[str, str] = {**make_environment(data_dir=folder), **settings}
    run_command("migrate", "--no-input", environment=environment)
    run_command("load_demo", environment=environment)
    with serve(environment=environment, log=folder / "service.log") as service:
        yield service, read_logins(folder).api_key


def fuzz(
    *, url: str, key: str, max_examples: int, seed: int | None = None, only: str | None = None
) -> Findings:
    """Run schemathesis against a service."""
    command = [
        sys.executable, "-m", "schemathesis.cli", "run", f"{url}/api/schema",
        "--header", f"Authorization: Bearer {key}", "--checks", "all", "--max-examples", str(max_examples),
        "--continue-on-failure", "--request-timeout", "60", "--no-color", "--suppress-health-check", "all",
    ]  # fmt: skip
    if seed is not None:
        command += ["--seed", str(seed)]
    if only is not None:
        command += ["--include-operation-id-regex", only]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    report = done.stdout + done.stderr
    generated = re.search(r"(\d[\d,]*) generated", report)
    found = re.search(r"(\d[\d,]*) found (\d[\d,]*) unique failures", report)
    return Findings(
        n_cases=int(generated[1].replace(",", "")) if generated else 0,
        n_failed=int(found[2]) if found else done.returncode,
        report=report,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--max-examples", type=int, default=MAX_EXAMPLES, help="cases an operation")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--only", help="operation ids, as a regular expression")
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="cleartone-fuzz-") as folder,
        serve_demo(Path(folder), LOG_LEVEL="ERROR") as (service, key),
    ):
        findings = fuzz(
            url=service.url, key=key, max_examples=arguments.max_examples, seed=arguments.seed, only=arguments.only
        )  # fmt: skip
        print(findings.report)
        errors = service.log.read_text()
        if errors.strip():
            print("The service logged:\n" + errors[-20_000:])
    print(f"{findings.n_cases} cases, {findings.n_failed} unique failures")
    return 1 if findings.n_failed or not findings.n_cases else 0


if __name__ == "__main__":
    sys.exit(main())
