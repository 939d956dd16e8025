"""The wizard that opens a recall: what and how, then the damage, then a typed confirmation."""

import datetime as dt
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils import timezone
from unfold.widgets import (
    UnfoldAdminDateWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from catalog.queries.stopped import Source, UnknownSource, get_grant_source, get_stem_source
from catalog.rights.wording import name_words
from compliance.admin.running import get_actor, get_change_url
from compliance.models import Measure
from compliance.services.recall_previews import RecallPreview, preview_recall
from compliance.services.recalls import open_recall

TEMPLATE = "admin/compliance/recall_wizard.html"
# Territories shown by name.
TERRITORIES_SHOWN = 12
BY_CONTRACT = "contract"


class RecallForm(forms.Form):
    """What to recall, from when, how and why."""

    scope = forms.ChoiceField(
        choices=[("grant", "Songs built on a grant"), ("stem", "Songs that contain a stem")],
        widget=UnfoldAdminSelectWidget,
        label="Which songs",
    )
    name = forms.CharField(
        max_length=120, label="Grant or stem", widget=UnfoldAdminTextInputWidget,
        help_text="A grant as it is cited, agreement/number; or the ID of a stem.",
    )  # fmt: skip
    measure = forms.ChoiceField(
        choices=[
            (Measure.SUSPEND, "Suspend: reversible"), (BY_CONTRACT, "As the contract says for its end"),
            (Measure.TAKEDOWN, "Take down"), (Measure.ARCHIVE_ONLY, "Keep in the archive only"),
            (Measure.LEAVE_EXISTING, "Leave what exists, nothing new"),
        ],
        widget=UnfoldAdminSelectWidget,
        label="What happens to them",
    )  # fmt: skip
    begins_on = forms.DateField(
        required=False, label="From", widget=UnfoldAdminDateWidget, help_text="Begins at 0:00 UTC; empty: now."
    )  # fmt: skip
    reason = forms.CharField(
        max_length=500, label="Why", widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="Kept with the recall and on each approval, which its generator reads.",
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """Find the grant or the stem."""
        cleaned = super().clean() or {}
        name = cleaned.get("name", "")
        try:
            if cleaned.get("scope") == "grant":
                today = timezone.now().date()
                self.source: Source | None = get_grant_source(label=name, on=today)
            else:
                self.source = get_stem_source(external_id=name)
        except UnknownSource as error:
            self.source = None
            self.add_error("name", str(error))
        return cleaned

    def get_measure(self, source: Source) -> str:
        """Return the measure that is meant."""
        chosen = str(self.cleaned_data["measure"])
        return source.tail if chosen == BY_CONTRACT else chosen

    def get_beginning(self, *, now: dt.datetime) -> dt.datetime:
        """Return when the recall begins."""
        day = self.cleaned_data["begins_on"]
        return max(now, dt.datetime.combine(day, dt.time(), dt.UTC)) if day else now


def show_wizard(model_admin: Any, request: HttpRequest) -> HttpResponse:
    """Ask, show the damage, and open the recall once the number of songs is typed."""
    now = timezone.now()
    form = RecallForm(request.POST or None)
    preview, source = None, None
    if request.method == "POST" and form.is_valid() and form.source is not None:
        source = form.source
        measure, begins_at = form.get_measure(source), form.get_beginning(now=now)
        preview = preview_recall(
            source=source, measure=measure, effective_at=begins_at, actor=get_actor(request)
        )
        if "confirm" in request.POST:
            if not needs_typing(preview) or request.POST.get("typed", "").strip() == str(
                preview.n_songs
            ):
                recall = open_recall(
                    source=source, measure=measure, reason=form.cleaned_data["reason"], effective_at=begins_at,
                    n_songs=preview.n_songs, actor=get_actor(request), now=now,
                )  # fmt: skip
                messages.success(request, _say_opened(recall.status))
                return HttpResponseRedirect(get_change_url(recall))
            messages.error(
                request,
                f"Nothing was changed. Type {preview.n_songs}, the number of songs, to confirm.",
            )
    context = {
        **model_admin.admin_site.each_context(request),
        "title": "Recall songs",
        "opts": model_admin.opts,
        "form": form,
        "source": source,
        "preview": preview,
        "spreads": _list_spreads(preview) if preview else [],
        "must_type": preview is not None and needs_typing(preview),
        "takes_two": preview is not None
        and (preview.target != "suspended" or preview.n_songs > settings.RECALL_SOLO_LIMIT),
    }
    return TemplateResponse(request, TEMPLATE, context)


def needs_typing(preview: RecallPreview) -> bool:
    """Tell whether the number of songs has to be typed: where one person alone would not be enough, or nothing is undone."""
    return preview.n_songs > settings.RECALL_SOLO_LIMIT or preview.target != "suspended"


def _say_opened(status: str) -> str:
    return {
        "proposed": "Proposed. Nothing changes until somebody else agrees.",
        "scheduled": "Opened. The first songs are moved when it begins.",
    }[status]


def _list_spreads(preview: RecallPreview) -> list[tuple[str, list[tuple[str, int, int]], int]]:
    """Return how the songs spread: a title, (name, songs, percent) of each, and how many are not shown."""
    spreads = []
    for title, counts in (
        ("Generators", preview.by_generator), ("Territories", preview.by_territory), ("Uses", preview.by_use)
    ):  # fmt: skip
        shown = [
            (name_words(name), n, round(100 * n / max(1, preview.n_songs)))
            for name, n in counts[:TERRITORIES_SHOWN]
        ]
        spreads.append((title, shown, len(counts) - len(shown)))
    return spreads
