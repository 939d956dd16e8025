"""Clearances and submissions: what was asked, what was answered, what it sounds like."""

import json
from typing import Any

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from unfold.decorators import display

from catalog.rights.reasons import LEGAL_MENDS
from compliance.admin.readonly import ReadOnlyAdmin
from compliance.models import Clearance, Submission, Verification

STATUS_COLORS = {
    "cleared": "success", "approved": "success", "denied": "danger", "rejected": "danger",
    "needs_review": "warning", "in_review": "warning", "received": "info",
}  # fmt: skip


def show_json(data: Any) -> str:
    """Return data as indented, escaped text."""
    text = json.dumps(data, indent=2, ensure_ascii=False)
    return format_html(
        '<pre style="white-space: pre-wrap; max-height: 30rem; overflow: auto">{}</pre>', text
    )


def show_reasons(reasons: list[dict[str, Any]]) -> str:
    """Return reasons as a list: code, interval, sentence."""
    if not reasons:
        return "None"
    rows = [
        (
            reason["code"],
            f" {reason['start_s']:.1f} to {reason['end_s']:.1f} s"
            if reason.get("start_s") is not None
            else "",
            reason.get("text", ""),
            _show_legal_mend(reason["code"]),
        )
        for reason in reasons
    ]
    return format_html(
        "<ul>{}</ul>", format_html_join("", "<li><code>{}</code>{}<br>{}{}</li>", rows)
    )


def _show_legal_mend(code: str) -> str:
    """Return what legal staff can do about a reason; the reason itself tells the generator what it can do."""
    mend = LEGAL_MENDS.get(code)
    return format_html("<br><em>Legal: {}</em>", mend) if mend else ""


@admin.register(Clearance)
class ClearanceAdmin(ReadOnlyAdmin):
    """Clearances, read only."""

    list_display = ["public_id", "generator", "show_status", "created_at", "expires_at"]
    list_filter = ["status", "generator"]
    search_fields = ["public_id", "message"]
    date_hierarchy = "created_at"
    fields = [
        "public_id", "generator", "status", "message", "stems", "intent", "explain_reasons", "show_rights",
        "screening_id", "created_at", "decided_at", "expires_at",
    ]  # fmt: skip

    @display(description="Status", label=STATUS_COLORS)
    def show_status(self, clearance: Clearance) -> str:
        """Return the status, colored."""
        return clearance.status

    @display(description="Reasons")
    def explain_reasons(self, clearance: Clearance) -> str:
        """Return every reason."""
        return show_reasons(clearance.reasons)

    @display(description="Rights as evaluated")
    def show_rights(self, clearance: Clearance) -> str:
        """Return the stored evaluation."""
        return show_json(clearance.rights)


@admin.register(Submission)
class SubmissionAdmin(ReadOnlyAdmin):
    """Submissions, read only: reviewers decide on review cases."""

    list_display = [
        "public_id",
        "generator",
        "show_status",
        "created_at",
        "decided_at",
        "decided_by",
    ]
    list_filter = ["status", "generator"]
    search_fields = ["public_id", "audio_sha256", "clearance__public_id"]
    date_hierarchy = "created_at"
    fields = [
        "public_id", "generator", "clearance", "status", "play", "explain_reasons", "show_timeline", "show_manifest",
        "show_report", "audio_sha256", "created_at", "decided_at", "decided_by",
    ]  # fmt: skip

    @display(description="Status", label=STATUS_COLORS)
    def show_status(self, submission: Submission) -> str:
        """Return the status, colored."""
        return submission.status

    @display(description="Song")
    def play(self, submission: Submission) -> str:
        """Return a player for the song, and one for the vocal."""
        files = [("Song", submission.audio), ("Vocal as submitted", submission.vocal)]
        players = [
            (reverse("protected-media", args=[file.name]), label) for label, file in files if file
        ]
        return format_html_join(
            "", '<audio controls preload="none" src="{}"></audio> {}<br>', players
        )

    @display(description="Reasons")
    def explain_reasons(self, submission: Submission) -> str:
        """Return every reason."""
        return show_reasons(submission.reasons)

    @display(description="Timeline")
    def show_timeline(self, submission: Submission) -> str:
        """Return the picture of the newest verification."""
        if not Verification.objects.filter(submission=submission).exclude(timeline_svg="").exists():
            return "Not measured yet"
        url = reverse("song-timeline", args=[submission.public_id])
        return format_html(
            '<a href="{}"><img src="{}" alt="Timeline" style="width: 100%"></a>', url, url
        )

    @display(description="Manifest")
    def show_manifest(self, submission: Submission) -> str:
        """Return the manifest."""
        return show_json(submission.manifest)

    @display(description="Report")
    def show_report(self, submission: Submission) -> str:
        """Return the newest report."""
        verification = Verification.objects.filter(submission=submission).first()
        return show_json(verification.report) if verification else "Not measured yet"
