"""Approvals of use: what licensors allowed in writing, campaign by campaign."""

from django.contrib import admin

from catalog.admin.base import ExchangingAdmin
from catalog.exchange.contracts import UseApprovalResource
from catalog.models import UseApproval


@admin.register(UseApproval)
class UseApprovalAdmin(ExchangingAdmin):
    """Every written approval; they may also be entered with their grant."""

    resource_classes = [UseApprovalResource]

    list_display = ["grant", "campaign", "approved_on", "approver"]
    list_filter = ["approved_on", "grant__agreement__licensor"]
    search_fields = ["grant__agreement__number", "campaign", "approver"]
    autocomplete_fields = ["grant"]
    list_select_related = ["grant__agreement"]
    fields = ["grant", "campaign", "approved_on", "approver", "document"]
