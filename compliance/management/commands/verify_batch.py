"""`manage.py verify_batch`: verdicts on many local files, with progress, resumable, in several processes."""

import json
import sys
from argparse import ArgumentParser
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from compliance.management.arguments import refuse_missing_folder
from compliance.management.progress import update_index_with_bar
from compliance.services.batch import (
    drop_cut_line,
    read_cases,
    read_finished_ids,
    verify_cases,
)


class Command(BaseCommand):
    """Verify the songs of a JSONL file."""

    help = 'Verify songs: lines of {"id", "audio", "manifest": {...}, "vocal"?} in, lines of {"id", report} out.'

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the files and how to go about it."""
        parser.add_argument("cases", type=Path)
        parser.add_argument("--out", type=Path, required=True)
        parser.add_argument(
            "--jobs", type=int, default=1, metavar="N", help="processes (default 1)"
        )
        parser.add_argument(
            "--resume", action="store_true", help="go on with an OUT that was interrupted"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify every case that OUT does not hold yet; each line is written as soon as it is known."""
        refuse_missing_folder(options["out"])
        if not options["cases"].is_file():
            raise CommandError(f"There is no file {options['cases']}.")
        if options["jobs"] < 1:
            raise CommandError(f"--jobs must be at least 1, got {options['jobs']}.")
        if options["out"].is_dir():
            raise CommandError(f"{options['out']} is a folder, expected a file to write.")
        if options["out"].exists() and options["out"].samefile(options["cases"]):
            raise CommandError("--out names the file of cases itself.")
        finished = read_finished_ids(options["out"]) if options["resume"] else set()
        cases = [case for case in read_cases(options["cases"]) if case.case_id not in finished]
        if options["resume"]:
            drop_cut_line(options["out"])
        update_index_with_bar()
        n_impossible = 0
        with options["out"].open("a" if options["resume"] else "w") as out:
            reports = verify_cases(cases, processes=options["jobs"])
            try:
                for report in tqdm(reports, total=len(cases), unit="song", file=sys.stderr):
                    n_impossible += "error" in report
                    out.write(json.dumps(report, ensure_ascii=False) + "\n")
                    out.flush()
            except BrokenProcessPool as error:
                raise CommandError(
                    "A process died (out of memory?). Go on with --resume."
                ) from error
            except KeyboardInterrupt as error:
                raise CommandError("Interrupted. Go on with --resume.") from error
        self.stdout.write(
            f"{len(cases)} cases verified, {len(finished)} were done before, {n_impossible} could not be asked."
        )
