"""Requests for a second person: who asked for what and why, and the buttons for somebody else."""

from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from unfold.decorators import action, display

from catalog.admin.base import ConfirmForm, NoteForm
from compliance.admin.readonly import ReadOnlyAdmin
from compliance.admin.running import get_actor, link_to, press
from compliance.models import ActionRequest, Approval, Recall, RequestStatus, Submission
from compliance.models.transitions import StatusModel
from compliance.services.agreements import agree_to_request, turn_down_request

SUBJECT_MODELS: dict[str, type[StatusModel]] = {"apr": Approval, "rcl": Recall, "sub": Submission}
SUBJECTS_SHOWN = 20
STATUS_LABELS = {
    "waiting": "warning", "agreed": "success", "refused": "danger", "withdrawn": "info",
}  # fmt: skip


@admin.register(ActionRequest)
class ActionRequestAdmin(ReadOnlyAdmin):
    """Asked by one person, decided by another."""

    list_display = ["show_action", "show_subjects", "show_status", "asked_by", "asked_at", "decided_by"]  # fmt: skip
    list_filter = ["status", "action"]
    search_fields = ["public_id", "subjects", "asked_by", "reason"]
    fields = [
        "show_action", "show_status", "list_subjects", "reason", "asked_by", "asked_at", "show_waiting_for", "decided_by",
        "decided_at", "decision_note",
    ]  # fmt: skip
    actions_detail = ["agree", "refuse", "withdraw"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Keep who looks at it: what may be done depends on it."""
        self.request = request
        return list(self.fields)

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Offer a decision to others, withdrawal to who asked."""
        row = self.get_object(request, str(object_id))
        if row is None or row.status != RequestStatus.WAITING:
            return []
        own = row.asked_by == get_actor(request).label
        offered = {"withdraw"} if own else {"agree", "refuse"}
        return [
            item
            for item in super().get_actions_detail(request, object_id)
            if any(item.action_name.endswith(name) for name in offered)
        ]

    def has_decide_permission(self, request: HttpRequest, _object_id: Any = None) -> bool:
        """Let approvers decide."""
        return request.user.has_perm("compliance.decide_actionrequest")

    @display(description="Action")
    def show_action(self, row: ActionRequest) -> str:
        """Return what is asked for."""
        return str(row.get_action_display())

    @display(description="About")
    def show_subjects(self, row: ActionRequest) -> str:
        """Return what it is about, in short."""
        return row.describe_subjects()

    @display(description="Status", label=STATUS_LABELS)
    def show_status(self, row: ActionRequest) -> str:
        """Return the status, colored."""
        return row.status

    @display(description="About")
    def list_subjects(self, row: ActionRequest) -> str:
        """Return links to what it is about."""
        shown = row.subjects[:SUBJECTS_SHOWN]
        links = [(_link_subject(name),) for name in shown]
        more = len(row.subjects) - len(shown)
        return format_html(
            "<ul>{}</ul>{}",
            format_html_join("", "<li>{}</li>", links),
            f"and {more} more" if more else "",
        )

    @display(description="Waiting for")
    def show_waiting_for(self, row: ActionRequest) -> str:
        """Return who may decide."""
        if row.status != RequestStatus.WAITING:
            return "Nobody: it is decided."
        if row.asked_by == get_actor(self.request).label:
            return "Somebody else than you who may agree to requests (role Compliance approvers)."
        if self.has_decide_permission(self.request):
            return "You, or anybody else who may agree to requests."
        return "Somebody who may agree to requests (role Compliance approvers)."

    @action(
        description="Agree",
        icon="check_circle",
        permissions=["decide"],
        dialog={"title": "Agree and do it?", "description": "It is done at once, for everything that is listed.",
                "form_class": ConfirmForm, "form_submit_text": "Agree"},
    )  # fmt: skip
    def agree(self, request: HttpRequest, _form: Any, object_id: int) -> HttpResponse:
        """Do what was asked for."""
        row = get_object_or_404(ActionRequest, pk=object_id)
        return press(
            request, row,
            lambda: agree_to_request(request=row, actor=get_actor(request), note="", now=timezone.now()), "Done.",
        )  # fmt: skip

    @action(
        description="Refuse",
        icon="block",
        permissions=["decide"],
        dialog={"title": "Refuse?", "description": "Nothing is done. A song that waits for it is rejected.",
                "form_class": NoteForm, "form_submit_text": "Refuse"},
    )  # fmt: skip
    def refuse(self, request: HttpRequest, form: Any, object_id: int) -> HttpResponse:
        """Turn it down."""
        row, note = get_object_or_404(ActionRequest, pk=object_id), form.cleaned_data["note"]
        return press(
            request, row,
            lambda: turn_down_request(request=row, actor=get_actor(request), note=note, now=timezone.now()), "Refused.",
        )  # fmt: skip

    @action(
        description="Withdraw",
        icon="undo",
        permissions=["view"],
        dialog={"title": "Take it back?", "description": "Nothing is done.",
                "form_class": ConfirmForm, "form_submit_text": "Withdraw"},
    )  # fmt: skip
    def withdraw(self, request: HttpRequest, _form: Any, object_id: int) -> HttpResponse:
        """Take it back."""
        row = get_object_or_404(ActionRequest, pk=object_id)
        return press(
            request, row,
            lambda: turn_down_request(request=row, actor=get_actor(request), note="", now=timezone.now()), "Withdrawn.",
        )  # fmt: skip


def _link_subject(public_id: str) -> str:
    model = SUBJECT_MODELS.get(public_id.partition("_")[0])
    rows = model._default_manager.filter(Q(("public_id", public_id))) if model else None
    row = rows.first() if rows is not None else None
    return link_to(row, public_id) if row is not None else public_id
