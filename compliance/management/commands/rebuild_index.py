"""`manage.py rebuild_index`: bring the audio index up with the catalog now."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from compliance.management.progress import update_index_with_bar
from compliance.services.indexing import drop_fingerprints, tidy_index


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
        n_made = update_index_with_bar()
        tidy_index(now=timezone.now())
        self.stdout.write(f"{n_made} recordings fingerprinted; the index is up to date.")
