"""Recalls: opened in a wizard that shows the damage first, watched while they run, undone as a recall of their own."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import action, display

from catalog.admin.base import ConfirmForm, NoteForm
from catalog.admin.tables import draw_table
from compliance.admin.readonly import ReadOnlyAdmin
from compliance.admin.recall_wizard import show_wizard
from compliance.admin.running import get_actor, link_to, press
from compliance.models import Measure, Recall, RecallSong, RecallStatus
from compliance.queries import name_recall_source
from compliance.services.actors import name_people
from compliance.services.recall_reports import write_report
from compliance.services.recalls import cancel_recall, close_recall, continue_recall, undo_recall

STATUS_LABELS = {
    "proposed": "warning", "scheduled": "info", "applying": "info", "open": "danger", "closed": "success",
    "cancelled": "warning",
}  # fmt: skip
# Songs shown on a recall's page; the report has all.
SONGS_SHOWN = 20


@admin.register(Recall)
class RecallAdmin(ReadOnlyAdmin):
    """Recalls, newest first."""

    list_display = [
        "public_id", "show_source", "cause", "measure", "show_status", "show_songs", "show_outstanding", "deadline_at",
        "opened_by",
    ]  # fmt: skip
    list_filter = ["status", "cause", "measure"]
    list_select_related = ["grant__agreement", "stem"]
    search_fields = ["public_id", "grant__agreement__number", "stem__external_id", "reason"]
    date_hierarchy = "opened_at"
    fields = [
        "show_progress", "show_status", "show_source", "cause", "measure", "show_required", "reason", "effective_at",
        "deadline_at", "show_generators", "list_songs", "opened_by", "opened_at", "agreed_by", "show_undo", "applied_at",
        "closed_at", "closed_by",
    ]  # fmt: skip
    actions_list = ["open_wizard"]
    actions_detail = ["see_report", "undo", "go_on", "cancel", "close"]

    def get_urls(self) -> list[Any]:
        """Add the wizard, the progress and the report."""
        view = self.admin_site.admin_view
        return [
            path("new/", view(self.show_wizard), name="compliance_recall_wizard"),
            path("<int:pk>/progress/", view(self.show_progress_part), name="compliance_recall_progress"),
            path("<int:pk>/report/", view(self.show_report), name="compliance_recall_report"),
            path("<int:pk>/report.csv", view(self.send_report), name="compliance_recall_csv"),
            *super().get_urls(),
        ]  # fmt: skip

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Offer what the status allows."""
        row = self.get_object(request, str(object_id))
        if row is None:
            return []
        offered = {"see_report"}
        if row.status in (RecallStatus.PROPOSED, RecallStatus.SCHEDULED, RecallStatus.APPLYING):
            offered.add("cancel")
        if row.status == RecallStatus.OPEN:
            offered.add("close")
        if row.problem:
            offered.add("go_on")
        if row.measure == Measure.SUSPEND and row.applied_at and not self._find_undo(row):
            offered.add("undo")
        return [
            item
            for item in super().get_actions_detail(request, object_id)
            if any(item.action_name.endswith(f"_{name}") for name in offered)
        ]

    def has_open_permission(self, request: HttpRequest, _object_id: Any = None) -> bool:
        """Let those recall who may."""
        return request.user.has_perm("compliance.open_recall")

    def has_undo_permission(self, request: HttpRequest, _object_id: Any = None) -> bool:
        """Let those ask who may lift suspensions."""
        return request.user.has_perm("compliance.reinstate_approval")

    # -- What is shown -------------------------------------------------------------------------------------------------

    @display(description="Status", label=STATUS_LABELS)
    def show_status(self, recall: Recall) -> str:
        """Return the status, colored."""
        return recall.status

    @display(description="Songs of")
    def show_source(self, recall: Recall) -> str:
        """Return what the songs rest on."""
        kind, name = name_recall_source(recall)
        return f"{kind} {name}"

    @display(description="Songs")
    def show_songs(self, recall: Recall) -> str:
        """Return how many songs were moved, and kept."""
        return f"{recall.n_moved:,}" + (f" ({recall.n_kept:,} kept)" if recall.n_kept else "")

    @display(description="To acknowledge")
    def show_outstanding(self, recall: Recall) -> str:
        """Return how many songs nobody has acknowledged."""
        left = sum(notice.n_songs - notice.n_acknowledged for notice in recall.notices.all())
        return f"{left:,}" if left else "-"

    @display(description="Generators have to")
    def show_required(self, recall: Recall) -> str:
        """Return what is asked of generators."""
        return recall.required_action.label.lower()

    @display(description="Undo")
    def show_undo(self, recall: Recall) -> str:
        """Return the recall that this one undoes, or that undoes this one."""
        undo = self._find_undo(recall)
        if recall.undoes is not None:
            return format_html("It undoes {}.", link_to(recall.undoes))
        return format_html("Undone by {}.", link_to(undo)) if undo is not None else "-"

    @display(description="Progress")
    def show_progress(self, recall: Recall) -> SafeString:
        """Return a bar that keeps itself current while the songs are moved."""
        return draw_progress(recall)

    @display(description="Generators")
    def show_generators(self, recall: Recall) -> str:
        """Return how far each generator is."""
        late = recall.deadline_at < timezone.now()
        rows = [
            (
                notice.generator.name, f"{notice.n_songs:,}", f"{notice.n_acknowledged:,}",
                _say_state(notice.n_songs - notice.n_acknowledged, late=late), f"{notice.told_at:%Y-%m-%d %H:%M}",
                f"{notice.reminded_at:%Y-%m-%d %H:%M}" if notice.reminded_at else "-", notice.generator.contact_email or "-",
            )
            for notice in recall.notices.select_related("generator").order_by(F("n_acknowledged") - F("n_songs"))
        ]  # fmt: skip
        if not rows:
            return "No generator has songs in it."
        return draw_table(
            heads=["Generator", "Songs", "Acknowledged", "State", "Told", "Reminded", "Write to"], rows=rows
        )  # fmt: skip

    @display(description="First songs")
    def list_songs(self, recall: Recall) -> str:
        """Return the first songs; the report has all."""
        songs = _get_songs(recall)[:SONGS_SHOWN]
        if not songs:
            return "None yet."
        return draw_table(heads=["Approval", "Generator", "What became of it", "Acknowledged"], rows=[
            (link_to(song.approval), song.generator.name, f"{song.from_status} → {song.to_status}",
             song.get_done_display() or "-") for song in songs
        ])  # fmt: skip

    # -- Pages ---------------------------------------------------------------------------------------------------------

    @action(description="Recall songs", icon="campaign", url_path="start", permissions=["open"])
    def open_wizard(self, request: HttpRequest) -> HttpResponse:
        """Go to the wizard."""
        return HttpResponse(
            status=302, headers={"Location": reverse("admin:compliance_recall_wizard")}
        )

    def show_wizard(self, request: HttpRequest) -> HttpResponse:
        """Show the wizard to those who may recall."""
        if not self.has_open_permission(request):
            raise PermissionDenied
        return show_wizard(self, request)

    def show_progress_part(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Return the bar alone, for the page that shows it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return HttpResponse(draw_progress(get_object_or_404(Recall, pk=pk)))

    def show_report(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what the licensor is told, to be printed."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        recall = get_object_or_404(Recall, pk=pk)
        kind, name = name_recall_source(recall)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Recall {recall.public_id}",
            "recall": recall,
            "opened_by": name_people(recall.opened_by),
            "agreed_by": name_people(recall.agreed_by),
            "closed_by": name_people(recall.closed_by),
            "source": f"{kind} {name}",
            "notices": recall.notices.select_related("generator").order_by("generator__name"),
            "songs": _get_songs(recall)[:200],
            "n_songs": recall.n_moved + recall.n_kept,
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/compliance/recall_report.html", context)

    def send_report(self, request: HttpRequest, pk: int) -> StreamingHttpResponse:
        """Send every song as CSV."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        recall = get_object_or_404(Recall, pk=pk)
        lines = write_report(recall=recall, source=" ".join(name_recall_source(recall)))
        return StreamingHttpResponse(
            lines, content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{recall.public_id}.csv"'},
        )  # fmt: skip

    # -- Buttons -------------------------------------------------------------------------------------------------------

    @action(description="Report", icon="description", permissions=["view"])
    def see_report(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Go to the report."""
        recall = get_object_or_404(Recall, pk=object_id)
        address = reverse("admin:compliance_recall_report", args=[recall.pk])
        return HttpResponse(status=302, headers={"Location": address})

    @action(
        description="Undo…",
        icon="undo",
        permissions=["undo"],
        dialog={"title": "Ask to reinstate what this recall suspended?",
                "description": "A second person has to agree. Songs whose rights do not hold stay suspended.",
                "form_class": NoteForm, "form_submit_text": "Ask"},
    )  # fmt: skip
    def undo(self, request: HttpRequest, form: Any, object_id: int) -> HttpResponse:
        """Ask a second person to undo it."""
        row, reason = get_object_or_404(Recall, pk=object_id), form.cleaned_data["note"]
        return press(
            request, row, lambda: undo_recall(recall=row, reason=reason, actor=get_actor(request), now=timezone.now()),
            "Somebody else has to agree now.",
        )  # fmt: skip

    @action(
        description="Cancel",
        icon="cancel",
        permissions=["open"],
        dialog={"title": "Stop this recall?", "description": "Songs that were moved stay as they are.",
                "form_class": ConfirmForm, "form_submit_text": "Stop it"},
    )  # fmt: skip
    def cancel(self, request: HttpRequest, _form: Any, object_id: int) -> HttpResponse:
        """Stop it."""
        row = get_object_or_404(Recall, pk=object_id)
        return press(
            request, row, lambda: cancel_recall(recall=row, actor=get_actor(request), now=timezone.now()), "Stopped."
        )  # fmt: skip

    @action(
        description="Close",
        icon="task_alt",
        permissions=["open"],
        dialog={"title": "Close this recall?", "description": "Though songs may not be acknowledged.",
                "form_class": ConfirmForm, "form_submit_text": "Close it"},
    )  # fmt: skip
    def close(self, request: HttpRequest, _form: Any, object_id: int) -> HttpResponse:
        """Close it."""
        row = get_object_or_404(Recall, pk=object_id)
        return press(
            request, row, lambda: close_recall(recall=row, actor=get_actor(request), now=timezone.now()), "Closed."
        )  # fmt: skip

    @action(
        description="Go on",
        icon="play_arrow",
        permissions=["open"],
        dialog={"title": "Let the batch go on?", "description": "It begins where it stopped.",
                "form_class": ConfirmForm, "form_submit_text": "Go on"},
    )  # fmt: skip
    def go_on(self, request: HttpRequest, _form: Any, object_id: int) -> HttpResponse:
        """Queue the batch again."""
        row = get_object_or_404(Recall, pk=object_id)
        return press(
            request, row, lambda: continue_recall(recall=row, now=timezone.now()), "Going on."
        )

    def _find_undo(self, recall: Recall) -> Recall | None:
        return recall.undone_by.exclude(status=RecallStatus.CANCELLED).first()


def draw_progress(recall: Recall) -> SafeString:
    """Return a bar with what is done; while there is something to do it asks for itself every two seconds."""
    done = recall.n_moved + recall.n_kept
    total = max(recall.n_found, done)
    share = 100 if recall.applied_at else 100 * done // total if total else 0
    polls = recall.status in (RecallStatus.SCHEDULED, RecallStatus.APPLYING) and not recall.problem
    attributes = (
        format_html(
            ' hx-get="{}" hx-trigger="every 2s" hx-swap="outerHTML"',
            reverse("admin:compliance_recall_progress", args=[recall.pk]),
        )
        if polls
        else ""
    )
    return format_html(
        '<div id="recall-progress" class="max-w-2xl"{}>'
        '<div class="bg-base-200 dark:bg-base-800 rounded-default h-2 w-full" role="progressbar" aria-valuenow="{}"'
        ' aria-valuemin="0" aria-valuemax="100"><div class="bg-primary-600 rounded-default h-2" style="width:{}%"></div></div>'
        '<p class="mt-2">{}</p></div>',
        attributes, share, share, _say_progress(recall, done=done, total=total),
    )  # fmt: skip


def _say_progress(recall: Recall, *, done: int, total: int) -> str:
    if recall.problem:
        return f"Stopped at {done:,} of {total:,} songs: {recall.problem}"
    match RecallStatus(recall.status):
        case RecallStatus.PROPOSED:
            return "Waiting for a second person; nothing has been changed."
        case RecallStatus.SCHEDULED:
            return f"Begins at {recall.effective_at:%Y-%m-%d %H:%M} UTC; nothing has been changed."
        case RecallStatus.APPLYING:
            told = f" {recall.n_told:,} are told to their generators." if recall.n_told else ""
            return f"{done:,} of {total:,} songs done ({recall.n_kept:,} kept as they were).{told}"
        case RecallStatus.CANCELLED:
            return f"Stopped after {done:,} songs."
    return f"All {done:,} songs done ({recall.n_kept:,} kept as they were)."


def _say_state(n_left: int, *, late: bool) -> str:
    if not n_left:
        return "done"
    return f"{n_left:,} overdue" if late else f"{n_left:,} to do"


def _get_songs(recall: Recall) -> Any:
    rows = RecallSong.objects.filter(recall=recall).select_related(
        "approval__submission", "generator"
    )
    return rows.defer("approval__certificate", "approval__submission__manifest").order_by("id")
