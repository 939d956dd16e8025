"""Signed copies of approved songs."""

from typing import Any

from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.cache import get_conditional_response
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from catalog.api.strict import StrictMessage, read_query
from compliance import queries
from compliance.api.views import get_caller
from compliance.certificates.content_credentials import EMBEDDING_TYPES, MANIFEST_TYPE
from compliance.services.approvals import UnknownApproval
from compliance.services.content_credentials import get_content_credential


class ContentCredentialQuery(StrictMessage):
    """How the credentials are wanted."""

    form = serializers.ChoiceField(
        choices=["embedded", "sidecar"], default="embedded",
        help_text="embedded: the song with its credentials inside (wav, mp3, flac, m4a). sidecar: the manifest alone, for "
        "formats that cannot hold one (ogg, aiff).",
    )  # fmt: skip


class AnyType(BaseContentNegotiation):
    """A file comes in its own format, whatever a client would rather have; errors are JSON."""

    def select_parser(self, request: Request, parsers: Any) -> None:
        """Parse nothing."""

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Return JSON, which only errors are written in."""
        return JSONRenderer(), JSONRenderer.media_type


def answer_file(
    request: Request, *, file: Any, sha256: str, n_bytes: int, media_type: str, name: str = ""
) -> HttpResponseBase:
    """Return a stored file with its digest as ETag, or 304 to who has it."""
    headers = {
        "ETag": f'"{sha256}"',
        "Cache-Control": "private, no-cache",
        "X-Content-Type-Options": "nosniff",
    }
    unchanged = get_conditional_response(
        request._request, etag=headers["ETag"], response=HttpResponse(headers=headers)
    )
    if unchanged is not None and unchanged.status_code != HttpResponse.status_code:
        file.close()
        return unchanged
    headers["Content-Length"] = str(n_bytes)
    return FileResponse(
        file, content_type=media_type, filename=name, as_attachment=bool(name), headers=headers
    )


class ContentCredentialView(APIView):
    """Download the content credentials of a song."""

    required_scopes = {"GET": ("approvals:read",)}
    content_negotiation_class = AnyType

    @extend_schema(
        operation_id="get_content_credentials", parameters=[ContentCredentialQuery], tags=["approvals"],
        responses={
            (200, media_type): OpenApiTypes.BINARY
            for media_type in (*EMBEDDING_TYPES.values(), MANIFEST_TYPE)
        }
        | {409: None, 410: None},
    )  # fmt: skip
    def get(self, request: Request, public_id: str) -> HttpResponseBase:
        """Return the approved song with its content credentials (C2PA) inside, or the manifest that goes beside it."""
        asked = read_query(ContentCredentialQuery, request)
        approval = queries.get_approval(
            public_id=public_id, generator=get_caller(request).generator
        )
        if approval is None:
            raise UnknownApproval(f"You have no approval {public_id}.")
        credential = get_content_credential(
            approval=approval,
            as_sidecar=asked["form"] == "sidecar",
            now=timezone.now(),
        )
        return answer_file(
            request,
            file=credential.file.open("rb"),
            sha256=credential.file_sha256,
            n_bytes=credential.file_bytes,
            media_type=credential.media_type,
        )
