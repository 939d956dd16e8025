"""Caps and their ledger."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet, Sum
from django.http import HttpRequest
from import_export.admin import ExportMixin
from unfold.admin import ModelAdmin
from unfold.contrib.import_export.forms import ExportForm
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from catalog.admin.base import (
    STATUS_COLORS,
    TABLE_FORMATS,
    ExchangingAdmin,
    draw_once,
    get_person,
    get_row,
    link_to,
    read_clock,
    run_action,
)
from catalog.admin.drawings import draw_share_of
from catalog.admin.tables import draw_table
from catalog.exchange.contracts import CapResource
from catalog.exchange.resources import UsageResource
from catalog.models import Cap, CapHold
from catalog.models.change_sets import ChangeAction
from catalog.services.change_sets import ProposedChange, propose_changes

LEDGER_LINES = 50


class LimitForm(BaseDialogForm):  # type: ignore[misc]  # untyped
    """Ask for a new limit."""

    limit = forms.IntegerField(min_value=0, widget=UnfoldAdminIntegerFieldWidget())


@admin.register(Cap)
class CapAdmin(ExchangingAdmin):
    """What is left, and every line of the ledger."""

    resource_classes = [CapResource]

    list_display = ["__str__", "show_grant", "show_scope", "show_taken", "show_bar"]
    list_filter = ["unit", "period", "scope", "on_limit"]
    search_fields = ["grant__agreement__number"]
    fields = [
        "show_grant", "unit", "limit", "period", "scope", "on_limit", "warn_at_pct", "show_balances", "show_ledger",
    ]  # fmt: skip
    actions_detail = ["propose_limit"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Cap]:
        """Add what is taken to every row."""
        rows: QuerySet[Cap] = super().get_queryset(request)
        return (
            rows.select_related("grant__agreement")
            .prefetch_related("balances")
            .annotate(
                n_held=Sum("balances__held", default=0),
                n_captured=Sum("balances__captured", default=0),
            )
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: caps are entered with their grant."""
        return False

    def has_import_permission(self, request: HttpRequest) -> bool:
        """Let editors bring in the caps of drafts as a table."""
        return request.user.has_perm("catalog.add_cap")

    def has_propose_permission(self, request: HttpRequest, _object_id: Any = None) -> bool:
        """Let editors prepare what another person decides."""
        return request.user.has_perm("catalog.add_changeset")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Let nothing be typed over: a limit changes by a change set."""
        settable = ("warn_at_pct", "on_limit") if self.has_change_permission(request, obj) else ()
        return [name for name in self.fields if name not in settable]

    @display(description="Grant")
    def show_grant(self, cap: Cap) -> str:
        """Return a link to the grant."""
        return link_to(cap.grant)

    @display(description="Counts")
    def show_scope(self, cap: Cap) -> str:
        """Return what is counted."""
        return cap.get_scope_display()

    @display(description="Held / used / limit")
    def show_taken(self, cap: Any) -> str:
        """Return the numbers."""
        return f"{cap.n_held} / {cap.n_captured} / {cap.limit}"

    @display(description="Taken")
    def show_bar(self, cap: Any) -> str:
        """Return a bar; a cap that starts again is judged by its fullest stretch."""
        fullest = max((b.held + b.captured for b in cap.balances.all()), default=0)
        return draw_share_of(fullest, cap.limit)

    @display(description="Balances")
    @draw_once
    def show_balances(self, cap: Cap) -> str:
        """Return what is taken in each stretch."""
        rows = [(b.bucket or "in all", b.held, b.captured, max(0, cap.limit - b.held - b.captured))
                for b in cap.balances.order_by("-bucket")[:LEDGER_LINES]]  # fmt: skip
        if not rows:
            return "Nothing taken yet."
        return draw_table(heads=["For", "Held", "Used", "Left"], rows=rows)

    @display(description="Ledger, newest first")
    @draw_once
    def show_ledger(self, cap: Cap) -> str:
        """Return the last lines of the ledger."""
        rows = [(f"{e.at:%Y-%m-%d %H:%M:%S}", e.kind, e.quantity, e.subject, e.bucket or "in all")
                for e in cap.entries.all()[:LEDGER_LINES]]  # fmt: skip
        if not rows:
            return "No song has taken anything yet."
        return draw_table(heads=["At (UTC)", "What", "Quantity", "For", "Counted in"], rows=rows)

    @action(
        description="Propose a limit",
        icon="tune",
        permissions=["propose"],
        dialog={
            "title": "Propose a limit",
            "description": "Somebody else puts it in force.",
            "form_class": LimitForm,
            "form_submit_text": "Propose",
        },
    )
    def propose_limit(self, request: HttpRequest, form: Any, object_id: int) -> Any:
        """Prepare a change of the limit."""
        cap = get_row(self, request, object_id)
        change = ProposedChange(
            action=ChangeAction.SET_CAP_LIMIT,
            grant=cap.grant,
            cap=cap,
            limit=form.cleaned_data["limit"],
        )
        return run_action(
            request,
            cap,
            lambda: propose_changes(
                title=f"Limit {change.limit} for {cap.grant.label}",
                changes=[change],
                by=get_person(request),
                now=read_clock(),
            ),
            "Prepared. Somebody else can put it in force.",
        )


@admin.register(CapHold)
class CapHoldAdmin(ExportMixin, ModelAdmin):  # type: ignore[misc]  # untyped
    """What each song took; going out, this is the usage report per grant."""

    resource_classes = [UsageResource]
    export_form_class = ExportForm
    formats = TABLE_FORMATS
    list_display = ["subject", "cap", "quantity", "show_status", "bucket", "held_at", "settled_at"]
    list_filter = ["status", "cap__grant__agreement__licensor"]
    search_fields = ["subject", "cap__grant__agreement__number"]
    list_select_related = ["cap"]
    list_fullwidth = True

    @display(description="Status", label=STATUS_COLORS)
    def show_status(self, hold: CapHold) -> str:
        """Return the status, colored."""
        return hold.status

    def has_export_permission(self, request: HttpRequest) -> bool:
        """Let those take the report out who may see what songs took."""
        return bool(self.has_view_permission(request))

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: clearances hold."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: approvals and releases settle."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: it is on record."""
        return False
