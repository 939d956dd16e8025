"""Columns for what the catalog stores often: sets of words, and industry identifiers."""

from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.text import capfirst

from catalog.rights.identifiers import (
    LABELS,
    IdentifierKind,
    InvalidIdentifier,
    format_identifier,
    normalize_identifier,
)
from catalog.rights.wording import name_words

SEPARATOR = "|"


def pack_words(words: Iterable[str]) -> str:
    """Return a set of words as stored: `|download|event|`, or nothing. `LIKE '%|download|%'` finds a word."""
    cleaned = sorted({str(word).strip() for word in words if str(word).strip()})
    return f"{SEPARATOR}{SEPARATOR.join(cleaned)}{SEPARATOR}" if cleaned else ""


@lru_cache(maxsize=4096)
def unpack_words(text: str) -> tuple[str, ...]:
    """Return the words of a stored set, sorted."""
    return tuple(word for word in text.split(SEPARATOR) if word)


# What an empty set of words means where it does not mean any.
EMPTY_SETS = {
    "moral_terms": "none stated",
    "third_party_samples": "none",
    "uses": "every use",
}


def describe_value(value: Any, *, column: Any) -> str:
    """Return a column's value as people read it; words of a closed set are spelled out, what was typed freely stays."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value in (None, "", ()):
        return EMPTY_SETS.get(column.name, "any") if isinstance(column, WordSetField) else "none"
    text = ", ".join(value) if isinstance(value, tuple | list) else str(value)
    is_closed = column.choices or getattr(column, "words", None)
    return name_words(text) if is_closed else text


class WordSetField(models.Field[Any, Any]):
    """A set of words, closed by an enumeration or open; a tuple in Python, text in the database."""

    _pyi_private_set_type: Iterable[str]
    _pyi_private_get_type: tuple[str, ...]

    def __init__(self, *args: Any, words: type[StrEnum] | None = None, **kwargs: Any) -> None:
        """Take the enumeration the words come from, if there is one."""
        self.words = words
        kwargs.setdefault("blank", True)
        kwargs.setdefault("default", "")
        super().__init__(*args, **kwargs)

    def get_internal_type(self) -> str:
        """Return the column's type."""
        return "TextField"

    def from_db_value(self, value: str | None, *_: Any) -> tuple[str, ...]:
        """Return the stored words."""
        return unpack_words(value or "")

    def to_python(self, value: Any) -> tuple[str, ...]:
        """Return words however they came: stored, typed with commas, or chosen from a list."""
        if value is None:
            return ()
        if isinstance(value, str):
            parts = value.split(SEPARATOR) if SEPARATOR in value else value.split(",")
            return unpack_words(pack_words(parts))
        return unpack_words(pack_words(value))

    def get_prep_value(self, value: Any) -> str:
        """Return the stored form."""
        return pack_words(self.to_python(value))

    def value_to_string(self, obj: models.Model) -> str:
        """Return the stored form for fixtures."""
        return self.get_prep_value(self.value_from_object(obj))

    def validate(self, value: Any, model_instance: models.Model | None) -> None:
        """Refuse words that the enumeration does not have."""
        super().validate(value, model_instance)
        if self.words is None:
            return
        known = {str(word) for word in self.words}
        if unknown := set(value) - known:
            raise ValidationError(
                f"{', '.join(sorted(unknown))}: expected some of {', '.join(sorted(known))}"
            )

    def formfield(self, **kwargs: Any) -> forms.Field:  # type: ignore[override]
        """Return check boxes for a closed set, a text line for an open one."""
        required, help_text = not self.blank, str(self.help_text)
        label = capfirst(self.verbose_name)
        if self.words is None:
            return WordsFormField(
                required=required, label=label, help_text=help_text, widget=kwargs.get("widget")
            )
        return forms.MultipleChoiceField(
            required=required,
            label=label,
            help_text=help_text,
            choices=[(str(word), name_words(str(word))) for word in self.words],
            widget=kwargs.get("widget") or forms.CheckboxSelectMultiple,
        )


class WordsFormField(forms.CharField):
    """Words typed with commas between them."""

    def prepare_value(self, value: Any) -> Any:
        """Return the words as people type them."""
        return ", ".join(value) if isinstance(value, tuple | list) else value


class IdentifierField(models.CharField[Any, Any]):
    """An industry identifier: checked, stored normalized, NULL when there is none (so that it can be unique)."""

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        """Take which identifier it is."""
        self.kind = IdentifierKind(kind)
        kwargs.setdefault("max_length", 20)
        kwargs.setdefault("null", True)
        kwargs.setdefault("blank", True)
        kwargs.setdefault("verbose_name", LABELS[self.kind])
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        """Return what a migration needs."""
        name, path, args, kwargs = super().deconstruct()
        kwargs["kind"] = str(self.kind)
        return name, path, args, kwargs

    def to_python(self, value: Any) -> str | None:
        """Return the normal form.

        Raises
        ------
        ValidationError : if the check digit or the pattern is wrong
        """
        if value is None or not str(value).strip():
            return None
        try:
            return normalize_identifier(str(value), kind=self.kind)
        except InvalidIdentifier as error:
            raise ValidationError(str(error)) from error

    def get_prep_value(self, value: Any) -> str | None:
        """Return the normal form; an invalid one is never stored, whichever way it came."""
        return self.to_python(value)

    def pre_save(
        self,
        model_instance: models.Model,
        add: bool,  # noqa: ARG002, FBT001 - Django's signature
    ) -> str | None:
        """Normalize the attribute too, so that the instance shows what was stored."""
        value = self.to_python(getattr(model_instance, self.attname))
        setattr(model_instance, self.attname, value)
        return value

    def value_from_object(self, obj: models.Model) -> str | None:
        """Return what a form shows: the identifier as people write it."""
        return self.display(super().value_from_object(obj)) or None

    def display(self, value: str | None) -> str:
        """Return the identifier as people write it."""
        return format_identifier(value or "", kind=self.kind)
