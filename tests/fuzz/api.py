"""Fuzz the API: schemathesis with every check, on every operation, with a key, against a server of its own.

`make fuzz-api` runs the long form; tests/fuzz/test_fuzz_api.py the short one.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from config.demo.logins import read_logins
from config.demo.processes import PROJECT, Service, make_environment, run_command, serve
from tests.fuzz.hooks import MATERIAL
from tests.fuzz.material import make_material
from tests.postgres import make_database
from tests.run import DEFAULT_POSTGRES_URL

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
    *,
    url: str,
    key: str,
    max_examples: int,
    material: Mapping[str, str],
    seed: int | None = None,
    only: str | None = None,
) -> Findings:
    """Run schemathesis against a service; what it asks for by an id is `material` (see tests.fuzz.material)."""
    command = [
        sys.executable, "-m", "schemathesis.cli", "run", f"{url}/api/schema",
        "--header", f"Authorization: Bearer {key}", "--checks", "all", "--max-examples", str(max_examples),
        "--continue-on-failure", "--request-timeout", "60", "--no-color", "--suppress-health-check", "all",
    ]  # fmt: skip
    if seed is not None:
        command += ["--seed", str(seed)]
    if only is not None:
        command += ["--include-operation-id-regex", only]
    done = subprocess.run(
        command, cwd=PROJECT, env={**os.environ, MATERIAL: json.dumps(material)}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
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
    parser.add_argument("--postgres", action="store_true", help="on PostgreSQL (TEST_POSTGRES_URL)")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cleartone-fuzz-")))
        settings = {"LOG_LEVEL": "ERROR"}
        if arguments.postgres:
            settings["DATABASE_URL"] = stack.enter_context(
                make_database(
                    os.environ.get("TEST_POSTGRES_URL", DEFAULT_POSTGRES_URL), suffix="fuzz"
                )
            )
        service, key = stack.enter_context(serve_demo(folder, **settings))
        findings = fuzz(
            url=service.url, key=key, max_examples=arguments.max_examples, seed=arguments.seed, only=arguments.only,
            material=make_material(url=service.url, key=key, environment={**make_environment(data_dir=folder), **settings}),
        )  # fmt: skip
        print(findings.report)
        errors = [line for line in service.log.read_text().splitlines() if "Traceback" in line]
        if errors:
            print("The service logged:\n" + "\n".join(errors)[-20_000:])
    print(f"{findings.n_cases} cases, {findings.n_failed} unique failures")
    return 1 if findings.n_failed or errors or not findings.n_cases else 0


if __name__ == "__main__":
    sys.exit(main())
