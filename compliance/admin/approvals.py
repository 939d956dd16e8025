"""Approvals: what was approved, until when, and what its certificate says."""

import base64
import datetime as dt
import json
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.decorators import action, display

from catalog.admin.base import NoteForm
from catalog.admin.tables import draw_table
from compliance.admin.readonly import ReadOnlyAdmin
from compliance.admin.running import get_actor, press
from compliance.admin.songs import show_json
from compliance.models import Approval, ApprovalStatus
from compliance.services.action_requests import ask_second_person
from compliance.services.approvals import suspend_approval
from compliance.services.evidence_packs import make_evidence_pack

STATUS_COLORS = {
    "live": "success", "suspended": "warning", "revoked": "danger", "superseded": "info", "sunset": "info",
}  # fmt: skip


# How long a suspension by one person may stay before somebody settles it.
SETTLE_WITHIN = dt.timedelta(hours=72)


@admin.register(Approval)
class ApprovalAdmin(ReadOnlyAdmin):
    """Approvals: read, suspended by one person, reinstated or revoked by two."""

    list_display = ["public_id", "submission", "show_status", "valid_from", "valid_to"]
    list_filter = ["status", "submission__generator"]
    list_select_related = ["submission"]
    search_fields = ["public_id", "submission__public_id", "submission__audio_sha256"]
    date_hierarchy = "valid_to"
    fields = [
        "public_id", "submission", "show_status", "show_why", "valid_from", "valid_to", "show_claims", "show_token",
        "show_list", "show_bases", "created_at", "changed_at", "changed_by", "change_reason", "show_settle_by",
        "superseded_by",
    ]  # fmt: skip
    actions_detail = ["download_evidence", "suspend", "ask_to_reinstate", "ask_to_revoke"]

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Offer what the status allows."""
        row = self.get_object(request, str(object_id))
        by_status = {
            ApprovalStatus.LIVE: {"suspend", "ask_to_revoke"},
            ApprovalStatus.SUSPENDED: {"ask_to_reinstate", "ask_to_revoke"},
        }
        status = ApprovalStatus(row.status) if row is not None else ApprovalStatus.SUNSET
        offered = {"download_evidence", *by_status.get(status, set())}
        return [
            item
            for item in super().get_actions_detail(request, object_id)
            if any(item.action_name.endswith(name) for name in offered)
        ]

    def has_suspend_permission(self, request: HttpRequest, _object_id: Any = None) -> bool:
        """Let those suspend who may."""
        return request.user.has_perm("compliance.suspend_approval")

    def has_reinstate_permission(self, request: HttpRequest, _object_id: Any = None) -> bool:
        """Let those ask who may."""
        return request.user.has_perm("compliance.reinstate_approval")

    def has_revoke_permission(self, request: HttpRequest, _object_id: Any = None) -> bool:
        """Let those ask who may."""
        return request.user.has_perm("compliance.revoke_approval")

    @display(description="Rests on")
    def show_bases(self, approval: Approval) -> str:
        """Return the stems of the song with the grants that cover them."""
        rows = approval.bases.select_related("stem", "grant__agreement")
        return draw_table(
            heads=["Stem", "Grant"], rows=[(row.stem.external_id, row.grant or "-") for row in rows]
        )

    @display(description="To be settled by")
    def show_settle_by(self, approval: Approval) -> str:
        """Return until when a suspension is to be lifted or made final."""
        if approval.status != ApprovalStatus.SUSPENDED or approval.changed_at is None:
            return "-"
        until = approval.changed_at + SETTLE_WITHIN
        late = " (overdue)" if until < timezone.now() else ""
        return f"{until:%Y-%m-%d %H:%M} UTC{late}"

    @action(
        description="Suspend",
        icon="pause_circle",
        permissions=["suspend"],
        dialog={"title": "Suspend this approval?", "description": "At once; two people can lift it again.",
                "form_class": NoteForm, "form_submit_text": "Suspend"},
    )  # fmt: skip
    def suspend(self, request: HttpRequest, form: Any, object_id: int) -> HttpResponse:
        """Suspend the approval."""
        row, reason = get_object_or_404(Approval, pk=object_id), form.cleaned_data["note"]
        return press(
            request, row,
            lambda: suspend_approval(approval=row, actor=get_actor(request), reason=reason, now=timezone.now()),
            "Suspended. The certificate says so in the next status list.",
        )  # fmt: skip

    @action(
        description="Reinstate…",
        icon="play_circle",
        permissions=["reinstate"],
        dialog={"title": "Ask to lift the suspension?", "description": "A second person has to agree.",
                "form_class": NoteForm, "form_submit_text": "Ask"},
    )  # fmt: skip
    def ask_to_reinstate(self, request: HttpRequest, form: Any, object_id: int) -> HttpResponse:
        """Ask a second person to lift the suspension."""
        return self._ask("approval.reinstate", request, form, object_id)

    @action(
        description="Revoke…",
        icon="cancel",
        permissions=["revoke"],
        dialog={"title": "Ask to revoke this approval for good?", "description": "A second person has to agree.",
                "form_class": NoteForm, "form_submit_text": "Ask"},
    )  # fmt: skip
    def ask_to_revoke(self, request: HttpRequest, form: Any, object_id: int) -> HttpResponse:
        """Ask a second person to revoke the approval."""
        return self._ask("approval.revoke", request, form, object_id)

    def _ask(self, action: str, request: HttpRequest, form: Any, object_id: int) -> HttpResponse:
        row, reason = get_object_or_404(Approval, pk=object_id), form.cleaned_data["note"]
        return press(
            request, row,
            lambda: ask_second_person(
                action=action, subjects=[row.public_id], reason=reason, actor=get_actor(request), now=timezone.now()
            ),
            "Somebody else has to agree now.",
        )  # fmt: skip

    def has_evidence_permission(self, request: HttpRequest, _object_id: Any = None) -> bool:
        """Let those download evidence who may see approvals and the agreements in it."""
        return self.has_view_permission(request) and request.user.has_perm("catalog.view_agreement")

    @action(description="Evidence pack", icon="folder_zip", permissions=["evidence"])
    def download_evidence(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Download everything about the song, the signed agreements included."""
        approval = get_object_or_404(
            Approval.objects.select_related("submission__clearance", "submission__generator"), pk=object_id
        )  # fmt: skip
        pack = make_evidence_pack(approval=approval, for_staff=True, now=timezone.now())
        return HttpResponse(
            pack.content, content_type="application/zip",
            headers={"Content-Disposition": f'attachment; filename="{pack.name}"', "Cache-Control": "private, no-store"},
        )  # fmt: skip

    @display(description="Status", label=STATUS_COLORS)
    def show_status(self, approval: Approval) -> str:
        """Return the status as of now, colored."""
        return approval.get_state(now=timezone.now()).value

    @display(description="Why")
    def show_why(self, approval: Approval) -> str:
        """Return a link to what it was approved on."""
        url = reverse("why-approved", args=[approval.submission.public_id])
        return format_html(
            '<a class="text-primary-600" href="{}">What it rested on that day</a>', url
        )

    @display(description="What is certified")
    def show_claims(self, approval: Approval) -> str:
        """Return the claims of the certificate."""
        payload = approval.certificate.split(".")[1]
        return show_json(json.loads(base64.urlsafe_b64decode(payload + "==")))

    @display(description="Certificate")
    def show_token(self, approval: Approval) -> str:
        """Return the signed token, to be copied."""
        return format_html('<code style="word-break: break-all">{}</code>', approval.certificate)

    @display(description="Status list")
    def show_list(self, approval: Approval) -> str:
        """Return where the certificate's status is published."""
        return f"{approval.status_uri}, index {approval.status_index}"
