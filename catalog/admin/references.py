"""Reference recordings."""

from django.contrib import admin
from django.http import HttpRequest
from unfold.decorators import display

from catalog.admin.base import ExchangingAdmin, show_player
from catalog.exchange.resources import ReferenceResource
from catalog.models import ReferenceRecording
from catalog.rights.identifiers import IdentifierKind, format_identifier


@admin.register(ReferenceRecording)
class ReferenceRecordingAdmin(ExchangingAdmin):
    """Recordings that no song may contain."""

    resource_classes = [ReferenceResource]

    list_display = ["external_id", "title", "artist", "show_isrc", "duration_s"]
    search_fields = ["external_id", "title", "artist", "isrc"]
    readonly_fields = ["play", "file_sha256", "duration_s", "created_at"]
    fields = [
        "external_id",
        "title",
        "artist",
        "isrc",
        "play",
        "duration_s",
        "file_sha256",
        "created_at",
    ]

    def has_import_permission(self, request: HttpRequest) -> bool:
        """Let a table change what is written about references by those who may type it."""
        return request.user.has_perm("catalog.change_referencerecording")

    def has_add_permission(self, request: object) -> bool:
        """Refuse: references come with their audio, by import."""
        return False

    @display(description="ISRC")
    def show_isrc(self, reference: ReferenceRecording) -> str:
        """Return the ISRC as people write it."""
        return format_identifier(reference.isrc or "", kind=IdentifierKind.ISRC) or "-"

    @display(description="Audio")
    def play(self, reference: ReferenceRecording) -> str:
        """Return a player."""
        return show_player(reference.audio)
