"""Decide about a stored screening again, under the policy of its day or another one."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from moderation.models import Screening
from moderation.queries import UnknownPolicy
from moderation.services.policy_impact import replay_screening


class Command(BaseCommand):
    """Print the scores, the thresholds they met and the outcome; fail if it is another than was answered."""

    help = "Replay the decision about a screening from its stored scores."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the screening, and a policy if not the one of its day."""
        parser.add_argument("screening", help="its id, such as scr_0123456789abcdef01234567")
        parser.add_argument("--policy", help="another version, such as policy-3 or 3")

    def handle(self, *args: Any, **options: Any) -> None:
        """Replay it."""
        screening = Screening.objects.filter(public_id=options["screening"]).first()
        if screening is None:
            raise CommandError(f"There is no screening {options['screening']}.")
        version = options["policy"]
        if version and version.isdecimal():
            version = f"policy-{version}"
        try:
            replay = replay_screening(screening=screening, version=version)
        except UnknownPolicy as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{screening.public_id} of {screening.created_at:%Y-%m-%d %H:%M} UTC, "
            f"language {screening.language}, campaign {screening.campaign or '-'}, {screening.engine_version}"
        )
        self.stdout.write(f"{'category':18s} {'score':>6s} {'review':>7s} {'block':>6s}")
        for each in replay.scores:
            review, block = (
                "never" if limit is None else f"{limit:.2f}"
                for limit in (each.threshold.review, each.threshold.block)
            )
            signs = [
                word
                for word, holds in (("raised", each.is_raised), ("core", each.is_core))
                if holds
            ]
            self.stdout.write(
                f"{each.category.value:18s} {each.score:6.4f} {review:>7s} {block:>6s}  "
                f"{', '.join(signs)}".rstrip()
            )
        self.stdout.write(
            f"answered {screening.outcome} under {screening.policy_version}; "
            f"replayed {replay.outcome.value} under {replay.policy_version}"
        )
        if not options["policy"] and not replay.is_same:
            raise CommandError("The replay differs from the answer.")
