"""Lexicon overrides in the admin: add or silence an entry, with a reason; the next text feels it."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import ModelAdmin
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextareaWidget

from moderation.admin.actions import read_clock, run_action
from moderation.models import LexiconOverride, OverrideAction
from moderation.screening.language_pack import load_language_pack
from moderation.screening.languages import LANGUAGES
from moderation.services.lexicon import end_override, resume_override, save_override


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


class WhyForm(BaseDialogForm):  # type: ignore[misc]  # untyped
    """Ask why."""

    why = forms.CharField(
        max_length=80, label="Why", widget=UnfoldAdminTextareaWidget(attrs={"rows": 2})
    )


@admin.register(LexiconOverride)
class LexiconOverrideAdmin(SimpleHistoryAdmin, ModelAdmin):  # type: ignore[misc]  # both are untyped
    """Show and change what counts beside the packs."""

    form = OverrideForm
    list_display = [
        "text",
        "language",
        "show_action",
        "category",
        "severity",
        "show_force",
        "reason",
        "created_by",
    ]
    list_filter = ["action", "language", "category"]
    list_filter_submit = False
    search_fields = ["text", "reason"]
    list_before_template = "moderation/lexicon_help.html"
    history_list_display = ["action", "severity", "expires_at"]
    actions_detail = ["end", "resume"]
    warn_unsaved_form = True

    @display(description="action", label={"add": "warning", "silence": "info"}, ordering="action")
    def show_action(self, override: LexiconOverride) -> tuple[str, str]:
        """Return what it does, colored."""
        return override.action, override.get_action_display()

    @display(
        description="in force", label={"yes": "success", "until": "warning", "ended": "danger"}
    )
    def show_force(self, override: LexiconOverride) -> tuple[str, str]:
        """Return whether the next text feels it, and until when."""
        if override.expires_at is None:
            return "yes", "In force"
        when = f"{override.expires_at:%Y-%m-%d %H:%M} UTC"
        if override.is_in_force(now=read_clock()):
            return "until", f"Until {when}"
        return "ended", f"Ended {when}"

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list, with what is in the packs already."""
        packs = [(code, len(load_language_pack(code).terms)) for code in LANGUAGES]
        response: HttpResponse = super().changelist_view(
            request, {**(extra_context or {}), "packs": packs}
        )
        return response

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: an override is ended, so that its history stays."""
        return False

    def history_form_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show an override as it was; nothing is put back from there.

        Raises
        ------
        PermissionDenied : if something is sent
        """
        if request.method != "GET":
            raise PermissionDenied
        response: HttpResponse = super().history_form_view(request, *args, **kwargs)
        return response

    def revert_disabled(self, request: HttpRequest, obj: Any = None) -> bool:
        """Offer no button for it either."""
        return True

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Offer to end what is in force, and the other way round."""
        override = self.get_object(request, str(object_id))
        if override is None or not self.has_change_permission(request, override):
            return []
        offered = "end" if override.is_in_force(now=read_clock()) else "resume"
        return [
            item
            for item in super().get_actions_detail(request, object_id)
            if item.action_name.endswith(f"_{offered}") or item.action_name == offered
        ]

    def save_model(
        self,
        request: HttpRequest,
        obj: LexiconOverride,
        form: Any,
        change: bool,  # noqa: FBT001 - Django's signature
    ) -> None:
        """Store the override with who made it."""
        save_override(override=obj, by=request.user.get_username())

    @action(
        description="End now",
        icon="block",
        permissions=["change"],
        dialog={"title": "Let it have no effect any more?", "description": "It stays in the list and can be resumed.",
                "form_class": WhyForm, "form_submit_text": "End it"},
    )  # fmt: skip
    def end(self, request: HttpRequest, form: Any, object_id: int) -> HttpResponse:
        """End it."""
        override = get_object_or_404(LexiconOverride, pk=object_id)
        why = form.cleaned_data["why"]
        return run_action(request, override,
                          lambda: end_override(override=override, why=why, now=read_clock()),
                          "It has no effect from the next text on.")  # fmt: skip

    @action(
        description="Put in force again",
        icon="undo",
        permissions=["change"],
        dialog={"title": "Let it have its effect again?", "description": "Until somebody ends it.",
                "form_class": WhyForm, "form_submit_text": "Resume it"},
    )  # fmt: skip
    def resume(self, request: HttpRequest, form: Any, object_id: int) -> HttpResponse:
        """Put it in force again."""
        override = get_object_or_404(LexiconOverride, pk=object_id)
        why = form.cleaned_data["why"]
        return run_action(request, override, lambda: resume_override(override=override, why=why),
                          "The next text feels it.")  # fmt: skip
