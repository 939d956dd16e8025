"""Lexicon overrides in the admin: add or silence an entry, with a reason; the next text feels it."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from moderation.models import LexiconOverride, OverrideAction
from moderation.screening.language_pack import load_language_pack
from moderation.services.lexicon import save_override


class OverrideForm(forms.ModelForm):  # type: ignore[type-arg]
    """Check that an added entry has a category and a silenced one is in its pack."""

    class Meta:
        model = LexiconOverride
        fields = ["action", "language", "text", "category", "severity", "reason", "expires_at"]

    def clean(self) -> dict[str, Any]:
        """Check the entry against the pack of its language."""
        cleaned = super().clean() or {}
        text = cleaned["text"] = cleaned.get("text", "").strip().lower()
        if cleaned.get("action") == OverrideAction.ADD and not cleaned.get("category"):
            self.add_error("category", "An added entry needs its category.")
        if cleaned.get("action") == OverrideAction.SILENCE and cleaned.get("language"):
            entries = {term.text for term in load_language_pack(cleaned["language"]).terms}
            if text not in entries:
                self.add_error("text", "The pack of this language has no such entry.")
        return cleaned


@admin.register(LexiconOverride)
class LexiconOverrideAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """Show and change what counts beside the packs."""

    form = OverrideForm
    list_display = [
        "text",
        "language",
        "action",
        "category",
        "severity",
        "expires_at",
        "created_by",
    ]
    list_filter = ["action", "language", "category"]
    search_fields = ["text", "reason"]

    def save_model(
        self,
        request: HttpRequest,
        obj: LexiconOverride,
        form: Any,
        change: bool,  # noqa: FBT001 - Django's signature
    ) -> None:
        """Store the override with who made it."""
        save_override(override=obj, by=request.user.get_username())
