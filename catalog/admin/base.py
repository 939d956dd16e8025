"""What the catalog's admin pages share: history, the clock, answers to actions, media."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar, cast

from django import forms
from django.contrib import messages
from django.contrib.admin.options import BaseModelAdmin
from django.contrib.admin.utils import flatten_fieldsets
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError
from django.db.models import Model
from django.db.models.fields.files import FieldFile
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from import_export.formats.base_formats import CSV, XLSX
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import ModelAdmin
from unfold.contrib.import_export.forms import ExportForm, ImportForm
from unfold.forms import BaseDialogForm
from unfold.utils import display_for_label
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminDateWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from catalog.admin.import_progress import ShowingImportMixin
from catalog.models.fields import WordSetField
from catalog.rights.territories import InvalidTerritory, parse_territories
from catalog.rights.wording import name_words

# XLSX is offered where openpyxl is installed.
TABLE_FORMATS = [table for table in (CSV, XLSX) if table().is_available()]
STATUS_COLORS = {
    "active": "success",
    "activated": "success",
    "captured": "success",
    "permission": "success",
    "in review": "warning",
    "draft": "info",
    "open": "warning",
    "exercised": "success",
    "lapsed": "danger",
    "held": "warning",
    "suspended": "warning",
    "prohibition": "danger",
    "withdrawn": "danger",
    "ended": "danger",
    "superseded": "info",
    "rejected": "danger",
    "cancelled": "danger",
    "inactive": "danger",
}


Page = TypeVar("Page", bound=BaseModelAdmin[Any])
Row = TypeVar("Row", bound=Model)


def draw_once(draw: Callable[[Page, Row], str]) -> Callable[[Page, Row], str]:
    """Keep with the row what was drawn of it: the theme asks for a field up to seven times a page."""

    @wraps(draw)
    def wrapper(page: Page, row: Row) -> str:
        drawn: dict[str, str] = row.__dict__.setdefault("_drawn", {})
        if draw.__name__ not in drawn:
            drawn[draw.__name__] = draw(page, row)
        return drawn[draw.__name__]

    return wrapper


def draw_status(status: str) -> str:
    """Return a status as a colored label, as the lists show it."""
    return str(display_for_label(status, "-", STATUS_COLORS))


class CatalogAdmin(SimpleHistoryAdmin, ModelAdmin):  # type: ignore[misc]  # both are untyped
    """An admin page with history; rows of the record are not deleted from it."""

    object_history_list_template = "admin/catalog/history_list.html"
    compressed_fields = True
    warn_unsaved_form = True
    list_fullwidth = True
    readonly_preprocess_fields = {"show_status": draw_status, "uses": name_words}

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Give sets of words the check boxes and text lines of the theme."""
        if isinstance(db_field, WordSetField):
            kwargs["widget"] = (
                UnfoldAdminCheckboxSelectMultipleWidget()
                if db_field.words
                else UnfoldAdminTextInputWidget()
            )
            return db_field.formfield(**kwargs)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: the catalog supersedes, ends and withdraws."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse while a version of the past is read: what was is not typed over."""
        return not is_reading_version(request) and bool(super().has_change_permission(request, obj))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Show everything as text to those who may not change the row."""
        if obj is not None and not self.has_change_permission(request, obj):
            return list(flatten_fieldsets(self.get_fieldsets(request, obj)))
        return list(super().get_readonly_fields(request, obj))

    def history_form_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show a row as it was. Nothing is put back from there: that would pass by the services and what they guard.

        Raises
        ------
        PermissionDenied : if something is sent
        """
        if request.method != "GET":
            raise PermissionDenied
        request.is_reading_version = True  # type: ignore[attr-defined]  # for `has_change_permission`
        response: HttpResponse = super().history_form_view(request, *args, **kwargs)
        return response


class ExchangingAdmin(ShowingImportMixin, CatalogAdmin):
    """A page whose table comes in, after a dry run with row errors, and goes out."""

    import_form_class = ImportForm
    export_form_class = ExportForm
    formats = TABLE_FORMATS

    def has_import_permission(self, request: HttpRequest) -> bool:
        """Let those import who may add and change what comes in."""
        return bool(self.has_add_permission(request) and self.has_change_permission(request))

    def has_export_permission(self, request: HttpRequest) -> bool:
        """Let those take a table out who may see it."""
        return bool(self.has_view_permission(request))


class TerritoriesField(forms.CharField):
    """Territories as contracts write them."""

    def __init__(self, **kwargs: Any) -> None:
        """Explain the expression beside the field."""
        super().__init__(
            widget=UnfoldAdminTextInputWidget(),
            initial="Worldwide",
            help_text="ISO codes or names: “DE, AT, CH”, “Worldwide except US, CA”.",
            **kwargs,
        )

    def clean(self, value: Any) -> str:
        """Return the expression, refusing what names no country.

        Raises
        ------
        ValidationError : with what is wrong
        """
        text = str(super().clean(value))
        try:
            parse_territories(text)
        except InvalidTerritory as error:
            raise ValidationError(str(error)) from error
        return text


class ConfirmForm(BaseDialogForm):  # type: ignore[misc]  # untyped
    """Ask once more before something is done."""


class NoteForm(BaseDialogForm):  # type: ignore[misc]  # untyped
    """Ask why."""

    note = forms.CharField(
        max_length=300, label="Why", widget=UnfoldAdminTextareaWidget(attrs={"rows": 3})
    )


class DayForm(BaseDialogForm):  # type: ignore[misc]  # untyped
    """Ask for a day and why."""

    day = forms.DateField(label="Day", widget=UnfoldAdminDateWidget())
    note = forms.CharField(
        max_length=300,
        label="Why",
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )


def is_reading_version(request: HttpRequest) -> bool:
    """Tell whether the page that is asked for shows a row as it was."""
    return getattr(request, "is_reading_version", False)


def read_clock() -> datetime:
    """Return the time; admin pages are an entry point, services take it as an argument."""
    return timezone.now()


def get_person(request: HttpRequest) -> User:
    """Return who is asking; pages of the admin are not shown to anybody unknown."""
    return cast(User, request.user)


def get_row(page: BaseModelAdmin[Any], request: HttpRequest, object_id: Any) -> Any:
    """Return the row that an address names.

    Raises
    ------
    Http404 : if it names none that the person may see
    """
    row = page.get_object(request, str(object_id))  # type: ignore[attr-defined]  # pages of rows have it
    if row is None:
        raise Http404(f"There is no {page.opts.verbose_name} {object_id}.")
    return row


def redirect_to(obj: Model) -> HttpResponse:
    """Send a dialog on to the page of a row."""
    return HttpResponse(headers={"HX-Redirect": get_change_url(obj)})


def get_change_url(obj: Model) -> str:
    """Return the address of a row's page."""
    return reverse(f"admin:{obj._meta.app_label}_{obj._meta.model_name}_change", args=[obj.pk])


def run_action(request: HttpRequest, obj: Model, work: Any, success: str) -> HttpResponse:
    """Do one thing and say how it went, on the page of the row it was about or that came of it."""
    target = obj
    try:
        result = work()
    except (IntegrityError, ValidationError) as error:
        messages.error(request, "; ".join(getattr(error, "messages", [str(error)])))
    except Exception as error:
        if type(error).__module__.split(".")[0] != "catalog":
            raise  # not an answer of the catalog but a fault
        messages.error(request, str(error))
    else:
        target = result if isinstance(result, Model) else obj
        messages.success(request, success)
    return redirect_to(target)


def link_to(obj: Model | None, text: str = "") -> str:
    """Return a link to a row's page."""
    if obj is None:
        return "-"
    return format_html(
        '<a class="text-primary-600" href="{}">{}</a>', get_change_url(obj), text or str(obj)
    )


def show_player(file: FieldFile | None) -> str:
    """Return an audio player for a stored file."""
    if not file or not getattr(file, "name", ""):
        return "No audio yet: import it with `manage.py import_stems`."
    url = reverse("protected-media", args=[file.name])
    return format_html(
        '<audio controls preload="none" style="width: 100%; max-width: 32rem" src="{}"></audio>',
        url,
    )
