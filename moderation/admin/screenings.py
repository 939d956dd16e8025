"""Screenings in the admin: to read, never to change."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.decorators import display

from moderation.models import Screening
from moderation.screening.policy import Outcome

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
    list_filter = ["outcome", "language", "kind", "policy_version"]
    search_fields = ["public_id", "client"]
    date_hierarchy = "created_at"
    fields = [
        "public_id",
        "client",
        "kind",
        "text",
        "language_hint",
        "language",
        "outcome",
        "answer",
        "policy_version",
        "engine_version",
        "created_at",
    ]
    readonly_fields = fields

    @display(description="outcome", label=OUTCOME_COLORS, ordering="outcome")
    def show_outcome(self, screening: Screening) -> str:
        """Return the outcome, colored by unfold."""
        return screening.outcome

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False
