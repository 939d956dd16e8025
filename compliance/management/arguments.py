"""What the commands ask of their arguments."""

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
