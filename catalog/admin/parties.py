"""Parties."""

from django.contrib import admin
from unfold.decorators import display

from catalog.admin.base import ExchangingAdmin
from catalog.exchange.resources import PartyResource
from catalog.models import Party
from catalog.rights.identifiers import IdentifierKind, format_identifier


@admin.register(Party)
class PartyAdmin(ExchangingAdmin):
    """Those who own, license or perform."""

    resource_classes = [PartyResource]

    list_display = ["name", "kind", "show_isni", "ipi_name", "ipi_base", "show_dpid", "country"]
    list_filter = ["kind", "country"]
    search_fields = ["name", "legal_name", "isni", "ipi_name", "ipi_base", "dpid"]
    fieldsets = [
        (None, {"fields": ["name", "legal_name", "kind", "country", "tax_residence", "contact"]}),
        ("Identifiers", {"fields": ["isni", "ipi_name", "ipi_base", "dpid"]}),
    ]

    @display(description="ISNI")
    def show_isni(self, party: Party) -> str:
        """Return the ISNI as people write it."""
        return format_identifier(party.isni or "", kind=IdentifierKind.ISNI) or "-"

    @display(description="DPID")
    def show_dpid(self, party: Party) -> str:
        """Return the DPID as people write it."""
        return format_identifier(party.dpid or "", kind=IdentifierKind.DPID) or "-"
