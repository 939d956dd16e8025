"""What the import commands share: arguments, the progress bar, the report, the exit code."""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from catalog.services.import_report import ImportReport
from catalog.services.row_reading import UnreadableTable, read_table


def show_bar(items: list[Any], step: str) -> Iterable[Any]:
    """Work through the items under a progress bar on standard error."""
    return tqdm(items, desc=step, unit="row", file=sys.stderr, disable=None)


class ImportCommand(BaseCommand):
    """A command that imports a table with a folder of audio."""

    run_import: Callable[..., ImportReport]

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the table, the folder and whether to write at all."""
        parser.add_argument("csv", type=Path, help="table in UTF-8 with a header line")
        parser.add_argument(
            "--audio-dir",
            type=Path,
            required=True,
            help="folder that the column `file` starts from",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="check everything, write nothing"
        )

    def get_extra(self, options: dict[str, Any]) -> dict[str, Any]:
        """Return further arguments of the import."""
        return {}

    def handle(self, *_args: Any, **options: Any) -> None:
        """Import and report; errors end with exit code 1.

        Raises
        ------
        CommandError : if the table cannot be read or any row is wrong
        """
        if not options["audio_dir"].is_dir():
            raise CommandError(f"{options['audio_dir']} is not a folder")
        try:
            rows = read_table(options["csv"])
        except UnreadableTable as error:
            raise CommandError(str(error)) from error
        report = type(self).run_import(
            rows=rows,
            audio_dir=options["audio_dir"],
            dry_run=options["dry_run"],
            progress=show_bar,
            **self.get_extra(options),
        )
        for note in report.notes:
            self.stdout.write(f"note: {note}")
        for row_error in report.errors:
            self.stderr.write(self.style.ERROR(str(row_error)))
        if not report.ok:
            raise CommandError(
                f"{len(report.errors)} errors in {report.n_rows} rows; nothing was imported"
            )
        verb = "would be" if report.dry_run else "were"
        self.stdout.write(
            f"{report.n_rows} rows: {len(report.created)} {verb} created, "
            f"{len(report.updated)} {verb} updated, {len(report.unchanged)} are unchanged"
        )
