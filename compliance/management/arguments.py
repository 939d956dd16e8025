"""What the commands ask of their arguments."""

from collections.abc import Sequence
from pathlib import Path

from django.core.management.base import CommandError


def refuse_missing_folder(path: Path | None) -> None:
    """Refuse a file to be written in a folder that does not exist, before any work is done.

    Raises
    ------
    CommandError : naming the folder
    """
    if path is not None and not path.resolve().parent.is_dir():
        raise CommandError(f"There is no folder {path.parent} to write {path.name} in.")


def refuse_other_suffix(path: Path | None, *, suffixes: Sequence[str]) -> None:
    """Refuse a file name that does not say which format is wanted.

    Raises
    ------
    CommandError : naming the suffixes
    """
    if path is not None and path.suffix.lower() not in suffixes:
        raise CommandError(f"{path.name} must end with {' or '.join(suffixes)}.")


def read_text(path: Path) -> str:
    """Return the text of a file that a person named.

    Raises
    ------
    CommandError : if it cannot be read, or is no text
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise CommandError(f"{path} is not text in UTF-8.") from error
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error


def write_output(path: Path, content: bytes) -> None:
    """Write a file that a person named.

    Raises
    ------
    CommandError : if it cannot be written
    """
    try:
        path.write_bytes(content)
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}.") from error
