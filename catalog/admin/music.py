"""Works, recordings and stems."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from unfold.decorators import action, display

from catalog.admin.base import (
    STATUS_COLORS,
    ConfirmForm,
    ExchangingAdmin,
    NoteForm,
    draw_once,
    get_person,
    get_row,
    link_to,
    read_clock,
    run_action,
    show_player,
)
from catalog.admin.drawings import RED, PeriodBar, draw_periods
from catalog.admin.tables import draw_songs, draw_table, draw_term
from catalog.admin.twins import draw_twins
from catalog.exchange.resources import RecordingResource, StemResource, WorkResource
from catalog.models import Recording, Stem, Work
from catalog.queries.approved_songs import find_approved_songs
from catalog.queries.stem_pages import list_grants_of_stem, list_share_gaps_of_stem
from catalog.rights.identifiers import IdentifierKind, format_identifier
from catalog.rights.territories import describe_territories
from catalog.rights.wording import describe_uses, name_words
from catalog.services.stems import (
    StemMoved,
    StemNotReady,
    activate_stem,
    find_missing,
    save_stem,
    suspend_stem,
    withdraw_stem,
)


@admin.register(Work)
class WorkAdmin(ExchangingAdmin):
    """Compositions."""

    resource_classes = [WorkResource]

    list_display = ["title", "show_iswc", "language"]
    search_fields = ["title", "iswc"]
    fields = ["title", "iswc", "language"]

    @display(description="ISWC")
    def show_iswc(self, work: Work) -> str:
        """Return the ISWC as people write it."""
        return format_identifier(work.iswc or "", kind=IdentifierKind.ISWC) or "-"


@admin.register(Recording)
class RecordingAdmin(ExchangingAdmin):
    """Recordings."""

    resource_classes = [RecordingResource]

    list_display = ["title", "version", "artist", "show_isrc"]
    search_fields = ["title", "isrc", "artist__name"]
    fields = [
        "title", "version", "isrc", "artist", "works", "duration_s", "bpm", "key", "p_line", "c_line",
    ]  # fmt: skip
    autocomplete_fields = ["artist", "works"]
    list_select_related = ["artist"]

    @display(description="ISRC")
    def show_isrc(self, recording: Recording) -> str:
        """Return the ISRC as people write it."""
        return format_identifier(recording.isrc or "", kind=IdentifierKind.ISRC) or "-"


@admin.register(Stem)
class StemAdmin(ExchangingAdmin):
    """Stems: what they are, who may use them, what is missing."""

    resource_classes = [StemResource]

    list_display = [
        "show_name",
        "artist",
        "role",
        "show_status",
        "bpm",
        "key",
        "genre",
        "show_voice",
    ]
    list_filter = ["status", "role", "has_voice", "genre"]
    search_fields = ["external_id", "title", "artist__name", "recording__title", "recording__isrc"]
    autocomplete_fields = ["artist", "recording", "performers"]
    readonly_fields = [
        "play", "show_status", "show_missing", "show_twins", "show_grants", "show_share_gaps", "show_songs",
        "show_duration", "show_loudness", "show_format", "file_sha256", "audio_sha256", "created_at",
    ]  # fmt: skip
    fieldsets = [
        (None, {"fields": ["play", "show_status", "show_missing", "status_note", "show_twins"]}),
        ("What it is", {"classes": ["tab"], "fields": [
            "external_id", "title", "artist", "recording", "role", "role_text", "instrument", "has_voice", "performers",
            "genre", "language", "bpm", "key", "exclusivity", "third_party_samples"]}),
        ("Rights", {"classes": ["tab"], "fields": ["show_grants", "show_share_gaps"]}),
        ("Who uses it", {"classes": ["tab"], "fields": ["show_songs"]}),
        ("Audio", {"classes": ["tab"], "fields": [
            "show_duration", "show_loudness", "show_format", "file_sha256", "audio_sha256", "created_at"]}),
    ]  # fmt: skip
    actions = ["activate_selected"]
    actions_detail = ["activate", "suspend", "withdraw"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Stem]:
        """Load what the list shows in one query."""
        rows: QuerySet[Stem] = super().get_queryset(request)
        return rows.select_related("artist", "recording")

    def has_import_permission(self, request: HttpRequest) -> bool:
        """Let a table change what is written about stems by those who may type it."""
        return request.user.has_perm("catalog.change_stem")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: stems come with their audio, by import."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Keep the ID that generators know."""
        return [*super().get_readonly_fields(request, obj), "external_id"]

    @display(description="Stem", header=True, ordering="external_id")
    def show_name(self, stem: Stem) -> list[str]:
        """Return title and ID."""
        return [stem.title, stem.external_id]

    @display(description="Status", label=STATUS_COLORS)
    def show_status(self, stem: Stem) -> str:
        """Return the status, colored."""
        return name_words(stem.status)

    @display(description="Voice", boolean=True)
    def show_voice(self, stem: Stem) -> bool:
        """Return whether a voice is heard."""
        return stem.has_voice

    @display(description="Audio")
    def play(self, stem: Stem) -> str:
        """Return a player."""
        return show_player(stem.audio)

    def save_model(self, request: HttpRequest, obj: Stem, form: Any, change: bool) -> None:  # noqa: FBT001
        """Save what was typed."""
        save_stem(stem=obj, by=get_person(request))

    @display(description="Duration")
    def show_duration(self, stem: Stem) -> str:
        """Return how long it is."""
        return f"{stem.duration_s:.2f} s" if stem.duration_s else "-"

    @display(description="Loudness")
    def show_loudness(self, stem: Stem) -> str:
        """Return loudness and peak as they are written."""
        if stem.loudness_lufs is None:
            return "Not measured yet"
        peak = "" if stem.true_peak_db is None else f", true peak {stem.true_peak_db:.1f} dBTP"
        return f"{stem.loudness_lufs:.1f} LUFS integrated{peak}"

    @display(description="Format")
    def show_format(self, stem: Stem) -> str:
        """Return sample rate and channels."""
        rate = f"{stem.sample_rate_hz / 1000:g} kHz" if stem.sample_rate_hz else "-"
        return f"{rate}, {stem.channels or '-'} channel{'' if stem.channels == 1 else 's'}"

    @display(description="Twins")
    @draw_once
    def show_twins(self, stem: Stem) -> str:
        """Return the recordings it sounds like, with players."""
        return draw_twins(stem)

    @display(description="Missing to be active")
    @draw_once
    def show_missing(self, stem: Stem) -> str:
        """Return what the stem lacks."""
        return "; ".join(find_missing(stem=stem, on=read_clock().date())) or "nothing"

    @display(description="Grants")
    @draw_once
    def show_grants(self, stem: Stem) -> str:
        """Return the grants with their periods drawn."""
        grants = list_grants_of_stem(stem=stem)
        if not grants:
            return "No grant yet: enter one under an agreement and name this stem in it."
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
            heads=["Grant", "Status", "Effect", "Uses", "Territories", "Period"],
            rows=[
                (
                    link_to(grant),
                    grant.get_status_display(),
                    grant.get_effect_display(),
                    describe_uses(grant.uses),
                    str(grant.territory),
                    draw_term(grant),
                )
                for grant in grants
            ],
        )
        return format_html("{}{}", draw_periods(bars, today=read_clock().date()), table)

    @display(description="Shares that do not add to 100")
    @draw_once
    def show_share_gaps(self, stem: Stem) -> str:
        """Return where shares are missing or too many."""
        problems = list_share_gaps_of_stem(stem=stem, on=read_clock().date())
        if not problems:
            return "None: every share adds to 100 worldwide for the coming year."
        bars = [
            PeriodBar(
                label=f"{name_words(gap.right_type)}: {gap.total.normalize():f}",
                starts_on=gap.starts_on,
                ends_on=gap.ends_on,
                forbids=True,
                words="overlap" if gap.is_overlap else "gap",
            )
            for _, gap in problems
        ]
        table = draw_table(
            heads=["Right", "Of", "Adds to", "Where", "When", "To do"],
            rows=[
                (
                    name_words(gap.right_type),
                    share_set.target,
                    format_html(
                        '<span style="color:{}">{} %</span>', RED, f"{gap.total.normalize():f}"
                    ),
                    describe_territories(gap.territories),
                    format_html(
                        '<span class="whitespace-nowrap">{} to</span> <span class="whitespace-nowrap">{}</span>',
                        gap.starts_on,
                        gap.ends_on,
                    ),
                    "Correct the overlap" if gap.is_overlap else "Enter who holds the rest",
                )
                for share_set, gap in problems
            ],
        )
        return format_html("{}{}", draw_periods(bars, today=read_clock().date()), table)

    @display(description="Approved songs")
    @draw_once
    def show_songs(self, stem: Stem) -> str:
        """Return the songs that were approved with this stem."""
        return draw_songs(
            find_approved_songs([stem.external_id]), none="No approved song uses this stem."
        )

    @admin.action(description="Activate the selected stems", permissions=["change"])
    def activate_selected(self, request: HttpRequest, queryset: QuerySet[Stem]) -> None:
        """Activate those that are ready and say what the others lack."""
        n_active = 0
        for name in queryset.values_list("external_id", flat=True):
            try:
                activate_stem(external_id=name, by=get_person(request), now=read_clock())
                n_active += 1
            except (StemNotReady, StemMoved) as error:
                messages.error(request, str(error))
        messages.success(request, f"{n_active} stems are active now.")

    @action(
        description="Activate",
        icon="check_circle",
        permissions=["change"],
        dialog={
            "title": "Activate this stem?",
            "description": "It can be cleared from now on.",
            "form_class": ConfirmForm,
            "form_submit_text": "Activate",
        },
    )
    def activate(self, request: HttpRequest, _form: Any, object_id: int) -> HttpResponse:
        """Make the stem available."""
        stem = get_row(self, request, object_id)
        return run_action(
            request,
            stem,
            lambda: activate_stem(
                external_id=stem.external_id, by=get_person(request), now=read_clock()
            ),
            "The stem is active.",
        )

    @action(
        description="Suspend",
        icon="pause_circle",
        permissions=["change"],
        dialog={
            "title": "Suspend this stem?",
            "description": "New clearances are refused until it is activated again.",
            "form_class": NoteForm,
            "form_submit_text": "Suspend",
        },
    )
    def suspend(self, request: HttpRequest, form: Any, object_id: int) -> HttpResponse:
        """Take the stem out of use for now."""
        stem = get_row(self, request, object_id)
        return run_action(
            request,
            stem,
            lambda: suspend_stem(
                external_id=stem.external_id,
                by=get_person(request),
                note=form.cleaned_data["note"],
            ),
            "The stem is suspended.",
        )

    @action(
        description="Withdraw",
        icon="cancel",
        permissions=["change"],
        dialog={
            "title": "Withdraw this stem for good?",
            "description": "It can never be cleared again.",
            "form_class": NoteForm,
            "form_submit_text": "Withdraw",
        },
    )
    def withdraw(self, request: HttpRequest, form: Any, object_id: int) -> HttpResponse:
        """Take the stem out of use for good."""
        stem = get_row(self, request, object_id)
        return run_action(
            request,
            stem,
            lambda: withdraw_stem(
                external_id=stem.external_id,
                by=get_person(request),
                note=form.cleaned_data["note"],
            ),
            "The stem is withdrawn.",
        )
