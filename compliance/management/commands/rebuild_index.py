"""`manage.py rebuild_index`: bring the audio index up with the catalog now."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from tqdm import tqdm

from compliance.services.indexing import drop_fingerprints, update_index


class Command(BaseCommand):
    """Fingerprint what is missing and publish it."""

    help = "Fingerprint new and replaced recordings and publish them; with --all, everything anew."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare how much is done anew."""
        parser.add_argument(
            "--all", action="store_true", help="forget every fingerprint and start over"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Build with a progress bar."""
        if options["all"]:
            drop_fingerprints()
        with tqdm(unit="recording", file=sys.stderr) as bar:

            def show(n_made: int, n_all: int) -> None:
                bar.total = n_all
                bar.update(n_made - bar.n)

            n_made = update_index(progress=show)
        self.stdout.write(f"{n_made} recordings fingerprinted; the index is up to date.")
