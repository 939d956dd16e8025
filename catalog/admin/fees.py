"""Fees: what is owed under which grant."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from catalog.admin.base import ExchangingAdmin, link_to
from catalog.exchange.contracts import FeeResource
from catalog.models import Fee


@admin.register(Fee)
class FeeAdmin(ExchangingAdmin):
    """Every fee; they are entered with their grant, or come in as a table."""

    resource_classes = [FeeResource]

    list_display = ["show_grant", "kind", "amount", "currency", "show_payee"]
    list_filter = ["kind", "currency", "grant__agreement__licensor"]
    search_fields = ["grant__agreement__number", "payee__name"]
    fields = ["show_grant", "kind", "amount", "currency", "show_payee"]
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Fee]:
        """Load what the list shows in one query."""
        rows: QuerySet[Fee] = super().get_queryset(request)
        return rows.select_related("grant__agreement__licensor", "payee")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: fees are entered with their grant."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: the fees of a draft change on the page of the grant, those of a grant in force do not."""
        return False

    def has_import_permission(self, request: HttpRequest) -> bool:
        """Let editors bring in the fees of drafts as a table."""
        return request.user.has_perm("catalog.add_fee")

    @display(description="Grant", ordering="grant__agreement__number")
    def show_grant(self, fee: Fee) -> str:
        """Return a link to the grant."""
        return link_to(fee.grant)

    @display(description="Payee")
    def show_payee(self, fee: Fee) -> str:
        """Return who is paid."""
        return str(fee.payee or fee.grant.agreement.licensor)
