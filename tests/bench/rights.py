"""What rights cost: `python -m tests.bench.rights [--stems 100000] [--rows 10000] [--only check] [--rebuild]`.

Runs on SQLite, then on PostgreSQL where one answers (TEST_POSTGRES_URL). The catalog is written once into a database of its
own and kept for the next run: on SQLite a file in BENCH_DIR (.cache/bench), on PostgreSQL the database cleartone_bench_<stems>;
`--rebuild` writes it anew. What is measured is rolled back. With STRICT=1 a missed bar makes the exit code 1. Bars from issue
3; the one for pages holds on PostgreSQL. Wall times depend on what else the machine does, so the CPU time of this process is
printed beside them.
"""

import argparse
import csv
import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from tests.bench.machine import describe_machine
from tests.run import DEFAULT_POSTGRES_URL, find_postgres

PARTS = ("races", "check", "pages", "import")
N_CALLERS = 64
LIMIT = 10
REPEATS = 200
PAGE_REPEATS = 40
CHECK_STEMS = 8
BENCH_DIR = Path(os.environ.get("BENCH_DIR", ".cache/bench"))
# Set for the process that measures: which database it was started for.
MEASURING = "CLEARTONE_BENCH"


def main() -> int:
    options = read_options()
    if MEASURING in os.environ:
        return measure(options)
    print(describe_machine(), flush=True)
    failed = start({"DATABASE_URL": ""})
    url = os.environ.get("TEST_POSTGRES_URL", DEFAULT_POSTGRES_URL)
    if find_postgres(url) is None:
        print(f"\nPostgreSQL: none answers at {url or '(TEST_POSTGRES_URL is empty)'}")
        return failed
    return start({"DATABASE_URL": url}) or failed


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stems", type=int, default=100_000)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--only", nargs="+", choices=PARTS, help="measure these parts alone")
    parser.add_argument("--rebuild", action="store_true", help="write the catalog anew")
    return parser.parse_args()


def start(environment: dict[str, str]) -> int:
    """Measure in a process of its own, with the settings of one database."""
    settings = {key: value for key, value in {**os.environ, **environment}.items() if value}
    command = [sys.executable, "-m", "tests.bench.rights", *sys.argv[1:]]
    return subprocess.run(command, env={**settings, MEASURING: "yes"}, check=False).returncode


def measure(options: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["DATA_DIR"] = name
        os.environ["MEDIA_ROOT"] = str(folder / "media")
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
        import django

        django.setup()
        from django.db import connection

        open_catalog(options)
        parts = {
            "races": lambda: [measure_races(folder)],
            "check": lambda: undone(measure_check),
            "pages": lambda: undone(lambda: measure_pages(n_stems=options.stems)),
            "import": lambda: undone(lambda: [measure_import(folder, n_rows=options.rows)]),
        }
        rows = [row for name in options.only or PARTS for row in parts[name]()]
        connection.close()
    return report(rows, vendor=connection.vendor)


def open_catalog(options: argparse.Namespace) -> None:
    """Use the kept database, writing it first if it is not there or not whole."""
    from django.db import connection

    from catalog.models import Stem
    from tests.bench.catalog_rows import PREFIX, fill

    name = f"cleartone_bench_{options.stems}"
    if connection.vendor == "sqlite":
        BENCH_DIR.mkdir(parents=True, exist_ok=True)
        name = str(BENCH_DIR.resolve() / f"{name}.sqlite3")
    connection.settings_dict["TEST"]["NAME"] = name
    keep = not options.rebuild
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False, keepdb=keep)
    bulk = Stem.objects.filter(external_id__startswith=PREFIX)
    if 0 < bulk.count() < options.stems:  # somebody interrupted the filling
        connection.close()
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    if not bulk.exists():
        fill(n_stems=options.stems)


def undone(work: Callable[[], list[Any]]) -> list[Any]:
    """Return what the work returns and take back what it wrote."""
    from django.db import transaction

    with transaction.atomic():
        rows = work()
        transaction.set_rollback(True)
    return rows


def report(rows: list[tuple[str, str, str, bool]], *, vendor: str) -> int:
    width = max(len(row[0]) for row in rows)
    print(f"\n{vendor}\n{'what':{width}}  {'p95 (p50, CPU)':>24}  bar")
    for what, measured, bar, met in rows:
        print(f"{what:{width}}  {measured:>24}  {bar}{'' if met else '  MISSED'}")
    missed = [row for row in rows if not row[3]]
    return 1 if missed and os.environ.get("STRICT") == "1" else 0


def time_ms(work: Callable[[], object], *, repeats: int = REPEATS) -> tuple[list[float], float]:
    """Return the wall times in order, and the mean CPU time of this process: the steadier figure on a shared machine."""
    work()
    times = []
    cpu = time.process_time()
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1e3)
    return sorted(times), (time.process_time() - cpu) / repeats * 1e3


def describe(times: list[float], cpu_ms: float) -> str:
    return f"{get_p95(times):.1f} ({statistics.median(times):.1f}, {cpu_ms:.1f}) ms"


def get_p95(times: list[float]) -> float:
    return times[int(len(times) * 0.95) - 1]


def make_intent(n_territories: int = 30, **changes: Any):
    from catalog.rights.intended_use import IntendedUse
    from catalog.rights.territories import ALL_TERRITORIES

    fields = {
        "territories": frozenset(sorted(ALL_TERRITORIES - {"US", "CA"})[:n_territories]),
        "uses": frozenset({"personalised_song_stream", "ai_output_generation"}),
        "starts_on": date(2026, 12, 1),
        "ends_on": date(2027, 1, 1),
    }
    return IntendedUse(**fields | changes)


def measure_check() -> list[tuple[str, str, str, bool]]:
    """Eight stems with five grants each, all different: two territories parts, two periods, a cap each."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from catalog.models import Stem
    from catalog.services.clearing import evaluate_rights
    from tests.bench.catalog_rows import NOW

    intent = make_intent()
    names, activations = license_check_stems(intent)
    assert evaluate_rights(stems=names, intent=intent, now=NOW).cleared
    assert Stem.objects.filter(external_id__in=names).count() == CHECK_STEMS
    counts = []
    for some in (names[:1], names):
        with CaptureQueriesContext(connection) as queries:
            evaluate_rights(stems=some, intent=intent, now=NOW)
        counts.append(len(queries))
    times, cpu_ms = time_ms(lambda: evaluate_rights(stems=names, intent=intent, now=NOW))
    elsewhere = make_intent(
        campaign="Summer",
        territories=frozenset({*intent.territories, "US"}),
        ends_on=date(2030, 1, 1),
    )
    denials, denial_cpu_ms = time_ms(
        lambda: evaluate_rights(stems=names, intent=elsewhere, now=NOW)
    )
    title = f"rights:check, {CHECK_STEMS} stems x 5 grants x 30 territories"
    return [
        (f"{title}, cleared", describe(times, cpu_ms), "<= 10 ms", get_p95(times) <= 10),
        (f"{title}, denied", describe(denials, denial_cpu_ms), "<= 10 ms", get_p95(denials) <= 10),
        (
            "a grant put in force, in the whole catalog",
            f"{get_p95(activations):.1f} ({statistics.median(activations):.1f}) ms",
            "<= 1 s",
            get_p95(activations) <= 1000,
        ),
        (
            f"queries of a check, 1 stem / {CHECK_STEMS} stems",
            f"{counts[0]} / {counts[1]}",
            "equal",
            counts[0] == counts[1],
        ),
    ]


def license_check_stems(intent: Any) -> tuple[list[str], list[float]]:
    """License eight stems by five grants each; only together do they cover the use. Return names, and ms each grant took."""
    from catalog.models import Party, TerritorySet
    from catalog.services.agreements import activate_grant
    from tests.bench.catalog_rows import NOW, add_stems
    from tests.catalog.rows import add_agreement, add_draft

    codes = sorted(intent.territories)
    party = Party.objects.get_or_create(name="Bulk Artist")[0]
    world = TerritorySet.objects.get_for("Worldwide")
    import random

    stems = add_stems(
        range(10**7 - CHECK_STEMS, 10**7), party=party, world=world, chance=random.Random(1)
    )
    always = {"valid_from": date(2026, 1, 1), "valid_until": date(2028, 1, 1)}
    uses = sorted(intent.uses)
    times: list[float] = []
    for stem in stems:
        type(stem).objects.filter(pk=stem.pk).update(status="active")
        agreement = add_agreement(f"CHECK-{stem.external_id}")
        for terms in (
            {"territories": ", ".join(codes[:15]), **always},
            {"territories": ", ".join(codes[15:]), **always, "valid_until": date(2026, 12, 20)},
            {"territories": ", ".join(codes[10:]), **always, "valid_from": date(2026, 12, 20)},
            {"territories": "Worldwide except US", **always, "uses": ["event", "archive"]},
            {"territories": "Worldwide", **always, "uses": uses[:1]},
        ):
            draft = add_draft(agreement, stems=[stem], cap=10**6, **{"uses": uses, **terms})
            start = time.perf_counter()
            activate_grant(grant=draft, by=None, now=NOW)
            times.append((time.perf_counter() - start) * 1e3)
    return [stem.external_id for stem in stems], sorted(times)


def measure_pages(*, n_stems: int) -> list[tuple[str, str, str, bool]]:
    from django.db import connection

    from catalog.queries.availability import StemFilter, list_available_stems
    from tests.bench.catalog_rows import NOW

    rows = []
    for title, wanted, changes in (
        ("any", StemFilter(), {}),
        ("genre", StemFilter(genre="genre-7"), {}),
        ("role", StemFilter(role="bass"), {}),
        ("key", StemFilter(key="C minor"), {}),
        ("bpm 100 to 104", StemFilter(bpm_min=100, bpm_max=104), {}),
        ("genre, bpm", StemFilter(genre="genre-7", bpm_min=100, bpm_max=104), {}),
        (
            "genre, role, key, bpm",
            StemFilter(genre="genre-7", role="bass", key="C minor", bpm_min=90, bpm_max=130),
            {},
        ),
        ("500 songs left", StemFilter(min_songs_left=500), {}),
        ("a genre that is not there", StemFilter(genre="polka"), {}),
        ("US alone", StemFilter(), {"territories": frozenset({"US"})}),
        ("worldwide", StemFilter(), {"territories": frozenset({"Worldwide"})}),
        ("a rare use", StemFilter(), {"uses": frozenset({"share_social_organic", "download"})}),
        ("a use nobody licenses", StemFilter(), {"uses": frozenset({"broadcast"})}),
        ("two years", StemFilter(bpm_min=100, bpm_max=104), {"ends_on": date(2028, 12, 31)}),
    ):
        intent = make_intent(**changes)
        times, cpu_ms = time_ms(
            lambda wanted=wanted, intent=intent: list_available_stems(
                intent=intent, wanted=wanted, after="", limit=50, now=NOW
            ),
            repeats=PAGE_REPEATS,
        )
        p95 = get_p95(times)
        rows.append(
            (
                f"stems?available_for, first page of {n_stems:,} stems: {title}",
                describe(times, cpu_ms),
                "<= 100 ms (PostgreSQL)",
                p95 <= 100 or connection.vendor != "postgresql",
            )
        )
    return rows


def measure_import(folder: Path, *, n_rows: int) -> tuple[str, str, str, bool]:
    from catalog.management.import_command import show_bar
    from catalog.services.ingest import import_stems
    from catalog.services.row_reading import read_table
    from tests.catalog.rows import make_row, write_tone

    audio = folder / "audio"
    audio.mkdir(exist_ok=True)
    table = folder / "stems.csv"
    rows = [make_row(number, external_id=f"import-{number}") for number in range(n_rows)]
    for number in range(n_rows):
        write_tone(audio / f"{number}.wav", seed=number)
    with table.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    start, cpu = time.perf_counter(), time.process_time()
    outcome = import_stems(rows=read_table(table), audio_dir=audio, progress=show_bar)
    seconds, cpu_s = time.perf_counter() - start, time.process_time() - cpu
    assert len(outcome.created) == n_rows, outcome.errors[:3]
    bar = 60 * n_rows / 10_000
    return (
        f"import of {n_rows:,} rows with audio of 0.1 s",
        f"{seconds:.1f} (CPU {cpu_s:.1f}) s",
        f"<= {bar:.0f} s",
        seconds <= bar,
    )


def measure_races(folder: Path) -> tuple[str, str, str, bool]:
    """Let callers meet at one cap; what they write stays, under names nothing else looks for."""
    from django.db import connections

    from catalog.services.clearing import clear_stems
    from catalog.services.ingest import import_stems
    from tests.bench.catalog_rows import NOW
    from tests.catalog.rows import add_license, make_row, write_tone
    from tests.catalog.rows import make_intent as make_small_intent

    run = uuid.uuid4().hex
    rows = [make_row(number, external_id=f"zz-race-{run}-{number}") for number in (1, 2)]
    for number in (1, 2):
        write_tone(folder / f"{number}.wav", seed=uuid.uuid4().int % 2**32)
    from catalog.models import Stem

    assert import_stems(rows=rows, audio_dir=folder).ok
    stems = Stem.objects.filter(external_id__contains=run)
    add_license(stems=stems, number=f"RACE-{run}", cap=LIMIT)
    names = [row["external_id"] for row in rows]

    def clear(number: int) -> bool:
        try:
            return clear_stems(
                stems=names,
                intent=make_small_intent(),
                subject=f"race:{run}:{number}",
                hold_until=NOW + timedelta(hours=1),
                now=NOW,
            ).cleared
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=N_CALLERS) as pool:
        n_cleared = sum(pool.map(clear, range(N_CALLERS)))
    return (
        f"{N_CALLERS} clearances at once against a cap of {LIMIT}",
        f"{n_cleared} hold it",
        f"exactly {LIMIT}",
        n_cleared == LIMIT,
    )


if __name__ == "__main__":
    sys.exit(main())
