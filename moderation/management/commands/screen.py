"""Screen a file of texts: JSON lines in, JSON lines out."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from moderation.screening.categories import Kind
from moderation.screening.screen import InvalidText, screen_text


class Command(BaseCommand):
    """Screen every line of a file; a line that cannot be screened gets an error, not a crash."""

    help = "Screen JSON lines {id, text, language?, kind?}; writes the answers with their ids."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the two files."""
        parser.add_argument("--jsonl", required=True, type=Path, help="lines to screen")
        parser.add_argument("--out", required=True, type=Path, help="where the answers go")

    def handle(self, *args: Any, **options: Any) -> None:
        """Screen the file."""
        try:
            lines = options["jsonl"].read_bytes().splitlines()
        except OSError as error:
            raise CommandError(f"Cannot read {options['jsonl']}: {error.strerror}") from error
        progress = tqdm(lines, unit="text", file=sys.stderr, disable=None)
        with options["out"].open("w", encoding="utf-8", errors="backslashreplace") as out:
            for answer in screen_lines(progress):
                out.write(json.dumps(answer, ensure_ascii=False) + "\n")


def screen_lines(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """Yield the answer to each line that is not blank, in order."""
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield _screen_line(line, number)


def _screen_line(line: bytes, number: int) -> dict[str, Any]:
    case_id = None
    try:
        case = json.loads(line)
        if not isinstance(case, dict):
            return _fail(case_id, number, f"expected an object, got {type(case).__name__}")
        case_id = case.get("id")
        if not isinstance(case.get("text"), str):
            return _fail(case_id, number, "expected a string in `text`")
        language = case.get("language")
        if language is not None and not isinstance(language, str):
            return _fail(case_id, number, "expected a string in `language`")
        kind = case.get("kind") or Kind.MESSAGE.value
        if kind not in set(Kind):
            return _fail(case_id, number, f"expected kind message or lyrics, got {kind!r}")
        result = screen_text(text=case["text"], language=language, kind=kind)
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        return _fail(case_id, number, f"not JSON: {error}")
    except InvalidText as refusal:
        return {**_fail(case_id, number, refusal.text), "code": refusal.code}
    return {"id": case_id, **result.to_json()}


def _fail(case_id: Any, number: int, error: str) -> dict[str, Any]:
    return {"id": case_id, "line": number, "error": error}
