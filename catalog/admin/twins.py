"""Twins: two recordings that sound alike, heard side by side, and which of them counts."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from catalog.admin.base import (
    CatalogAdmin,
    draw_once,
    get_person,
    get_row,
    link_to,
    read_clock,
    run_action,
    show_player,
)
from catalog.admin.tables import draw_table
from catalog.models import ReferenceRecording, Stem, StemTwin
from catalog.models.twins import TwinVerdict
from catalog.services.twins import settle_twin

VERDICTS = [choice for choice in TwinVerdict.choices if choice[0] != TwinVerdict.OPEN]


class SettleForm(BaseDialogForm):  # type: ignore[misc]  # untyped
    """Ask which counts, and why."""

    verdict = forms.ChoiceField(
        label="What holds", choices=VERDICTS, widget=UnfoldAdminSelectWidget()
    )
    note = forms.CharField(
        max_length=300, label="Why", widget=UnfoldAdminTextareaWidget(attrs={"rows": 3})
    )


def draw_pair(twin: StemTwin) -> SafeString:
    """Return the two recordings side by side, each with its facts and a player."""
    sides = [describe_recording(twin.stem), describe_recording(twin.other)]
    rows = zip(*sides, strict=True)
    return draw_table(
        heads=["", "This stem", "Sounds like"],
        rows=[(name, one, other) for (name, one), (_, other) in rows],
    )


def describe_recording(recording: Stem | ReferenceRecording) -> list[tuple[str, Any]]:
    """Return what is compared of one recording, by name."""
    if isinstance(recording, Stem):
        kind = f"Stem, {recording.get_role_display().lower()}"
        status = recording.get_status_display().capitalize()
    else:
        kind, status = "Reference: no song may contain it", "-"
    loudness = recording.loudness_lufs if isinstance(recording, Stem) else None
    return [
        ("Listen", show_player(recording.audio)),
        ("ID", link_to(recording, recording.external_id)),
        ("Title", recording.title),
        ("Artist", str(recording.artist)),
        ("Kind", kind),
        ("Status", status),
        ("Length", f"{recording.duration_s:.1f} s" if recording.duration_s else "-"),
        ("Loudness", f"{loudness:.1f} LUFS" if loudness is not None else "-"),
        ("In the catalog since", f"{recording.created_at:%Y-%m-%d}"),
    ]


@admin.register(StemTwin)
class StemTwinAdmin(CatalogAdmin):
    """Pairs of recordings that sound alike."""

    list_display = ["show_stem", "show_other", "kind", "show_score", "show_verdict", "found_at"]
    list_filter = ["verdict", "kind"]
    search_fields = [
        "stem__external_id",
        "stem__title",
        "other_stem__external_id",
        "other_reference__external_id",
    ]
    fields = ["show_verdict", "kind", "show_score", "show_pair", "note", "settled_by", "settled_at"]
    readonly_fields = fields
    actions_detail = ["settle"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[StemTwin]:
        """Load what is shown in one query."""
        rows: QuerySet[StemTwin] = super().get_queryset(request)
        return rows.select_related("stem__artist", "other_stem__artist", "other_reference")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: twins are heard, not typed."""
        return False

    def has_settle_permission(self, request: HttpRequest, _object_id: Any = None) -> bool:
        """Let those settle who may change stems."""
        return request.user.has_perm("catalog.change_stem")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Offer to settle what is open."""
        twin = self.get_object(request, str(object_id))
        is_open = twin is not None and twin.verdict == TwinVerdict.OPEN
        return list(super().get_actions_detail(request, object_id)) if is_open else []

    @display(description="Stem")
    def show_stem(self, twin: StemTwin) -> str:
        """Return the stem that came later."""
        return twin.stem.external_id

    @display(description="Sounds like")
    def show_other(self, twin: StemTwin) -> str:
        """Return what it sounds like."""
        kind = "reference " if twin.other_reference_id else ""
        return f"{kind}{twin.other.external_id}"

    @display(description="Fingerprint agrees")
    def show_score(self, twin: StemTwin) -> str:
        """Return how much of the fingerprint agrees."""
        return "-" if twin.score is None else f"{twin.score:.0%}"

    @display(
        description="Settled",
        label={label: "warning" if value == TwinVerdict.OPEN else "success" for value, label in TwinVerdict.choices},
    )  # fmt: skip
    def show_verdict(self, twin: StemTwin) -> str:
        """Return what was settled, colored."""
        return twin.get_verdict_display()

    @display(description="Side by side")
    @draw_once
    def show_pair(self, twin: StemTwin) -> str:
        """Return both recordings with a player each."""
        return draw_pair(twin)

    @action(
        description="Settle",
        icon="balance",
        permissions=["settle"],
        dialog={
            "title": "Which recording counts?",
            "description": "The stem waits in review until this is settled.",
            "form_class": SettleForm,
            "form_submit_text": "Settle",
        },
    )
    def settle(self, request: HttpRequest, form: Any, object_id: int) -> HttpResponse:
        """Enter what holds."""
        twin = get_row(self, request, object_id)
        return run_action(
            request,
            twin,
            lambda: settle_twin(
                twin=twin,
                verdict=TwinVerdict(form.cleaned_data["verdict"]),
                by=get_person(request),
                note=form.cleaned_data["note"],
                now=read_clock(),
            ),
            "Settled.",
        )


def draw_twins(stem: Stem) -> SafeString | str:
    """Return every recording a stem is paired with, with both players, and where to settle it."""
    twins = list(stem.twins.select_related("stem__artist", "other_stem__artist", "other_reference"))
    twins += list(stem.twin_of.select_related("stem__artist", "other_stem__artist"))
    if not twins:
        return "None: no other recording of the catalog sounds like it."
    rows = []
    for twin in twins:
        other = twin.stem if twin.other_stem_id == stem.pk else twin.other
        rows.append(
            (
                link_to(other, other.external_id),
                twin.get_kind_display(),
                show_player(stem.audio),
                show_player(other.audio),
                link_to(twin, twin.get_verdict_display()),
            )
        )
    return draw_table(heads=["Sounds like", "How", "This stem", "The other", "Settled"], rows=rows)
