"""Runs that verify decided songs again: how far they are, what they found; pause, resume, cancel."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from compliance.admin.readonly import ReadOnlyAdmin
from compliance.models import Change, Reverification
from compliance.services.reverification import (
    DEFAULT_PER_MINUTE,
    RunHasEnded,
    RunIsOpen,
    cancel_reverification,
    pause_reverification,
    resume_reverification,
    start_reverification,
)

STATE_COLORS = {"running": "info", "paused": "warning", "done": "success", "cancelled": "danger"}
# Results shown on the page; the rest is in `manage.py reverify --report`.
MAX_SHOWN = 200


class StartForm(BaseDialogForm):  # type: ignore[misc]  # untyped
    """Ask how fast."""

    per_minute = forms.IntegerField(
        min_value=1, initial=DEFAULT_PER_MINUTE, label="Songs in a minute, at most",
        widget=UnfoldAdminIntegerFieldWidget(),
    )  # fmt: skip


def _ask(title: str, submit: str) -> dict[str, Any]:
    return {"title": title, "form_class": BaseDialogForm, "form_submit_text": submit}


@admin.register(Reverification)
class ReverificationAdmin(ReadOnlyAdmin):
    """Runs, newest first."""

    list_display = [
        "id", "show_state", "engine_version", "show_progress", "n_worse", "per_minute", "started_by", "created_at",
    ]  # fmt: skip
    fields = [
        "engine_version", "show_state", "show_progress", "n_worse", "per_minute", "started_by", "created_at",
        "finished_at", "show_changed",
    ]  # fmt: skip
    actions_list = ["start"]
    actions_detail = ["pause", "resume", "cancel"]

    def has_manage_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Tell whether the person may start and stop runs."""
        return request.user.has_perm("compliance.change_reverification")

    @display(description="State", label=STATE_COLORS)
    def show_state(self, run: Reverification) -> str:
        """Return the state, colored."""
        return run.state

    @display(description="Progress")
    def show_progress(self, run: Reverification) -> str:
        """Return how many songs are done."""
        return f"{run.n_done} of {run.n_total}"

    @display(description="Songs with another answer")
    def show_changed(self, run: Reverification) -> str:
        """Return the songs that the newer engine answers otherwise."""
        rows = run.results.exclude(change=Change.SAME).select_related("submission")[:MAX_SHOWN]
        if not rows:
            return "None"
        return format_html(
            "<ul>{}</ul>",
            format_html_join(
                "",
                '<li><a href="{}">{}</a>: {} → {} ({})</li>',
                (
                    (
                        reverse("admin:compliance_submission_change", args=[row.submission_id]),
                        row.submission.public_id,
                        row.outcome_before,
                        row.outcome_after or row.change,
                        ", ".join(reason["code"] for reason in row.reasons) or "no reason",
                    )
                    for row in rows
                ),
            ),
        )

    @action(
        description="Verify outdated songs again",
        icon="replay",
        permissions=["manage"],
        dialog={
            "title": "Verify songs decided with an older engine again?",
            "description": "No decision changes by itself; a worse answer opens a review case.",
            "form_class": StartForm,
            "form_submit_text": "Start",
        },
    )
    def start(self, request: HttpRequest, form: StartForm) -> HttpResponse:
        """Begin a run."""
        try:
            run = start_reverification(
                per_minute=form.cleaned_data["per_minute"], by=_name(request), now=timezone.now()
            )
        except RunIsOpen as error:
            messages.error(request, str(error))
            return redirect("admin:compliance_reverification_changelist")
        messages.success(request, f"{run.n_total} songs will be verified again.")
        return redirect("admin:compliance_reverification_change", run.pk)

    @action(
        description="Pause", icon="pause", permissions=["manage"], dialog=_ask("Pause this run?", "Pause")
    )  # fmt: skip
    def pause(self, request: HttpRequest, _form: Any, object_id: int) -> HttpResponse:
        """Stop after the song that is being verified."""
        return _run(
            request, object_id, lambda run: pause_reverification(run=run, by=_name(request))
        )

    @action(
        description="Resume", icon="play_arrow", permissions=["manage"], dialog=_ask("Go on with this run?", "Resume")
    )  # fmt: skip
    def resume(self, request: HttpRequest, _form: Any, object_id: int) -> HttpResponse:
        """Go on."""
        return _run(
            request, object_id,
            lambda run: resume_reverification(run=run, by=_name(request), now=timezone.now()),
        )  # fmt: skip

    @action(
        description="Cancel", icon="cancel", permissions=["manage"], dialog=_ask("End this run?", "End the run")
    )  # fmt: skip
    def cancel(self, request: HttpRequest, _form: Any, object_id: int) -> HttpResponse:
        """End the run."""
        return _run(
            request, object_id,
            lambda run: cancel_reverification(run=run, by=_name(request), now=timezone.now()),
        )  # fmt: skip


def _name(request: HttpRequest) -> str:
    return f"user:{request.user.get_username()}"


def _run(
    request: HttpRequest, object_id: int, move: Callable[[Reverification], None]
) -> HttpResponse:
    run = get_object_or_404(Reverification, pk=object_id)
    try:
        move(run)
        messages.success(request, f"Run {run.pk} is {run.state}.")
    except RunHasEnded as error:
        messages.error(request, str(error))
    return redirect("admin:compliance_reverification_change", run.pk)
