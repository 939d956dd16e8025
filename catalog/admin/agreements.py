"""Agreements: the contract, its document, its grants over time."""

import re
from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from unfold.decorators import action, display

from catalog.admin.base import (
    STATUS_COLORS,
    ExchangingAdmin,
    NoteForm,
    draw_once,
    draw_status,
    get_person,
    get_row,
    link_to,
    read_clock,
    run_action,
)
from catalog.admin.drawings import PeriodBar, describe_reach, draw_periods, draw_world
from catalog.admin.tables import draw_table, draw_term
from catalog.exchange.contracts import AgreementResource
from catalog.models import Agreement, Grant
from catalog.models.agreements import AgreementStatus
from catalog.rights.wording import describe_uses
from catalog.services.agreement_status import (
    close_agreement,
    reject_agreement,
    reopen_agreement,
)
from catalog.services.agreements import compute_file_sha256
from catalog.services.history import save_as
from catalog.services.reading import record_agreement_read

READS_SHOWN = 20
# Of an agreement with more grants the page shows the latest; the list of grants has them all.
GRANTS_SHOWN = 100
DOCUMENT_FRAME = "contract"
# A page in a reference to a clause: "p. 4, 7.2".
PAGE = r"\bp(?:\.|age)?\s*(\d+)"


def name_document(agreement: Agreement) -> str:
    """Return the address of the signed document."""
    return reverse("protected-media", args=[agreement.document.name])


def draw_document(agreement: Agreement) -> str:
    """Return the signed document in the browser's viewer: no bar of thumbnails, pages as wide as there is room."""
    if not agreement.document:
        return "No document yet: attach the signed PDF under Document."
    return format_html(
        '<iframe name="{}" src="{}#navpanes=0&view=FitH" title="Signed document" '
        'style="width:100%; height:40rem; border:1px solid #d1d5db"></iframe>',
        DOCUMENT_FRAME,
        name_document(agreement),
    )


def link_to_clause(grant: Grant) -> str:
    """Return where the grant stands in the document; its page opens in the frame beside it."""
    page = re.search(PAGE, grant.clause_refs, flags=re.IGNORECASE)
    if not page or not grant.agreement.document:
        return grant.clause_refs or "-"
    return format_html(
        '<a class="text-primary-600" target="{}" href="{}#page={}&navpanes=0&view=FitH">{}</a>',
        DOCUMENT_FRAME,
        name_document(grant.agreement),
        page[1],
        grant.clause_refs,
    )


def draw_reach(grants: Sequence[Grant]) -> str:
    """Return a map of what grants in force and drafts allow, and of what grants in force forbid altogether."""
    reaching = [grant for grant in grants if grant.status in ("draft", "active", "suspended")]
    allowed = {
        code
        for grant in reaching
        if grant.effect == "permission"
        for code in grant.territory.leaves
    }
    forbidden = {
        code
        for grant in reaching
        if grant.effect == "prohibition" and not grant.uses
        for code in grant.territory.leaves
    }
    return format_html(
        "{}<p>{}</p>",
        draw_world(allowed, forbidden=forbidden),
        describe_reach(allowed, forbidden=forbidden),
    )


def link_to_all_grants(agreement: Agreement, *, n_grants: int) -> str:
    """Return how many grants there are, with a link to the list of them."""
    return format_html(
        '<p class="mt-3">The latest {} of {} grants are shown. <a class="text-primary-600" href="{}?agreement__id__exact={}">'
        "See them all</a></p>",
        GRANTS_SHOWN,
        f"{n_grants:,}",
        reverse("admin:catalog_grant_changelist"),
        agreement.pk,
    )


@admin.register(Agreement)
class AgreementAdmin(ExchangingAdmin):
    """Contracts between licensors and licensees."""

    resource_classes = [AgreementResource]

    list_display = [
        "number",
        "title",
        "licensor",
        "licensee",
        "signed_on",
        "show_status",
        "count_grants",
    ]
    list_filter = ["status", "signed_on"]
    search_fields = ["number", "title", "licensor__name", "licensee__name"]
    autocomplete_fields = ["licensor", "licensee", "supersedes"]
    list_select_related = ["licensor", "licensee"]
    readonly_fields = [
        "show_status",
        "show_grants",
        "show_reads",
        "document_sha256",
    ]
    fieldsets = [
        (None, {"fields": ["show_status", "show_grants"]}),
        ("Contract", {"classes": ["tab"], "fields": [
            "number", "title", "licensor", "licensee", "signed_on", "governing_law", "supersedes", "confidential", "notes"]}),
        ("Document", {"classes": ["tab"], "fields": ["document", "document_sha256"]}),
        ("Who read it", {"classes": ["tab"], "fields": ["show_reads"]}),
    ]  # fmt: skip
    actions_detail = ["add_grant", "reject", "close", "reopen"]

    @display(description="Status", label=STATUS_COLORS)
    def show_status(self, agreement: Agreement) -> str:
        """Return the status, colored."""
        return agreement.status

    @display(description="Grants")
    def count_grants(self, agreement: Agreement) -> int:
        """Return how many grants there are."""
        return agreement.grants.count()

    @display(description="Grants beside the signed document")
    @draw_once
    def show_grants(self, agreement: Agreement) -> str:
        """Return the grants, drawn and listed."""
        rows = (
            agreement.grants.exclude(status="cancelled") if agreement.pk else Grant.objects.none()
        )
        n_grants = rows.count()
        if not n_grants:
            return "No grants yet. Save the agreement, then add a grant: what may be done, where and until when."
        latest = rows.select_related("agreement", "territory").order_by("-number")[:GRANTS_SHOWN]
        grants = sorted(latest, key=lambda grant: grant.number)
        bars = [
            PeriodBar(
                label=grant.label,
                starts_on=grant.valid_from,
                ends_on=grant.valid_until,
                forbids=grant.effect == "prohibition",
                is_draft=grant.status == "draft",
            )
            for grant in grants
        ]
        table = draw_table(
            heads=["Grant", "What", "Where", "When", "Clause"],
            rows=[
                (
                    format_html("{}<br>{}", link_to(grant), draw_status(grant.status)),
                    format_html(
                        "{}: {}<br>{}",
                        grant.get_effect_display(),
                        ", ".join(grant.sides),
                        describe_uses(grant.uses),
                    ),
                    str(grant.territory),
                    draw_term(grant),
                    link_to_clause(grant),
                )
                for grant in grants
            ],
        )
        bars_and_table = format_html(
            '<div>{}<div class="my-4">{}</div>{}{}</div>',
            draw_periods(bars, today=read_clock().date()),
            draw_reach(grants),
            table,
            link_to_all_grants(agreement, n_grants=n_grants) if n_grants > GRANTS_SHOWN else "",
        )
        return format_html(
            '<div style="display:grid; gap:1.5rem; grid-template-columns:repeat(auto-fit, minmax(min(28rem, 100%), 1fr))">'
            "{}{}</div>",
            bars_and_table,
            draw_document(agreement),
        )

    @display(description="Last readers")
    @draw_once
    def show_reads(self, agreement: Agreement) -> str:
        """Return who opened the agreement lately."""
        reads = agreement.reads.all()[:READS_SHOWN] if agreement.pk else []
        rows = [(read.reader, f"{read.at:%Y-%m-%d %H:%M} UTC") for read in reads]
        return (
            format_html("<ul>{}</ul>", format_html_join("", "<li>{}, {}</li>", rows))
            if rows
            else "Nobody yet."
        )

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Offer what the status allows."""
        agreement = self.get_object(request, str(object_id))
        offered = (
            {
                AgreementStatus.DRAFT: {"add_grant", "reject"},
                AgreementStatus.PENDING: {"add_grant", "reject"},
                AgreementStatus.ACTIVE: {"add_grant", "close"},
                AgreementStatus.REJECTED: {"reopen"},
                AgreementStatus.INACTIVE: {"reopen"},
            }[AgreementStatus(agreement.status)]
            if agreement
            else set()
        )
        return [
            item
            for item in super().get_actions_detail(request, object_id)
            if any(item.action_name.endswith(f"_{name}") for name in offered)
        ]

    def has_settle_permission(self, request: HttpRequest, _object_id: Any = None) -> bool:
        """Let editors turn down, close and reopen: nothing that holds is ended by it."""
        return request.user.has_perm("catalog.change_agreement")

    def has_draft_permission(self, request: HttpRequest, _object_id: Any = None) -> bool:
        """Let editors add grants."""
        return request.user.has_perm("catalog.add_grant")

    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Enter who reads the agreement, and show it."""
        agreement = self.get_object(request, object_id)
        if agreement is not None and request.method == "GET":
            record_agreement_read(
                agreement=agreement, reader=request.user.get_username(), now=read_clock()
            )
        response: HttpResponse = super().change_view(request, object_id, *args, **kwargs)
        return response

    def save_model(self, request: HttpRequest, obj: Agreement, form: Any, change: bool) -> None:  # noqa: FBT001
        """Keep the hash of a new document, then save."""
        if "document" in form.changed_data and obj.document:
            obj.document_sha256 = compute_file_sha256(obj.document)
        save_as(obj, by=get_person(request))

    @action(
        description="Reject",
        icon="block",
        permissions=["settle"],
        dialog={"title": "Turn this agreement down?", "description": "Its drafts cannot be activated. It can be reopened.",
                "form_class": NoteForm, "form_submit_text": "Reject"},
    )  # fmt: skip
    def reject(self, request: HttpRequest, form: Any, object_id: int) -> HttpResponse:
        """Turn the agreement down."""
        row, note = get_row(self, request, object_id), form.cleaned_data["note"]
        work = lambda: reject_agreement(agreement=row, by=get_person(request), note=note)  # noqa: E731
        return run_action(request, row, work, "The agreement is turned down.")

    @action(
        description="Close",
        icon="archive",
        permissions=["settle"],
        dialog={"title": "Close this agreement?",
                "description": "Nothing can be activated under it any more. Grants that hold are ended first, by two people.",
                "form_class": NoteForm, "form_submit_text": "Close"},
    )  # fmt: skip
    def close(self, request: HttpRequest, form: Any, object_id: int) -> HttpResponse:
        """Make the agreement inactive."""
        row, note = get_row(self, request, object_id), form.cleaned_data["note"]
        work = lambda: close_agreement(  # noqa: E731
            agreement=row, by=get_person(request), on=read_clock().date(), note=note
        )
        return run_action(request, row, work, "The agreement is closed.")

    @action(
        description="Reopen",
        icon="undo",
        permissions=["settle"],
        dialog={"title": "Reopen this agreement?", "description": "Grants can be activated under it again.",
                "form_class": NoteForm, "form_submit_text": "Reopen"},
    )  # fmt: skip
    def reopen(self, request: HttpRequest, form: Any, object_id: int) -> HttpResponse:
        """Take back that it was turned down or closed."""
        row, note = get_row(self, request, object_id), form.cleaned_data["note"]
        work = lambda: reopen_agreement(agreement=row, by=get_person(request), note=note)  # noqa: E731
        return run_action(request, row, work, "The agreement is open again.")

    @action(description="Add a grant", icon="add", permissions=["draft"])
    def add_grant(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Open an empty grant under this agreement."""
        return redirect(f"{reverse('admin:catalog_grant_add')}?agreement={object_id}")
