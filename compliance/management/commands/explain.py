"""`manage.py explain ID`: why a song was approved or denied, as of that day."""

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.core.serializers.json import DjangoJSONEncoder

from compliance.services.explaining import (
    Explanation,
    LogLine,
    NothingToExplain,
    explain_decision,
)
from compliance.services.replays import Replay


class Command(BaseCommand):
    """Print what a decision rested on."""

    help = "Say why a song or a clearance was approved or denied, from the audit log and the facts kept that day."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what to explain and how to print it."""
        parser.add_argument("id", help="a song (sub_...), an approval (apr_...) or a clearance (clr_...)")  # fmt: skip
        parser.add_argument("--json", action="store_true", help="print JSON instead of text")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the explanation; exit code 1 if there is nothing of this id, or its log is not what was sealed."""
        try:
            explanation = explain_decision(public_id=options["id"])
        except NothingToExplain as nothing:
            raise CommandError(str(nothing)) from nothing
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    explanation.to_json(), cls=DjangoJSONEncoder, indent=2, ensure_ascii=False
                )
            )
        else:
            for line in describe_explanation(explanation):
                self.stdout.write(line)
        altered = [line for line in explanation.log if not line.is_intact]
        if altered:
            raise CommandError(
                f"Entries of the log that are not what was sealed: {len(altered)}. Run verify_audit_log."
            )


def describe_explanation(explanation: Explanation) -> Iterator[str]:
    """Yield the lines of the text."""
    replay = explanation.replay
    song, approval = replay.song, replay.approval
    name = f"Song {song.public_id}" if song else f"Clearance {replay.clearance.public_id}"
    yield f"{name}: {explanation.outcome} on {replay.decided_at:%Y-%m-%d %H:%M:%S} UTC by {replay.decided_by}."
    if approval is not None:
        yield (
            f"Approval {approval.public_id}: {approval.status} today, "
            f"valid from {approval.valid_from:%Y-%m-%d %H:%M} to {approval.valid_to:%Y-%m-%d %H:%M} UTC."
        )
    yield f"Generator: {replay.clearance.generator}; clearance {replay.clearance.public_id}"
    yield f"Asked for: {replay.uses}; {replay.territories}; {replay.starts_on} to {replay.ends_on} (not included)"
    yield f"Rights rules: {replay.rights_policy}; binding cap: {_describe_cap(replay)}"
    if song is not None:
        yield f"Audio: {_describe_audio(replay)}"
    yield from _list("Reasons", (_describe_reason(reason) for reason in replay.reasons))
    yield from _list(
        "Grants it rested on, as they were that day",
        (
            f"{grant.label}, {grant.licensor}: {grant.status}; {', '.join(grant.sides)}: {grant.uses}; {grant.territories}; "
            f"{grant.starts_on} to {grant.ends_on or 'further notice'}; caps: {'; '.join(grant.caps) or 'none'}"
            + _describe_changes(grant.changes)
            for grant in replay.grants
        ),
    )
    yield from _list(
        "Stems, as they were that day",
        (
            f"{stem.external_id}, {stem.title} by {stem.artist}: {stem.status}"
            + _describe_changes(stem.changes)
            for stem in replay.stems
        ),
    )
    yield from _list("From the audit log", map(_describe_line, explanation.log))


def _list(head: str, lines: Iterator[str]) -> Iterator[str]:
    rows = list(lines)
    yield f"{head}:" + ("" if rows else " none")
    yield from (f"  {row}" for row in rows)


def _describe_cap(replay: Replay) -> str:
    cap = replay.binding_cap
    return f"{cap['grant']}, {cap['remaining']} of {cap['limit']} {cap['unit']}s were left" if cap else "none"  # fmt: skip


def _describe_audio(replay: Replay) -> str:
    found = replay.verification
    return f"{found.outcome} by engine {found.engine_version}" if found else "not measured"


def _describe_reason(reason: dict[str, Any]) -> str:
    stem = f" (stem {reason['stem']})" if reason.get("stem") else ""
    return f"{reason['code']}{stem}: {reason.get('text', '')}"


def _describe_changes(changes: tuple[str, ...]) -> str:
    return f" [different today: {'; '.join(changes)}]" if changes else ""


def _describe_line(line: LogLine) -> str:
    place = f"#{line.sequence}" if line.sequence else "not sealed yet"
    seal = "" if line.is_intact else " ALTERED"
    facts = json.dumps(line.data, ensure_ascii=False, sort_keys=True, cls=DjangoJSONEncoder)
    return f"{place} {line.at:%Y-%m-%d %H:%M:%S} {line.kind} by {line.actor} {facts}{seal}"
