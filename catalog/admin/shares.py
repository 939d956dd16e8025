"""Shares: who owns what, and where it does not add up."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from catalog.admin.base import ExchangingAdmin, TerritoriesField
from catalog.exchange.resources import ShareResource
from catalog.models import Share, TerritorySet


class ShareForm(forms.ModelForm):  # type: ignore[type-arg]  # generic only in stubs
    """A share with its territories as an expression."""

    territories = TerritoriesField()

    class Meta:
        model = Share
        fields = [
            "work", "recording", "stem", "right_type", "party", "percent", "valid_from", "valid_until", "controlled", "basis",
            "source",
        ]  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Show the territories of a stored share."""
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["territories"] = str(self.instance.territory)

    def clean(self) -> dict[str, Any]:
        """Set the territories before the row is checked."""
        cleaned = super().clean() or {}
        if "territories" in cleaned:
            self.instance.territory = TerritorySet.objects.get_for(cleaned["territories"])
        return cleaned


@admin.register(Share)
class ShareAdmin(ExchangingAdmin):
    """Who owns how much of which right."""

    resource_classes = [ShareResource]

    form = ShareForm
    list_display = ["show_target", "right_type", "party", "percent", "territory", "show_basis"]
    list_filter = ["right_type", "basis", "controlled"]
    search_fields = [
        "party__name",
        "stem__external_id",
        "stem__title",
        "recording__title",
        "work__title",
    ]
    autocomplete_fields = ["work", "recording", "stem", "party"]
    fieldsets = [
        ("Of what", {"fields": ["stem", "recording", "work"]}),
        (None, {"fields": ["right_type", "party", "percent", "territories"]}),
        (
            "When, and how we know",
            {"fields": ["valid_from", "valid_until", "basis", "source", "controlled"]},
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Share]:
        """Load what the list shows in one query."""
        rows: QuerySet[Share] = super().get_queryset(request)
        return rows.select_related("stem", "recording", "work", "party", "territory")

    @display(description="Territories")
    def territories(self, share: Share) -> str:
        """Return the expression, for those who read it and do not change it."""
        return str(share.territory)

    @display(description="Of", header=True)
    def show_target(self, share: Share) -> list[str]:
        """Return what the share is of."""
        if share.stem:
            return [share.stem.external_id, "stem"]
        return [str(share.recording or share.work), "recording" if share.recording else "work"]

    @display(
        description="Basis",
        label={"contract": "success", "statement": "info", "assumed": "warning"},
    )
    def show_basis(self, share: Share) -> str:
        """Return how we know, an assumption marked."""
        return share.basis.split("_")[0]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let people with the permission take out a share; its history stays."""
        return bool(request.user.has_perm("catalog.delete_share"))
