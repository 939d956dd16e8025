"""Verify many local files: one after another or in several processes, resumable, a faulty line never stops the rest."""

import json
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from django.db import connections

from compliance.audio.manifest import InvalidManifest, parse_manifest
from compliance.services.indexing import CurrentIndex, open_current_index
from compliance.services.measurement import measure_song


class InvalidCase(Exception):
    """A case cannot be asked: its line, its manifest or its files are unusable."""

    def __init__(self, *, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One line of a batch."""

    case_id: str
    line: dict[str, Any]
    folder: Path


def read_cases(path: Path) -> Iterator[Case]:
    """Yield the cases of a JSONL file; paths in it count from its folder or from where the command runs."""
    for number, text in enumerate(
        path.read_text(encoding="utf-8-sig", errors="replace").splitlines(), start=1
    ):
        if not text.strip():
            continue
        try:
            line = json.loads(text)
        except ValueError as error:
            line = {"id": f"line {number}", "error": f"line {number} is not JSON: {error}"}
        if not isinstance(line, dict):
            line = {"id": f"line {number}", "error": f"line {number} is not an object"}
        yield Case(
            case_id=str(line.get("id", f"line {number}")), line=line, folder=path.resolve().parent
        )


def drop_cut_line(path: Path) -> None:
    """Remove what an interrupted batch wrote of its last line, so that the next line starts on its own."""
    if not path.exists():
        return
    with path.open("rb+") as file:
        content = file.read()
        file.truncate(content.rfind(b"\n") + 1)


def read_finished_ids(path: Path) -> set[str]:
    """Return the ids of a batch that was interrupted; a last line that was cut off does not count."""
    finished = set()
    for text in path.read_text().splitlines() if path.exists() else ():
        try:
            finished.add(str(json.loads(text)["id"]))
        except (ValueError, KeyError, TypeError):
            continue
    return finished


def verify_case(case: Case, *, current: CurrentIndex) -> dict[str, Any]:
    """Return the report of one case with its id, or its id and what made it impossible to ask."""
    try:
        line = case.line
        if "error" in line:
            raise InvalidCase(code="case.malformed", text=line["error"])  # noqa: TRY301 - answered below
        song = find_file(line.get("audio"), folder=case.folder, what="audio")
        vocal = (
            find_file(line["vocal"], folder=case.folder, what="vocal")
            if line.get("vocal")
            else None
        )
        placements = parse_manifest(line.get("manifest"))
        measurement = measure_song(song=song, vocal=vocal, placements=placements, current=current)
    except InvalidManifest as invalid:
        errors = [{"pointer": e.pointer, "code": e.code, "text": e.text} for e in invalid.errors]
        return {"id": case.case_id, "error": {"code": "manifest.invalid", "errors": errors}}
    except InvalidCase as invalid:
        return {"id": case.case_id, "error": {"code": invalid.code, "text": invalid.text}}
    return {"id": case.case_id, **measurement.report}


def find_file(name: object, *, folder: Path, what: str) -> Path:
    """Return the file a case names.

    Raises
    ------
    InvalidCase : if there is no such file
    """
    if not isinstance(name, str) or not name:
        raise InvalidCase(code=f"{what}.missing", text=f"{what}: expected a path, got {name!r}")
    for path in (Path(name), folder / name):
        if path.is_file():
            return path
    raise InvalidCase(code=f"{what}.not_found", text=f"{what}: there is no file {name}")


def verify_cases(cases: list[Case], *, processes: int) -> Iterator[dict[str, Any]]:
    """Yield the report of every case, in the order they are done."""
    current = open_current_index()
    if processes == 1:
        for case in cases:
            yield verify_case(case, current=current)
        return
    connections.close_all()  # a forked process must not share our connection
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with ProcessPoolExecutor(processes, mp_context=get_context("fork")) as pool:
        waiting = [pool.submit(_verify_in_process, case) for case in cases]
        for done in as_completed(waiting):
            yield done.result()


def _verify_in_process(case: Case) -> dict[str, Any]:
    """Verify in a worker process; it opens the memory-mapped index itself, once."""
    return verify_case(case, current=open_current_index())
