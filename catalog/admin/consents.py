"""Voice consents."""

from typing import Any

from django import forms
from django.contrib import admin
from unfold.decorators import display

from catalog.admin.base import ExchangingAdmin, TerritoriesField
from catalog.exchange.contracts import ConsentResource
from catalog.models import TerritorySet, VoiceConsent


class VoiceConsentForm(forms.ModelForm):  # type: ignore[type-arg]  # generic only in stubs
    """A consent with its territories as an expression."""

    territories = TerritoriesField()

    class Meta:
        model = VoiceConsent
        fields = [
            "performer", "uses", "valid_from", "valid_until", "campaign", "revocable", "revoked_on", "separate_writing",
            "document",
        ]  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Show the territories of a stored consent."""
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["territories"] = str(self.instance.territory)

    def clean(self) -> dict[str, Any]:
        """Set the territories before the row is checked."""
        cleaned = super().clean() or {}
        if "territories" in cleaned:
            self.instance.territory = TerritorySet.objects.get_for(cleaned["territories"])
        return cleaned


@admin.register(VoiceConsent)
class VoiceConsentAdmin(ExchangingAdmin):
    """What performers themselves agreed to."""

    resource_classes = [ConsentResource]

    form = VoiceConsentForm
    list_display = ["performer", "territory", "valid_from", "valid_until", "revoked_on"]
    list_filter = ["revoked_on", "separate_writing"]
    search_fields = ["performer__name", "campaign"]
    autocomplete_fields = ["performer"]
    fields = [
        "performer", "uses", "territories", "valid_from", "valid_until", "campaign", "revocable", "revoked_on",
        "separate_writing", "document",
    ]  # fmt: skip

    @display(description="Territories")
    def territories(self, consent: VoiceConsent) -> str:
        """Return the expression, for those who read it and do not change it."""
        return str(consent.territory)
