"""`manage.py document_life_cycle`: write the tables of the life cycle and of the events into docs/."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from compliance.lifecycle.drawing import describe_life_cycle
from compliance.lifecycle.event_kinds import replace_kinds_table


class Command(BaseCommand):
    """Write docs/life-cycle.md, and the table of kinds in docs/webhooks.md."""

    help = "Write docs/life-cycle.md and the table of event kinds in docs/webhooks.md from the tables in the code."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the dry run."""
        parser.add_argument(
            "--check", action="store_true", help="write nothing, fail if a file is not current"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Write both files, or name the ones that are not current."""
        folder = settings.BASE_DIR / "docs"
        webhooks = folder / "webhooks.md"
        wanted = {
            folder / "life-cycle.md": describe_life_cycle(),
            webhooks: replace_kinds_table(webhooks.read_text()),
        }
        stale = [
            path for path, text in wanted.items() if not path.exists() or path.read_text() != text
        ]
        if options["check"] and stale:
            raise CommandError(
                f"not current, run manage.py document_life_cycle: {', '.join(path.name for path in stale)}"
            )
        for path in stale:
            path.write_text(wanted[path])
