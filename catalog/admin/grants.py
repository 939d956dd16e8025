"""Grants: entered as drafts, proposed to another person, ended or superseded; drawn where and when they hold."""

import re
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import pluralize
from django.template.response import TemplateResponse
from django.utils.html import format_html
from unfold.admin import TabularInline
from unfold.decorators import action, display
from unfold.widgets import (
    UnfoldAdminTextareaWidget,
)

from catalog.admin.base import (
    STATUS_COLORS,
    DayForm,
    ExchangingAdmin,
    NoteForm,
    TerritoriesField,
    draw_once,
    get_person,
    get_row,
    link_to,
    read_clock,
    run_action,
)
from catalog.admin.corrections import CorrectionForm
from catalog.admin.drawings import PeriodBar, draw_periods, draw_territories, draw_world
from catalog.exchange.contracts import GrantResource
from catalog.models import Cap, Fee, Grant, Option, UseApproval
from catalog.models.agreements import GrantStatus
from catalog.models.change_sets import ChangeAction
from catalog.queries.endings import list_endings
from catalog.rights.wording import describe_uses, name_words
from catalog.services.agreements import (
    UnknownStems,
    cancel_grant,
    draft_successor,
    find_recordings,
    find_unknown_stems,
    save_draft,
    suspend_grant,
)
from catalog.services.change_sets import ProposedChange, propose_changes

STEMS_SHOWN = 200


class GrantForm(forms.ModelForm):  # type: ignore[type-arg]  # generic only in stubs
    """A draft with its territories as an expression and its stems as a list of IDs."""

    territories = TerritoriesField()
    stem_ids = forms.CharField(
        required=False,
        label="Stems",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
        help_text="IDs of the stems it is about, with spaces, commas or lines between them.",
    )
    isrcs = forms.CharField(
        required=False,
        label="Recordings",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text="ISRCs of recordings; every stem of theirs is meant, those imported later too.",
    )

    class Meta:
        model = Grant
        fields = [
            "agreement", "effect", "sides", "uses", "valid_from", "valid_until", "languages", "media", "campaign", "brand",
            "product_category", "exclusive", "max_pitch_cents", "max_stretch_pct", "may_cut", "may_loop", "may_combine",
            "model_versions", "voice_replica", "output_may_train", "moral_terms", "approval_of_use",
            "needs_separate_consent", "credit_line", "sunset_days", "notice_days", "tail", "clause_refs",
        ]  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Show what a stored draft is about."""
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            targets = list(self.instance.targets.select_related("stem", "recording"))
            self.initial["territories"] = str(self.instance.territory)
            self.initial["stem_ids"] = "\n".join(t.stem.external_id for t in targets if t.stem)
            self.initial["isrcs"] = "\n".join(
                t.recording.isrc or "" for t in targets if t.recording
            )

    def clean_stem_ids(self) -> list[str]:
        """Return the stems, refusing unknown ones.

        Raises
        ------
        ValidationError : naming them
        """
        names = re.split(r"[\s,;]+", self.cleaned_data["stem_ids"].strip())
        names = [name for name in names if name]
        if unknown := find_unknown_stems(names=names):
            raise ValidationError(f"Not in the catalog: {', '.join(unknown)}")
        return names

    def clean_isrcs(self) -> list[Any]:
        """Return the recordings, refusing unknown ones.

        Raises
        ------
        ValidationError : naming them
        """
        codes = [code for code in re.split(r"[\s,;]+", self.cleaned_data["isrcs"].strip()) if code]
        try:
            return find_recordings(isrcs=codes)
        except (UnknownStems, ValueError) as error:
            raise ValidationError(str(error)) from error


class DraftInline(TabularInline):  # type: ignore[misc]  # untyped
    """Rows that are entered with the draft and stay as they are once the grant is active."""

    extra = 0
    tab = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let a draft take rows."""
        return is_draft(obj) and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let the rows of a draft change."""
        return is_draft(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let the rows of a draft go."""
        return is_draft(obj) and super().has_change_permission(request, obj)


class CapInline(DraftInline):
    """Limits on quantity."""

    model = Cap
    fields = ["unit", "limit", "period", "scope", "on_limit", "warn_at_pct"]


class FeeInline(DraftInline):
    """What is owed."""

    model = Fee
    fields = ["kind", "amount", "currency", "payee"]
    autocomplete_fields = ["payee"]


class OptionInline(DraftInline):
    """What may still be claimed."""

    model = Option
    fields = ["extends", "gives", "exercise_by", "amount", "currency"]


class UseApprovalInline(TabularInline):  # type: ignore[misc]  # untyped
    """Written approvals of the licensor."""

    model = UseApproval
    extra = 0
    tab = True


def is_draft(grant: Grant | None) -> bool:
    """Tell whether a grant can still be typed over."""
    return grant is None or grant.status == GrantStatus.DRAFT


@admin.register(Grant)
class GrantAdmin(ExchangingAdmin):
    """Permissions and prohibitions."""

    resource_classes = [GrantResource]

    form = GrantForm
    inlines = [CapInline, FeeInline, OptionInline, UseApprovalInline]
    list_display = [
        "show_label", "show_effect", "show_status", "show_sides", "show_uses", "territory", "valid_from", "valid_until",
    ]  # fmt: skip
    list_filter = ["status", "effect", "agreement__licensor", "valid_until", "approval_of_use"]
    search_fields = [
        "agreement__number",
        "agreement__licensor__name",
        "targets__stem__external_id",
        "campaign",
        "brand",
    ]
    autocomplete_fields = ["agreement"]
    date_hierarchy = "valid_from"
    actions_list = ["show_calendar"]
    actions_detail = [
        "propose_activation", "propose_end", "draft_change", "propose_correction", "suspend", "propose_resumption", "cancel",
    ]  # fmt: skip
    drawn_fields = ["show_status", "show_when", "show_where", "show_people"]
    fieldsets = [
        (None, {"fields": ["show_status", "show_when", "show_where", "show_people"]}),
        ("What", {"classes": ["tab"], "fields": ["agreement", "effect", "sides", "uses", "stem_ids", "isrcs"]}),
        ("Where and when", {"classes": ["tab"], "fields": [
            "territories", "valid_from", "valid_until", "languages", "media", "campaign", "brand", "product_category",
            "exclusive"]}),
        ("Edits and AI", {"classes": ["tab"], "fields": [
            "max_pitch_cents", "max_stretch_pct", "may_cut", "may_loop", "may_combine", "model_versions", "voice_replica",
            "output_may_train"]}),
        ("Conditions", {"classes": ["tab"], "fields": [
            "moral_terms", "approval_of_use", "needs_separate_consent", "credit_line", "sunset_days", "notice_days", "tail",
            "clause_refs"]}),
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Grant]:
        """Load what the list shows in one query."""
        rows: QuerySet[Grant] = super().get_queryset(request)
        return rows.select_related("agreement", "territory", "prepared_by", "activated_by")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let drafts be typed over; what was activated changes by change sets alone."""
        return is_draft(obj) and super().has_change_permission(request, obj)

    def has_propose_permission(self, request: HttpRequest, _object_id: Any = None) -> bool:
        """Let editors prepare what another person decides."""
        return request.user.has_perm("catalog.add_changeset")

    def has_draft_permission(self, request: HttpRequest, _object_id: Any = None) -> bool:
        """Let editors draft."""
        return request.user.has_perm("catalog.add_grant")

    def has_suspend_permission(self, request: HttpRequest, _object_id: Any = None) -> bool:
        """Let editors suspend and cancel."""
        return request.user.has_perm("catalog.change_grant")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Show the drawings; an activated grant shows its terms as text."""
        if is_draft(obj) and self.has_change_or_add(request, obj):
            return [*self.drawn_fields, *(["agreement"] if obj else [])]
        return list(flatten_fieldsets(self.get_fieldsets(request, obj)))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show uses, stems and territories as text where the form does not ask for them."""
        if is_draft(obj) and self.has_change_or_add(request, obj):
            return self.fieldsets if obj else self.fieldsets[1:]
        shown = {
            "uses": "show_uses",
            "stem_ids": "show_targets",
            "territories": "show_territories",
            "isrcs": None,
        }
        sets = []
        for title, options in self.fieldsets:
            names = [shown.get(name, name) for name in options["fields"]]
            sets.append((title, {**options, "fields": [name for name in names if name]}))
        return sets

    def has_change_or_add(self, request: HttpRequest, obj: Any) -> bool:
        """Tell whether the form can be typed in."""
        return self.has_change_permission(request, obj) if obj else self.has_add_permission(request)

    @display(description="Stems and recordings")
    @draw_once
    def show_targets(self, grant: Grant) -> str:
        """Return what the grant is about."""
        names = [
            str(t) for t in grant.targets.select_related("stem", "recording")[: STEMS_SHOWN + 1]
        ]
        more = ", and more" if len(names) > STEMS_SHOWN else ""
        return ", ".join(names[:STEMS_SHOWN]) + more or "nothing yet"

    @display(description="Territories")
    def show_territories(self, grant: Grant) -> str:
        """Return the expression."""
        return str(grant.territory)

    @display(description="Grant", ordering="agreement__number")
    def show_label(self, grant: Grant) -> str:
        """Return agreement and number."""
        return format_html('<span class="whitespace-nowrap">{}</span>', grant.label)

    @display(description="Effect", label=STATUS_COLORS)
    def show_effect(self, grant: Grant) -> str:
        """Return permission or prohibition, colored."""
        return grant.effect

    @display(description="Status", label=STATUS_COLORS)
    def show_status(self, grant: Grant) -> str:
        """Return the status, colored; one whose time is over has ended."""
        over = grant.valid_until is not None and grant.valid_until <= read_clock().date()
        return "ended" if over and grant.status == GrantStatus.ACTIVE else grant.status

    @display(description="Sides")
    def show_sides(self, grant: Grant) -> str:
        """Return the sides."""
        return ", ".join(grant.sides)

    @display(description="Uses")
    def show_uses(self, grant: Grant) -> str:
        """Return the uses."""
        return describe_uses(grant.uses)

    @display(description="When")
    @draw_once
    def show_when(self, grant: Grant) -> str:
        """Return the period, drawn."""
        bar = PeriodBar(
            label=grant.label,
            starts_on=grant.valid_from,
            ends_on=grant.valid_until,
            forbids=grant.effect == "prohibition",
            is_draft=is_draft(grant),
        )
        return draw_periods([bar], today=read_clock().date())

    @display(description="Where")
    @draw_once
    def show_where(self, grant: Grant) -> str:
        """Return the territories, drawn."""
        leaves = grant.territory.leaves
        forbids = grant.effect == "prohibition"
        drawn = draw_world(() if forbids else leaves, forbidden=leaves if forbids else ())
        return format_html("{}{}", drawn, draw_territories(leaves))

    @display(description="Prepared and activated by")
    def show_people(self, grant: Grant) -> str:
        """Return who did what."""
        activated = (
            f"{grant.activated_by or 'the system'}, {grant.activated_at:%Y-%m-%d %H:%M} UTC"
            if grant.activated_at
            else "nobody yet"
        )
        corrected = (
            f"; corrected {grant.corrections} time{pluralize(grant.corrections)}, last: {grant.correction_note}"
            if grant.corrections
            else ""
        )
        return f"{grant.prepared_by or 'the system'}; activated by {activated}{corrected}"

    def save_model(self, request: HttpRequest, obj: Grant, form: Any, change: bool) -> None:  # noqa: FBT001
        """Save a draft with what it is about."""
        save_draft(
            grant=obj,
            territories=form.cleaned_data["territories"],
            stems=form.cleaned_data["stem_ids"],
            recordings=form.cleaned_data["isrcs"],
            by=get_person(request),
        )

    # -- Actions -----------------------------------------------------------------------------------

    def _propose(
        self, request: HttpRequest, grant: Grant, change: ProposedChange, title: str, note: str
    ) -> HttpResponse:
        return run_action(
            request,
            grant,
            lambda: propose_changes(
                title=title, changes=[change], by=get_person(request), now=read_clock(), note=note
            ),
            "Prepared. Somebody else can put it in force; below is what it changes.",
        )

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Offer what the status allows."""
        grant = self.get_object(request, str(object_id))
        offered = {
            GrantStatus.DRAFT: {"propose_activation", "cancel"},
            GrantStatus.ACTIVE: {"propose_end", "draft_change", "propose_correction", "suspend"},
            GrantStatus.SUSPENDED: {"propose_end", "propose_correction", "propose_resumption"},
        }.get(GrantStatus(grant.status) if grant else GrantStatus.CANCELLED, set())
        return [
            item
            for item in super().get_actions_detail(request, object_id)
            if any(item.action_name.endswith(name) for name in offered)
        ]

    @action(
        description="Propose activation",
        icon="how_to_reg",
        permissions=["propose"],
        dialog={"title": "Propose this grant for activation", "description": "Somebody else looks at it and puts it in force.",
                "form_class": NoteForm, "form_submit_text": "Propose"},
    )  # fmt: skip
    def propose_activation(self, request: HttpRequest, form: Any, object_id: int) -> HttpResponse:
        """Prepare the activation."""
        grant = get_row(self, request, object_id)
        change = ProposedChange(action=ChangeAction.ACTIVATE_GRANT, grant=grant)
        return self._propose(
            request, grant, change, f"Activate {grant.label}", form.cleaned_data["note"]
        )

    @action(
        description="Propose an end",
        icon="event_busy",
        permissions=["propose"],
        dialog={"title": "Propose an end", "description": "The day is the first on which the grant no longer holds.",
                "form_class": DayForm, "form_submit_text": "Propose"},
    )  # fmt: skip
    def propose_end(self, request: HttpRequest, form: Any, object_id: int) -> HttpResponse:
        """Prepare the end."""
        grant = get_row(self, request, object_id)
        day = form.cleaned_data["day"]
        change = ProposedChange(action=ChangeAction.END_GRANT, grant=grant, ends_on=day)
        return self._propose(
            request, grant, change, f"End {grant.label} on {day}", form.cleaned_data["note"]
        )

    @action(
        description="Propose to resume",
        icon="play_circle",
        permissions=["propose"],
        dialog={"title": "Propose to lift the suspension", "description": "Somebody else puts the grant back in force.",
                "form_class": NoteForm, "form_submit_text": "Propose"},
    )  # fmt: skip
    def propose_resumption(self, request: HttpRequest, form: Any, object_id: int) -> HttpResponse:
        """Prepare the end of the suspension."""
        grant = get_row(self, request, object_id)
        change = ProposedChange(action=ChangeAction.RESUME_GRANT, grant=grant)
        return self._propose(
            request, grant, change, f"Resume {grant.label}", form.cleaned_data["note"]
        )

    @action(
        description="Supersede",
        icon="edit_document",
        permissions=["draft"],
        dialog={"title": "Change the terms from a day on",
                "description": "An activated grant never changes: this drafts its successor.",
                "form_class": DayForm, "form_submit_text": "Draft a successor"},
    )  # fmt: skip
    def draft_change(self, request: HttpRequest, form: Any, object_id: int) -> HttpResponse:
        """Draft a grant that supersedes this one."""
        grant = get_row(self, request, object_id)
        return run_action(
            request,
            grant,
            lambda: draft_successor(
                grant=grant, valid_from=form.cleaned_data["day"], changes={}, by=get_person(request)
            ),
            f"This draft supersedes {grant.label}: change its terms, then propose it.",
        )

    @action(
        description="Correct",
        icon="spellcheck",
        permissions=["propose"],
        dialog={"title": "Propose a correction",
                "description": "For what was entered otherwise than the contract says; new terms are a successor.",
                "form_class": CorrectionForm, "form_submit_text": "Propose"},
    )  # fmt: skip
    def propose_correction(self, request: HttpRequest, form: Any, object_id: int) -> HttpResponse:
        """Prepare a marked correction."""
        grant = get_row(self, request, object_id)
        term, value = form.cleaned_data["term"], form.cleaned_data["value"]
        change = ProposedChange(
            action=ChangeAction.CORRECT_GRANT, grant=grant, corrections={term: value}
        )
        title = f"Correct {name_words(term)} of {grant.label}"
        return self._propose(request, grant, change, title, form.cleaned_data["note"])

    @action(
        description="Suspend",
        icon="pause_circle",
        permissions=["suspend"],
        dialog={"title": "Suspend this grant?", "description": "It stops counting at once; two people lift a suspension.",
                "form_class": NoteForm, "form_submit_text": "Suspend"},
    )  # fmt: skip
    def suspend(self, request: HttpRequest, form: Any, object_id: int) -> HttpResponse:
        """Take the grant out of force at once."""
        grant = get_row(self, request, object_id)
        return run_action(
            request,
            grant,
            lambda: suspend_grant(
                grant=grant, by=get_person(request), note=form.cleaned_data["note"]
            ),
            "The grant is suspended.",
        )

    @action(
        description="Cancel the draft",
        icon="delete",
        permissions=["suspend"],
        dialog={"title": "Cancel this draft?", "description": "It stays on record as cancelled.",
                "form_class": NoteForm, "form_submit_text": "Cancel it"},
    )  # fmt: skip
    def cancel(self, request: HttpRequest, form: Any, object_id: int) -> HttpResponse:
        """Drop the draft."""
        grant = get_row(self, request, object_id)
        return run_action(
            request,
            grant,
            lambda: cancel_grant(
                grant=grant, by=get_person(request), note=form.cleaned_data["note"]
            ),
            "The draft is cancelled.",
        )

    @action(description="Calendar of ends", icon="event", url_path="calendar", permissions=["view"])
    def show_calendar(self, request: HttpRequest) -> HttpResponse:
        """Show what ends or is due within 90, 30, 7 and 1 days."""
        today = read_clock().date()
        context = {
            **self.admin_site.each_context(request),
            "title": "What ends soon",
            "today": today,
            "bands": [
                (band, [(ending, link_to(ending.row, ending.label)) for ending in band.endings])
                for band in list_endings(on=today)
            ],
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/catalog/calendar.html", context)
