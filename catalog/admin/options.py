"""Options: what may still be claimed under a grant, and by when."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.decorators import action, display

from catalog.admin.base import (
    STATUS_COLORS,
    DayForm,
    ExchangingAdmin,
    draw_status,
    get_person,
    get_row,
    link_to,
    read_clock,
    run_action,
)
from catalog.exchange.contracts import OptionResource
from catalog.models import Option
from catalog.services.options import exercise_option


@admin.register(Option)
class OptionAdmin(ExchangingAdmin):
    """Every option; they are entered with their grant, or come in as a table."""

    resource_classes = [OptionResource]

    list_display = ["show_grant", "extends", "gives", "exercise_by", "show_fee", "show_state"]
    list_display_links = ["gives"]
    list_filter = ["extends", "exercise_by", "grant__agreement__licensor"]
    search_fields = ["grant__agreement__number", "gives"]
    fields = [
        "show_grant",
        "show_state",
        "extends",
        "gives",
        "exercise_by",
        "show_fee",
        "exercised_on",
    ]
    readonly_fields = fields
    readonly_preprocess_fields = {"show_state": draw_status}
    actions_detail = ["exercise"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Option]:
        """Load what the list shows in one query."""
        rows: QuerySet[Option] = super().get_queryset(request)
        return rows.select_related("grant__agreement")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: options are entered with their grant."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: the options of a draft change on the page of the grant, those of a grant in force do not."""
        return False

    def has_import_permission(self, request: HttpRequest) -> bool:
        """Let editors bring in the options of drafts as a table."""
        return request.user.has_perm("catalog.add_option")

    def has_exercise_permission(self, request: HttpRequest, _object_id: Any = None) -> bool:
        """Let editors enter that an option was exercised."""
        return request.user.has_perm("catalog.change_option")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Offer to exercise what is open."""
        option = self.get_object(request, str(object_id))
        is_open = option is not None and option.exercised_on is None
        return list(super().get_actions_detail(request, object_id)) if is_open else []

    @display(description="Grant", ordering="grant__agreement__number")
    def show_grant(self, option: Option) -> str:
        """Return a link to the grant."""
        return link_to(option.grant)

    @display(description="Fee")
    def show_fee(self, option: Option) -> str:
        """Return what it costs."""
        return option.fee

    @display(description="State", label=STATUS_COLORS)
    def show_state(self, option: Option) -> str:
        """Return whether it can still be exercised, colored."""
        if option.exercised_on is not None:
            return "exercised"
        return "lapsed" if option.exercise_by < read_clock().date() else "open"

    @action(
        description="Exercise",
        icon="task_alt",
        permissions=["exercise"],
        dialog={"title": "Enter that this option was exercised",
                "description": "The day on which the licensor was told. What it gives is then entered as a grant.",
                "form_class": DayForm, "form_submit_text": "Enter"},
    )  # fmt: skip
    def exercise(self, request: HttpRequest, form: Any, object_id: int) -> HttpResponse:
        """Enter the day of exercise."""
        option = get_row(self, request, object_id)
        return run_action(
            request,
            option,
            lambda: exercise_option(
                option=option,
                on=form.cleaned_data["day"],
                by=get_person(request),
                note=form.cleaned_data["note"],
            ),
            "Entered. Draft what the option gives on the page of the grant: Supersede.",
        )
