"""Change sets: what would change, and the button that another person presses."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import pluralize
from django.utils.html import format_html, format_html_join
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from catalog.admin.base import (
    STATUS_COLORS,
    ConfirmForm,
    NoteForm,
    draw_once,
    draw_status,
    get_person,
    get_row,
    link_to,
    read_clock,
    run_action,
)
from catalog.admin.drawings import GREEN, RED
from catalog.admin.tables import draw_songs, draw_table
from catalog.models import Change, ChangeSet, Grant
from catalog.models.change_sets import ChangeAction, ChangeSetStatus
from catalog.models.fields import describe_value
from catalog.rights.territories import describe_territories
from catalog.rights.wording import describe_uses, name_words
from catalog.services.change_sets import activate_change_set, reject_change_set, withdraw_change_set
from catalog.services.impact import CapChange, ChangeImpact, StemImpact, preview_change_set

IMPACTS_SHOWN = 40


def describe_corrections(change: Change) -> str:
    """Return each corrected term as it reads and as it should."""
    texts = []
    for name, value in change.corrections.items():
        column = "territory" if name == "territories" else name
        field = Grant._meta.get_field(column)
        shown = describe_value(getattr(change.grant, column), column=field)
        arrow = f"{shown} → " if change.change_set.status == ChangeSetStatus.OPEN else ""
        texts.append(f"{name_words(name)}: {arrow}{describe_value(value, column=field)}")
    return "; ".join(texts)


def describe_scope(impact: ChangeImpact) -> str:
    """Return on what day, and for how many stems, the difference is shown."""
    tried = impact.n_stems_tried
    part = f", judged by the first {tried}" if tried < impact.n_stems else ""
    return f"On {impact.on}, for {impact.n_stems} stem{pluralize(impact.n_stems)}{part}:"


def list_lines(impacts: Iterable[StemImpact]) -> list[tuple[str, str, str, str]]:
    """Return stem, uses, gains and losses; uses that change alike share a line."""
    uses = defaultdict(list)
    for impact in impacts:
        uses[impact.stem, impact.gained, impact.lost].append(impact.use)
    return [
        (
            stem,
            describe_uses(words),
            mark_territories(gained, color=GREEN),
            mark_territories(lost, color=RED),
        )
        for (stem, gained, lost), words in uses.items()
    ]


def draw_impact(impact: ChangeImpact) -> tuple[str, str, str]:
    """Return what changes for stems, for caps, and for songs that are approved already."""
    lines = list_lines(impact.impacts)
    more = len(lines) - IMPACTS_SHOWN
    stems = (
        format_html(
            "<p>{}</p>{}{}",
            describe_scope(impact),
            draw_table(heads=["Stem", "Uses", "Gains", "Loses"], rows=lines[:IMPACTS_SHOWN]),
            f"and {more} lines more" if more > 0 else "",
        )
        if lines
        else format_html("<p>No stem gains or loses a territory on {}.</p>", impact.on)
    )
    caps = (
        draw_table(
            heads=["Cap", "Counts", "Taken", "Before", "After"],
            rows=[
                (
                    change.grant,
                    change.cap,
                    change.taken,
                    show_limit(change.before),
                    mark_overspent(change),
                )
                for change in impact.cap_changes
            ],
        )
        if impact.cap_changes
        else ""
    )
    songs = draw_songs(
        impact.approved_songs, none="No approved song uses a stem that loses anything."
    )
    return (
        stems,
        caps,
        format_html('<p class="mt-4"><strong>Approved songs touched</strong></p>{}', songs),
    )


def show_limit(limit: int | None) -> str:
    """Return a limit in words."""
    return "not in force" if limit is None else str(limit)


def mark_overspent(change: CapChange) -> str:
    """Return the limit after, marked if more than that is taken already."""
    if not change.is_overspent:
        return show_limit(change.after)
    return format_html('<span style="color:{}">{}, more is taken</span>', RED, change.after)


def mark_territories(leaves: Collection[str], *, color: str) -> str:
    """Return the territories in words and in color, or a dash."""
    if not leaves:
        return "-"
    return format_html('<span style="color:{}">{}</span>', color, describe_territories(leaves))


@admin.register(ChangeSet)
class ChangeSetAdmin(ModelAdmin):  # type: ignore[misc]  # untyped
    """Prepared by one person, decided by another."""

    list_display = [
        "title",
        "show_status",
        "prepared_by",
        "prepared_at",
        "decided_by",
        "decided_at",
    ]
    list_filter = ["status", "prepared_by"]
    search_fields = ["title", "note", "changes__grant__agreement__number"]
    list_select_related = ["prepared_by", "decided_by"]
    fields = ["title", "show_status", "note", "show_changes", "show_impact", "prepared_by", "prepared_at", "decided_by",
              "decided_at", "decision_note"]  # fmt: skip
    actions_detail = ["activate", "reject", "withdraw"]
    readonly_preprocess_fields = {"show_status": draw_status}

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Let nothing be typed over: what was prepared is what is decided."""
        if obj is not None:
            obj.reader = get_person(request)  # on the row: one page object serves every thread
        return list(self.fields)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: change sets are proposed on the page of a grant or cap."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: it is decided by the buttons, as it was prepared."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: a change set is withdrawn, not deleted."""
        return False

    def has_decide_permission(self, request: HttpRequest, _object_id: Any = None) -> bool:
        """Let approvers decide."""
        return request.user.has_perm("catalog.change_changeset")

    def has_propose_permission(self, request: HttpRequest, _object_id: Any = None) -> bool:
        """Let editors take back what they prepared."""
        return request.user.has_perm("catalog.add_changeset")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Offer a decision to others, withdrawal to the author."""
        change_set = self.get_object(request, str(object_id))
        if change_set is None or change_set.status != ChangeSetStatus.OPEN:
            return []
        own = change_set.prepared_by_id == request.user.pk
        offered = {"withdraw"} if own else {"activate", "reject"}
        return [
            item
            for item in super().get_actions_detail(request, object_id)
            if any(item.action_name.endswith(name) for name in offered)
        ]

    @display(description="Status", label=STATUS_COLORS)
    def show_status(self, change_set: ChangeSet) -> str:
        """Return the status, colored."""
        return change_set.status

    @display(description="Changes")
    @draw_once
    def show_changes(self, change_set: ChangeSet) -> str:
        """Return each step."""
        rows = []
        for change in change_set.changes.select_related("grant__agreement", "cap"):
            detail = {
                ChangeAction.END_GRANT: f" on {change.ends_on}",
                ChangeAction.SET_CAP_LIMIT: f" from {change.cap.limit if change.cap else '-'} to {change.limit}",
                ChangeAction.CORRECT_GRANT: f", {describe_corrections(change)}",
            }.get(ChangeAction(change.action), "")
            rows.append((change.get_action_display(), link_to(change.grant), detail))
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{}: {}{}</li>", rows))

    @display(description="What changes if it is activated")
    @draw_once
    def show_impact(self, change_set: Any) -> str:
        """Return the difference it would make, tried out and rolled back."""
        if change_set.status != ChangeSetStatus.OPEN:
            return "Decided."
        is_own = change_set.prepared_by_id == change_set.reader.pk
        impact = preview_change_set(
            change_set=change_set, by=None if is_own else change_set.reader, now=read_clock()
        )
        whose = (
            format_html("<p>{}</p>", "You prepared it: somebody else must decide.")
            if is_own
            else ""
        )
        if impact.problem:
            return format_html(
                "{}<p>It cannot be activated as things stand: {}.</p>", whose, impact.problem
            )
        return format_html("{}{}{}{}", whose, *draw_impact(impact))

    @action(
        description="Activate",
        icon="check_circle",
        permissions=["decide"],
        dialog={"title": "Put these changes in force?", "description": "All of them at once, as shown.",
                "form_class": ConfirmForm, "form_submit_text": "Activate"},
    )  # fmt: skip
    def activate(self, request: HttpRequest, _form: Any, object_id: int) -> HttpResponse:
        """Put the changes in force."""
        change_set = get_row(self, request, object_id)
        return run_action(request, change_set,
                          lambda: activate_change_set(change_set=change_set, by=get_person(request), now=read_clock()),
                          "The changes are in force.")  # fmt: skip

    @action(
        description="Reject",
        icon="block",
        permissions=["decide"],
        dialog={"title": "Turn these changes down?", "description": "Nothing changes.",
                "form_class": NoteForm, "form_submit_text": "Reject"},
    )  # fmt: skip
    def reject(self, request: HttpRequest, form: Any, object_id: int) -> HttpResponse:
        """Turn the changes down."""
        change_set = get_row(self, request, object_id)
        note = form.cleaned_data["note"]
        return run_action(request, change_set,
                          lambda: reject_change_set(change_set=change_set, by=get_person(request), now=read_clock(), note=note),
                          "Turned down.")  # fmt: skip

    @action(
        description="Withdraw",
        icon="undo",
        permissions=["propose"],
        dialog={"title": "Take these changes back?", "description": "Nothing changes.",
                "form_class": ConfirmForm, "form_submit_text": "Withdraw"},
    )  # fmt: skip
    def withdraw(self, request: HttpRequest, _form: Any, object_id: int) -> HttpResponse:
        """Take the changes back."""
        change_set = get_row(self, request, object_id)
        return run_action(request, change_set,
                          lambda: withdraw_change_set(change_set=change_set, by=get_person(request), now=read_clock()),
                          "Withdrawn.")  # fmt: skip
