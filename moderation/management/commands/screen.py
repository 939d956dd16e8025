"""Screen a file of texts: JSON lines in, JSON lines out."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone
from tqdm import tqdm

from moderation.queries import Policies, get_overrides, get_policies
from moderation.screening.categories import Kind
from moderation.screening.overrides import NO_OVERRIDES, LexiconOverrides
from moderation.screening.policy import BUILT_IN_POLICY
from moderation.screening.screen import InvalidText, screen_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What people decided about screening, on top of the packs and the model."""

    policies: Policies
    overrides: LexiconOverrides


BUILT_IN_RULES = Rules(policies=Policies(live=BUILT_IN_POLICY), overrides=NO_OVERRIDES)


class Command(BaseCommand):
    """Screen every line of a file; a line that cannot be screened gets an error, not a crash."""

    help = (
        "Screen JSON lines {id, text, language?, kind?, campaign?}; writes the answers with their ids. "
        "The published policy and the lexicon overrides of the database count."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the two files."""
        parser.add_argument("--jsonl", required=True, type=Path, help="lines to screen")
        parser.add_argument("--out", required=True, type=Path, help="where the answers go")
        parser.add_argument("--explain-in", help="language of the reasons, if not each text's own")

    def handle(self, *args: Any, **options: Any) -> None:
        """Screen the file."""
        source, target = options["jsonl"], options["out"]
        try:
            lines = source.read_bytes().splitlines()
        except OSError as error:
            raise CommandError(f"Cannot read {source}: {error.strerror}") from error
        rules = self._read_rules()
        if not target.parent.is_dir():
            raise CommandError(
                f"There is no folder {target.parent} for {target.name}: make it first."
            )
        try:
            out = target.open("w", encoding="utf-8", errors="backslashreplace")
        except OSError as error:
            raise CommandError(f"Cannot write {target}: {error.strerror}") from error
        progress = tqdm(lines, unit="text", file=sys.stderr, disable=None)
        n_screened = n_failed = 0
        with out:
            for answer in screen_lines(progress, rules=rules, explain_in=options["explain_in"]):
                out.write(json.dumps(answer, ensure_ascii=False) + "\n")
                n_failed += "error" in answer
                n_screened += "error" not in answer
        self.stderr.write(
            f"{n_screened} screened, {n_failed} not"
            f"{': their lines in the output say why' if n_failed else ''}."
        )

    def _read_rules(self) -> Rules:
        """Return what the database holds; the built-in rules where it was never migrated."""
        try:
            return Rules(policies=get_policies(), overrides=get_overrides(now=timezone.now()))
        except DatabaseError:
            self.stderr.write(
                "The database is not migrated (manage.py migrate): the built-in policy decides, without lexicon overrides."
            )
            return BUILT_IN_RULES


def screen_lines(
    lines: Iterable[bytes], *, rules: Rules = BUILT_IN_RULES, explain_in: str | None = None
) -> Iterator[dict[str, Any]]:
    """Yield the answer to each line that is not blank, in order."""
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield _screen_line(line, number, rules, explain_in)


def _screen_line(line: bytes, number: int, rules: Rules, explain_in: str | None) -> dict[str, Any]:
    case_id = None
    try:
        case = json.loads(line)
        if not isinstance(case, dict):
            return _fail(case_id, number, f"expected an object, got {type(case).__name__}")
        case_id = case.get("id")
        if not isinstance(case.get("text"), str):
            return _fail(case_id, number, "expected a string in `text`")
        for name in ("language", "campaign"):
            if not isinstance(case.get(name) or "", str):
                return _fail(case_id, number, f"expected a string in `{name}`")
        kind = case.get("kind") or Kind.MESSAGE.value
        if kind not in set(Kind):
            return _fail(case_id, number, f"expected kind message or lyrics, got {kind!r}")
        result = screen_text(
            text=case["text"],
            language=case.get("language"),
            kind=kind,
            campaign=case.get("campaign") or "",
            explain_in=explain_in,
            policy=rules.policies.live,
            overrides=rules.overrides,
        )
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        return _fail(case_id, number, f"not JSON: {error}")
    except InvalidText as refusal:
        return {**_fail(case_id, number, refusal.text), "code": refusal.code}
    return {"id": case_id, **result.to_json()}


def _fail(case_id: Any, number: int, error: str) -> dict[str, Any]:
    return {"id": case_id, "line": number, "error": error}
