"""Import licensed stems from a table and a folder of audio."""

from typing import Any

from django.core.management.base import CommandParser

from catalog.management.import_command import ImportCommand
from catalog.services.ingest import import_stems


class Command(ImportCommand):
    """Import stems: all rows or none."""

    help = "Import stems from a CSV table and a folder of audio: all rows or none."
    run_import = staticmethod(import_stems)

    def add_arguments(self, parser: CommandParser) -> None:
        """Add how ownership is entered."""
        super().add_arguments(parser)
        parser.add_argument(
            "--no-assumed-shares",
            action="store_true",
            help="enter no shares; a stem then clears only after somebody entered who owns it",
        )

    def get_extra(self, options: dict[str, Any]) -> dict[str, Any]:
        """Return how ownership is entered."""
        return {"assume_artist_owns": not options["no_assumed_shares"]}
