"""Rows of an import, value by value: each problem is an error with its row, column, value and what to do."""

import csv
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TypeVar

from catalog.services.audio_files import (
    READABLE_SUFFIXES,
    AudioFacts,
    UnreadableAudio,
    compute_sha256,
    measure_audio,
)
from catalog.services.import_report import ImportReport, Row, RowError

Value = TypeVar("Value")
TRUE_WORDS = frozenset({"1", "true", "yes", "y", "t"})
FALSE_WORDS = frozenset({"0", "false", "no", "n", "f"})


class UnreadableTable(Exception):
    """The file is not a table that can be imported."""


def read_table(path: Path) -> list[Row]:
    """Return the rows of a CSV file in UTF-8 (with or without a byte order mark), separated by commas or semicolons.

    Raises
    ------
    UnreadableTable : if it is not UTF-8, not CSV, or a row has more values than the header
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableTable(f"{path.name} is not UTF-8; save it as CSV UTF-8") from error
    except OSError as error:
        raise UnreadableTable(f"{path} cannot be read: {error.strerror}") from error
    if "\0" in text:
        raise UnreadableTable(f"{path.name} is not a text file")
    header = text.split("\n", 1)[0]
    delimiter = ";" if header.count(";") > header.count(",") else ","
    reader = csv.DictReader(text.splitlines(keepends=True), delimiter=delimiter, strict=True)
    rows: list[Row] = []
    try:
        for line in reader:
            if None in line:
                raise UnreadableTable(
                    f"row {len(rows) + 2} of {path.name} has more values than the header has columns"
                )
            rows.append(
                {str(key).strip().lower(): (value or "").strip() for key, value in line.items()}
            )
    except csv.Error as error:
        raise UnreadableTable(f"line {reader.line_num} of {path.name}: {error}") from error
    return rows


class RowReader:
    """Reads the values of one row and collects what is wrong with them."""

    def __init__(self, *, row: Row, number: int, report: ImportReport) -> None:
        """Take the row, its number in the file (the header is 1) and where errors go."""
        self.row = row
        self.number = number
        self.report = report
        self.ok = True

    def refuse(self, column: str, text: str) -> None:
        """Note an error in this row."""
        self.ok = False
        self.report.errors.append(
            RowError(row=self.number, column=column, value=self.row.get(column, ""), text=text)
        )

    def read_text(self, column: str, *, max_length: int, required: bool = False) -> str:
        """Return a text, refusing one that is missing or too long."""
        value = self.row.get(column, "")
        if required and not value:
            self.refuse(column, "is empty; fill it in")
        if len(value) > max_length:
            self.refuse(column, f"is too long; at most {max_length} characters")
        if any(ord(character) < ord(" ") for character in value):
            self.refuse(column, "holds control characters; remove them")
        return value

    def read_value(
        self, column: str, convert: Callable[[str], Value], *, expected: str
    ) -> Value | None:
        """Return a converted value, None if the column is empty or wrong."""
        text = self.row.get(column, "")
        if not text:
            return None
        try:
            return convert(text)
        except ValueError:
            self.refuse(column, f"is not {expected}")
            return None

    def read_flag(self, column: str) -> bool | None:
        """Return yes or no, None if the column is empty or wrong."""
        return self.read_value(column, parse_flag, expected="yes or no")

    def read_audio_path(self, *, audio_dir: Path) -> Path | None:
        """Return the audio file of the row; None and an error if it is missing or outside the folder."""
        name = self.read_text("file", max_length=500, required=True)
        if not name:
            return None
        root = audio_dir.resolve()
        path = (root / name).resolve()
        if not path.is_relative_to(root):
            self.refuse("file", f"lies outside {audio_dir}; name a file inside it")
        elif not path.is_file():
            self.refuse("file", f"is not a file in {audio_dir}")
        elif path.suffix.lower() not in READABLE_SUFFIXES:
            known = ", ".join(sorted(suffix[1:] for suffix in READABLE_SUFFIXES))
            self.refuse("file", f"is not of a kind that can be read; convert it to one of {known}")
        else:
            return path
        return None

    def measure(
        self, path: Path, *, known: Mapping[str, AudioFacts]
    ) -> tuple[str, AudioFacts] | None:
        """Return the file's SHA-256 and what it holds, decoding only a file not seen before."""
        file_sha256 = compute_sha256(path)
        if file_sha256 in known:
            return file_sha256, known[file_sha256]
        try:
            return file_sha256, measure_audio(path)
        except UnreadableAudio as error:
            self.refuse("file", error.problem)
            return None


def parse_flag(text: str) -> bool:
    """Return a yes or no.

    Raises
    ------
    ValueError : for any other word
    """
    word = text.casefold()
    if word in TRUE_WORDS or word in FALSE_WORDS:
        return word in TRUE_WORDS
    raise ValueError(text)


def check_columns(
    *,
    rows: Collection[Row],
    required: Collection[str],
    optional: Collection[str],
    report: ImportReport,
) -> bool:
    """Note missing columns as errors and unknown ones as notes; tell whether all required ones are there."""
    present = set(next(iter(rows), {}))
    if not rows:
        report.errors.append(
            RowError(row=1, column="", value="", text="the file has no rows; nothing to import")
        )
        return False
    missing = [column for column in required if column not in present]
    for column in missing:
        report.errors.append(
            RowError(row=1, column=column, value="", text="is missing; add this column")
        )
    for column in sorted(present - set(required) - set(optional)):
        known = ", ".join(sorted({*required, *optional}))
        report.notes.append(f"column {column!r} is unknown and was left out; known are {known}")
    return not missing
