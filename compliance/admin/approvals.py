"""Approvals: what was approved, until when, and what its certificate says."""

import base64
import json
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.decorators import action, display

from compliance.admin.readonly import ReadOnlyAdmin
from compliance.admin.songs import show_json
from compliance.models import Approval
from compliance.services.evidence_packs import make_evidence_pack

STATUS_COLORS = {
    "live": "success", "suspended": "warning", "revoked": "danger", "superseded": "info", "sunset": "info",
}  # fmt: skip


@admin.register(Approval)
class ApprovalAdmin(ReadOnlyAdmin):
    """Approvals, read only."""

    list_display = ["public_id", "submission", "show_status", "valid_from", "valid_to"]
    list_filter = ["status", "submission__generator"]
    list_select_related = ["submission"]
    search_fields = ["public_id", "submission__public_id", "submission__audio_sha256"]
    date_hierarchy = "valid_to"
    fields = [
        "public_id", "submission", "show_status", "show_why", "valid_from", "valid_to", "show_claims", "show_token",
        "show_list", "created_at", "changed_at", "changed_by", "change_reason",
    ]  # fmt: skip

    actions_detail = ["download_evidence"]

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
