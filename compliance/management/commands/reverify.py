"""`manage.py reverify`: have songs that were decided with an older engine verified again, by the workers."""

import csv
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from compliance.management.arguments import refuse_missing_folder
from compliance.models import Reverification, ReverificationResult
from compliance.services.reverification import (
    DEFAULT_PER_MINUTE,
    RunHasEnded,
    RunIsOpen,
    cancel_reverification,
    find_open_run,
    pause_reverification,
    resume_reverification,
    start_reverification,
)

COLUMNS = ("submission", "change", "outcome_before", "outcome_after", "engine_before", "reasons")


class Command(BaseCommand):
    """Start a run, or look after the one there is."""

    help = "Verify songs decided with an older engine again: no decision changes, a worse answer opens a review case."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what can be done with a run."""
        parser.add_argument(
            "--per-minute", type=int, default=DEFAULT_PER_MINUTE, metavar="N",
            help=f"songs in a minute, at most (default {DEFAULT_PER_MINUTE})",
        )  # fmt: skip
        what = parser.add_mutually_exclusive_group()
        for name, text in (
            ("status", "say how far the newest run is"),
            ("pause", "stop after the song that is being verified"),
            ("resume", "go on with the paused run"),
            ("cancel", "end the run; what it found stays"),
        ):
            what.add_argument(f"--{name}", action="store_true", help=text)
        what.add_argument(
            "--report", type=Path, metavar="FILE", help="write what the newest run found, as CSV"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what was asked and say where the run stands."""
        now, by = timezone.now(), "command:reverify"
        if options["per_minute"] < 1:
            raise CommandError(f"--per-minute must be at least 1, got {options['per_minute']}.")
        if options["status"] or options["report"]:
            self._describe(self._find_newest())
            self._write_report(options["report"])
            return
        run = find_open_run()
        try:
            if options["pause"] or options["resume"] or options["cancel"]:
                if run is None:
                    raise CommandError("No run is open.")
                if options["pause"]:
                    pause_reverification(run=run, by=by)
                elif options["resume"]:
                    resume_reverification(run=run, by=by, now=now)
                else:
                    cancel_reverification(run=run, by=by, now=now)
            else:
                run = start_reverification(per_minute=options["per_minute"], by=by, now=now)
        except (RunHasEnded, RunIsOpen) as error:
            raise CommandError(str(error)) from error
        self._describe(run)

    def _find_newest(self) -> Reverification:
        run = Reverification.objects.first()
        if run is None:
            raise CommandError("There was no run yet.")
        return run

    def _describe(self, run: Reverification) -> None:
        changes = Counter(run.results.values_list("change", flat=True))
        found = ", ".join(f"{count} {change}" for change, count in sorted(changes.items()))
        self.stdout.write(
            f"Run {run.pk} is {run.state}: {run.n_done} of {run.n_total} songs{f' ({found})' if found else ''}, "
            f"at most {run.per_minute} a minute, by the workers."
        )

    def _write_report(self, path: Path | None) -> None:
        if path is None:
            return
        refuse_missing_folder(path)
        rows = ReverificationResult.objects.filter(run=self._find_newest()).order_by("id")
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            for row in rows.select_related("submission").iterator():
                writer.writerow(
                    [
                        row.submission.public_id, row.change, row.outcome_before, row.outcome_after,
                        row.engine_before, " ".join(reason["code"] for reason in row.reasons),
                    ]
                )  # fmt: skip
        self.stdout.write(f"{path} holds {rows.count()} songs.")
