# ruff: noqa: ARG002 - the signatures are those of django-import-export
"""Cells of tables: identifiers, sets of words, territories, rows named as people name them."""

from typing import Any

from django.db.models import Model
from import_export.widgets import ForeignKeyWidget, Widget

from catalog.models import TerritorySet
from catalog.models.fields import IdentifierField, pack_words, unpack_words
from catalog.rights.identifiers import IdentifierKind, format_identifier, normalize_identifier


class IdentifierWidget(Widget):  # type: ignore[misc]  # untyped
    """An identifier, read in any usual spelling and written as people write it."""

    def __init__(self, kind: IdentifierKind) -> None:
        """Take which identifier it is."""
        super().__init__()
        self.kind = kind

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str | None:
        """Return the normal form.

        Raises
        ------
        InvalidIdentifier : if the check digit or the pattern is wrong
        """
        text = str(value or "").strip()
        return normalize_identifier(text, kind=self.kind) if text else None

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        """Return the identifier as people write it."""
        return format_identifier(value or "", kind=self.kind)


class WordSetWidget(Widget):  # type: ignore[misc]  # untyped
    """A set of words with semicolons between them."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> tuple[str, ...]:
        """Return the words."""
        return unpack_words(pack_words(str(value or "").split(";")))

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        """Return the words as text."""
        return "; ".join(value or ())


class TerritoriesWidget(Widget):  # type: ignore[misc]  # untyped
    """Territories as an expression."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> TerritorySet:
        """Return the stored expression.

        Raises
        ------
        InvalidTerritory : if it names no country
        """
        return TerritorySet.objects.get_for(str(value or ""))

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        """Return the expression."""
        return str(value) if value else ""


class NamedRowWidget(ForeignKeyWidget):  # type: ignore[misc]  # untyped
    """Another row, by what people call it; an unknown one is an error that names it."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Model | None:
        """Return the row.

        Raises
        ------
        ValueError : if there is none, or more than one
        """
        text = str(value or "").strip()
        if not text:
            return None
        found = list(self.model._default_manager.filter(**{self.field: text})[:2])
        if len(found) != 1:
            many = "several rows have" if found else "no row has"
            raise ValueError(f"{many} {self.field} {text!r}")
        row_found: Model = found[0]
        return row_found

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        """Return what people call the row; an identifier as they write it."""
        if value is None:
            return ""
        column = self.model._meta.get_field(self.field)
        text = getattr(value, self.field)
        return column.display(text) if isinstance(column, IdentifierField) else str(text)
