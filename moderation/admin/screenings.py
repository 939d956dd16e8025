"""Screenings in the admin: to read, never to change."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.decorators import display

from moderation.admin.marked_text import mark_text
from moderation.models import Screening
from moderation.queries import get_policies
from moderation.screening.policy import Outcome
from moderation.services.policy_impact import replay_screening

# Colors of the outcomes, as unfold names them.
OUTCOME_COLORS = {
    Outcome.ALLOW.value: "success",
    Outcome.REVIEW.value: "warning",
    Outcome.BLOCK.value: "danger",
}


@admin.register(Screening)
class ScreeningAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """Show what was screened and how it was answered."""

    list_display = ["public_id", "show_outcome", "language", "kind", "client", "created_at"]
    list_filter = ["outcome", "language", "kind", "policy_version", "campaign"]
    search_fields = ["public_id", "client"]
    date_hierarchy = "created_at"
    fieldsets = [
        (None, {"fields": ["public_id", "show_outcome", "show_text", "client", "kind", "campaign", "created_at"]}),
        ("Replay", {"fields": ["show_replay"]}),
        ("As answered", {"fields": ["language_hint", "language", "policy_version", "engine_version",
                                    "shadow_version", "shadow_outcome", "answer"]}),
    ]  # fmt: skip
    readonly_fields = [name for _, options in fieldsets for name in options["fields"]]

    @display(description="outcome", label=OUTCOME_COLORS, ordering="outcome")
    def show_outcome(self, screening: Screening) -> str:
        """Return the outcome, colored by unfold."""
        return screening.outcome

    @display(description="text")
    def show_text(self, screening: Screening) -> SafeString:
        """Return the text with its findings marked, covered until somebody asks for it."""
        pieces = mark_text(text=screening.text, spans=screening.answer.get("spans", []))
        return render_to_string(
            "moderation/marked_text.html", {"pieces": pieces, "language": screening.language}
        )

    @display(description="decided again")
    def show_replay(self, screening: Screening) -> SafeString:
        """Return the decision made again under the policy of its day, and under the live one."""
        live = get_policies().live
        replays = [replay_screening(screening=screening)]
        if live.version != screening.policy_version:
            replays.append(replay_screening(screening=screening, version=live.version))
        return render_to_string(
            "moderation/replay.html", {"screening": screening, "replays": replays}
        )

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False
