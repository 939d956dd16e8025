"""`manage.py export_audit_checkpoint`: what somebody outside keeps to hold the audit log to."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from compliance.audit import canonicalize
from compliance.services.audit_log import describe_checkpoint, make_checkpoint
from compliance.services.sealing import seal_all_events


class Command(BaseCommand):
    """Write a checkpoint."""

    help = "Write the size and the head hash of the audit log as canonical JSON, signed, to be kept elsewhere."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare where to."""
        parser.add_argument("--out", type=Path, metavar="FILE", help="default: standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write one line, always the same bytes for the same checkpoint."""
        seal_all_events()
        line = canonicalize(describe_checkpoint(make_checkpoint(now=timezone.now())))
        if options["out"]:
            options["out"].write_bytes(line + b"\n")
        else:
            self.stdout.write(line.decode())
