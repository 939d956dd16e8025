"""`make test`: the whole suite on SQLite, then everything that touches the database on PostgreSQL where one answers."""

import os
import subprocess
import sys

import psycopg

# Where a PostgreSQL is looked for; set TEST_POSTGRES_URL to name another, or to "" to leave it out.
DEFAULT_POSTGRES_URL = "postgres://root@127.0.0.1:5432/postgres"


def main() -> int:
    postgres_url = os.environ.get("TEST_POSTGRES_URL", DEFAULT_POSTGRES_URL)
    failed = run_pytest("SQLite, whole suite", sys.argv[1:], {})
    version = find_postgres(postgres_url)
    if version is None:
        announce(
            f"PostgreSQL: none answers at {postgres_url or '(TEST_POSTGRES_URL is empty)'}; its tests were left out"
        )
        return failed
    return (
        run_pytest(
            f"PostgreSQL {version}, what touches the database",
            ["-m", "django_db and not corpus and not browser", *sys.argv[1:]],
            {"DATABASE_URL": postgres_url},
        )
        or failed
    )


def find_postgres(url: str) -> str | None:
    """Return the version of the server at `url`, or None if none answers."""
    if not url:
        return None
    try:
        with psycopg.connect(url, connect_timeout=3) as connection:
            return str(connection.info.server_version // 10_000)
    except psycopg.OperationalError:
        return None


def run_pytest(title: str, arguments: list[str], environment: dict[str, str]) -> int:
    announce(title)
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-rs", *arguments]
    return subprocess.run(command, env={**os.environ, **environment}, check=False).returncode


def announce(text: str) -> None:
    sys.stdout.write(f"\n=== {text} ===\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
