"""The dialog in which a marked correction is proposed: each term is set as it is entered, and begins as it reads now."""

from contextlib import suppress
from typing import Any

from django import forms
from django.core.exceptions import ObjectDoesNotExist
from django.db import models
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.forms import BaseDialogForm
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from catalog.models import Grant
from catalog.models.fields import WordSetField
from catalog.rights.wording import name_words
from catalog.services.change_sets import CORRECTABLE_TERMS
from catalog.services.row_reading import parse_flag

# Shows what belongs to the chosen term; what is hidden is not sent.
CHOOSE = """
<script>
(() => {
  const term = document.querySelector("#dialog select[name=term]");
  const choose = () => document.querySelectorAll("#dialog [data-term]").forEach((part) => {
    part.hidden = part.dataset.term !== term.value;
    part.querySelectorAll("input, select").forEach((field) => { field.disabled = part.hidden; });
  });
  term.addEventListener("change", choose);
  choose();
})();
</script>
"""


def list_correctable() -> list[tuple[str, str]]:
    """Return the terms that a correction may set, as people call them."""
    return [(name, name_words(name)) for name in sorted(CORRECTABLE_TERMS)]


def make_widget(term: str) -> forms.Widget:
    """Return what a term is set with: boxes for words of a closed set, a list for one of several, a line otherwise."""
    column: Any = None if term == "territories" else Grant._meta.get_field(term)
    widget: forms.Widget
    if isinstance(column, WordSetField) and column.words:
        words = [(str(word), name_words(word)) for word in column.words]
        widget = UnfoldAdminCheckboxSelectMultipleWidget(choices=words)
    elif isinstance(column, models.BooleanField):
        widget = UnfoldAdminSelectWidget(choices=[("yes", "yes"), ("no", "no")])
    elif column is not None and column.choices:
        widget = UnfoldAdminSelectWidget(choices=column.choices)
    else:
        kind = "date" if isinstance(column, models.DateField) else "text"
        widget = UnfoldAdminTextInputWidget(attrs={"type": kind})
    return widget


def read_value(grant: Grant, term: str) -> Any:
    """Return what a term reads now, as its widget takes it."""
    if term == "territories":
        return str(grant.territory)
    value = getattr(grant, term)
    column = Grant._meta.get_field(term)
    if isinstance(column, WordSetField):
        return list(value) if column.words else ", ".join(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else value


class TermWidget(forms.Widget):
    """A widget for each term, of which the one that is chosen is shown and sent."""

    grant: Grant | None = None

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        """Return every widget under one name."""
        parts = (
            (term, make_widget(term).render(name, self._find_value(term, value), {"id": f"id_{name}_{term}"}, renderer))
            for term, _ in list_correctable()
        )  # fmt: skip
        boxes = format_html_join("", '<div data-term="{}" hidden>{}</div>', parts)
        return format_html("{}{}", boxes, SafeString(CHOOSE))

    def _find_value(self, term: str, value: Any) -> Any:
        if value is not None or self.grant is None:
            return value
        return read_value(self.grant, term)

    def value_from_datadict(self, data: Any, files: Any, name: str) -> str:
        """Return what was set; of several boxes their words with commas between them."""
        values = data.getlist(name) if hasattr(data, "getlist") else [data.get(name, "")]
        return ", ".join(values)


class CorrectionForm(BaseDialogForm):  # type: ignore[misc]  # untyped
    """Ask which term was entered wrongly, and what it should read."""

    term = forms.ChoiceField(choices=list_correctable, widget=UnfoldAdminSelectWidget())
    value = forms.CharField(
        required=False,
        max_length=1000,
        label="As it should read",
        widget=TermWidget(),
        help_text="It begins as it reads now. Where words are typed: with commas between them.",
    )
    note = forms.CharField(
        max_length=300,
        label="What shows that it is an error of entry",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Show what the grant says now."""
        super().__init__(*args, **kwargs)
        # An address that names no grant is answered by the action.
        with suppress(ObjectDoesNotExist, ValueError, OverflowError):
            self.fields["value"].widget.grant = Grant.objects.get(pk=self.object_id)

    def clean(self) -> dict[str, Any]:
        """Read yes and no where the term is one or the other."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        term = cleaned.get("term", "territories")
        is_flag = term != "territories" and isinstance(
            Grant._meta.get_field(term), models.BooleanField
        )
        if is_flag:
            try:
                cleaned["value"] = parse_flag(cleaned.get("value", ""))
            except ValueError:
                self.add_error("value", "Expected yes or no.")
        return cleaned
