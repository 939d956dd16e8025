"""`manage.py verify_audit_log`: find every altered, missing or misplaced event."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from compliance.audit import ChainVerification
from compliance.services.audit_log import (
    InvalidCheckpoint,
    count_log,
    find_unsealed_faults,
    read_checkpoint,
    read_log,
)


class Command(BaseCommand):
    """Recompute the chain."""

    help = (
        "Recompute the hash chain of the audit log; exit code 1 if anything is altered or missing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what to hold the log to."""
        parser.add_argument(
            "--checkpoint", type=Path, metavar="FILE",
            help="a checkpoint exported earlier: shows a log that was cut off or rewritten as a whole",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        """Print every fault, the count and the head."""
        checkpoint = None
        if path := options["checkpoint"]:
            if not path.is_file():
                raise CommandError(f"There is no file {path}.")
            try:
                checkpoint = read_checkpoint(path)
            except InvalidCheckpoint as invalid:
                raise CommandError(str(invalid)) from invalid
        verification = ChainVerification(checkpoint=checkpoint)
        entries = tqdm(read_log(), total=count_log(), unit="event", file=sys.stderr)
        n_faults = 0
        for fault in verification.find_faults(entries):
            n_faults += 1
            self.stdout.write(f"{fault.kind} event {fault.sequence}: {fault.text}")
        for text in find_unsealed_faults():
            n_faults += 1
            self.stdout.write(f"altered event: {text}")
        self.stdout.write(f"{verification.size} events, head {verification.head_hash}")
        if checkpoint is not None:
            self.stdout.write(
                f"checkpoint of {checkpoint.created_at}: {checkpoint.size} events, head {checkpoint.head_hash}"
            )
        if n_faults:
            raise CommandError(f"Faults in the audit log: {n_faults}.")
        self.stdout.write("No event is altered, missing or misplaced.")
