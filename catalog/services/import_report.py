"""What an import did, or why it did nothing: shared by every import."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

Item = TypeVar("Item")
Row = Mapping[str, str]
# Wraps what is being worked through and shows how far it is; called with the items and a word for the step.
Progress = Callable[[list[Any], str], Iterable[Any]]


def show_nothing(items: list[Any], _step: str) -> Iterable[Any]:
    """Work through the items without a progress bar."""
    return items


@dataclass(frozen=True, slots=True, kw_only=True)
class RowError:
    """One value that keeps the import from happening; row 1 is the header line."""

    row: int
    column: str
    value: str
    text: str

    def __str__(self) -> str:
        """Return the line people read."""
        where = f"row {self.row}, {self.column}" if self.column else f"row {self.row}"
        return f"{where}: {self.value!r} {self.text}" if self.value else f"{where}: {self.text}"


@dataclass(slots=True, kw_only=True)
class ImportReport:
    """Counts, errors and notes; with any error nothing was written."""

    dry_run: bool
    n_rows: int = 0
    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Tell whether the file can be, or was, imported as a whole."""
        return not self.errors
