"""Saving with the name of whoever did it, for the history that django-simple-history keeps."""

from collections.abc import Sequence
from typing import TypeVar

from django.contrib.auth.models import User
from django.db.models import Model

Row = TypeVar("Row", bound=Model)


def save_as(
    row: Row, *, by: User | None, fields: Sequence[str] | None = None, note: str = ""
) -> Row:
    """Save a row and enter who did it, and why, in its history; None is the system itself."""
    if note:
        row._change_reason = note[:100]  # type: ignore[attr-defined]
    row._history_user = by  # type: ignore[attr-defined]
    row.save(update_fields=fields)
    return row
