"""`manage.py usage_report`: what a licensor is told about a period, as a file; `--close` stores it for good."""

import datetime as dt
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from catalog.queries.usage import PartyFacts, find_licensor, list_licensors
from compliance.services.usage_drawing import Period
from compliance.services.usage_reports import (
    WRITERS,
    PeriodNotNext,
    PeriodNotOver,
    close_report,
    find_report,
    write_report,
)
from compliance.usage.report import NotReconciled


class Command(BaseCommand):
    """Write a report of use."""

    help = "Write the report of use to a licensor; it fails if it does not agree with the cap ledger to the unit."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare whom, when and how."""
        parser.add_argument("--licensor", required=True, help="name, DPID or row number")
        parser.add_argument("--from", required=True, dest="starts_on", type=dt.date.fromisoformat)
        parser.add_argument(
            "--to", required=True, dest="ends_on", type=dt.date.fromisoformat, help="first day no longer in it"
        )  # fmt: skip
        parser.add_argument("--format", choices=sorted(WRITERS), default="csv")
        parser.add_argument("--out", type=Path, metavar="FILE", help="default: standard output")
        parser.add_argument(
            "--close", action="store_true", help="store it for good; the period must be over"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the file; say on standard error what it is."""
        licensor = self.find(options["licensor"])
        period = Period(starts_on=options["starts_on"], ends_on=options["ends_on"])
        if period.starts_on >= period.ends_on:
            raise CommandError(f"--to must be a day after {period.starts_on}.")
        now = timezone.now()
        try:
            if options["close"]:
                row = close_report(licensor=licensor, period=period, by="system", now=now)
                self.stderr.write(f"Closed as {row.public_id}, sha256 {row.content_sha256}")
            drawn = find_report(licensor=licensor, period=period, now=now)
        except (PeriodNotOver, PeriodNotNext, NotReconciled) as error:
            raise CommandError(str(error)) from error
        content = write_report(drawn, file_format=options["format"])
        if options["out"]:
            options["out"].write_bytes(content)
        else:
            buffer = getattr(self.stdout._out, "buffer", None)
            if buffer is not None:
                buffer.write(content)
            else:
                self.stdout.write(content.decode(), ending="")
        state = "closed" if drawn.sha256 else "preview"
        report = drawn.report
        self.stderr.write(
            f"{drawn.public_id} ({state}): songs {report.total_songs}, plays {report.total_plays}, "
            f"caps that agree with their ledger {len(report.caps)}"
        )

    def find(self, text: str) -> PartyFacts:
        """Return the licensor, or fail with the names there are."""
        licensor = find_licensor(text)
        if licensor is None:
            names = ", ".join(each.name for each in list_licensors()[:20]) or "none yet"
            raise CommandError(f"No licensor {text!r}; there are: {names}.")
        return licensor
