"""An admin in which nothing can be changed: for what services write."""

from collections.abc import Callable
from functools import cache
from typing import Any, Final

from django.db.models import Model
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.decorators import display

from compliance.services.actors import name_people

# Columns that keep who did something in the words of the audit log, and their heads.
PEOPLE: Final = {
    "actor": "Who",
    "agreed_by": "Agreed by",
    "asked_by": "Asked by",
    "changed_by": "Changed by",
    "closed_by": "Closed by",
    "decided_by": "Decided by",
    "opened_by": "Opened by",
    "started_by": "Started by",
}


@cache
def show_person(column: str) -> Callable[[Model], str]:
    """Return what draws such a column in a list: people by their names."""

    @display(description=PEOPLE[column], ordering=column)
    def show(row: Model) -> str:
        return name_people(getattr(row, column)) or "-"

    return show  # type: ignore[no-any-return]  # the decorator is untyped


class ReadOnlyAdmin(ModelAdmin):  # type: ignore[misc]  # unfold is untyped
    """Show rows; add, change and delete nothing."""

    readonly_preprocess_fields = dict.fromkeys(PEOPLE, name_people)

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Name people in lists as on the pages of rows."""
        columns = super().get_list_display(request)
        return [show_person(name) if name in PEOPLE else name for name in columns]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False
