"""Approvals, their certificates, and what verifies these offline: key set and status lists."""

from typing import Any

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from compliance import queries
from compliance.api import answers
from compliance.api.serializers import ApprovalReport, KeySet
from compliance.api.views import get_caller
from compliance.certificates.status_list import LIST_TTL_S, STATUS_LIST_TYPE
from compliance.services.approvals import UnknownApproval
from compliance.services.signing_keys import load_keys
from compliance.services.status_lists import LIST_KEPT_S, get_status_list

# Seconds for which a key set may be kept: a verifier that meets an unknown key asks again anyway.
KEY_SET_MAX_AGE_S = 300


class _TokenRenderer(BaseRenderer):
    """A signed token, as it is."""

    charset = None

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None
    ) -> bytes:
        """Return the token's bytes."""
        return str(data).encode("ascii")


class CertificateRenderer(_TokenRenderer):
    """A certificate."""

    media_type = "application/jwt"
    format = "jwt"


class StatusListRenderer(_TokenRenderer):
    """A status list token."""

    media_type = f"application/{STATUS_LIST_TYPE}"
    format = "statuslist"


class KeySetRenderer(JSONRenderer):
    """A JWK Set (RFC 7517)."""

    media_type = "application/jwk-set+json"


class ApprovalView(APIView):
    """Read one approval."""

    required_scopes = {"GET": ("approvals:read",)}

    @extend_schema(operation_id="get_approval", responses=ApprovalReport, tags=["approvals"])
    def get(self, request: Request, public_id: str) -> Response:
        """Return what the song may be used for, until when, and whether that still holds."""
        approval = queries.get_approval(
            public_id=public_id, generator=get_caller(request).generator
        )
        if approval is None:
            raise UnknownApproval(f"You have no approval {public_id}.")
        return Response(answers.describe_approval(approval, now=timezone.now()))


class CertificateView(APIView):
    """Read the certificate of an approval."""

    required_scopes = {"GET": ("approvals:read",)}
    renderer_classes = [CertificateRenderer]

    @extend_schema(
        operation_id="get_certificate",
        responses={(200, CertificateRenderer.media_type): OpenApiTypes.STR},
        tags=["approvals"],
    )
    def get(self, request: Request, public_id: str) -> Response:
        """Return the certificate as it was signed: a JWS in compact form. How it stands, its status list says."""
        approval = queries.get_approval(
            public_id=public_id, generator=get_caller(request).generator
        )
        if approval is None:
            raise UnknownApproval(f"You have no approval {public_id}.")
        return Response(approval.certificate)


class StatusListView(APIView):
    """Read a status list; public, as certificates are shown to anybody."""

    authentication_classes: list[Any] = []
    permission_classes: list[Any] = []
    renderer_classes = [StatusListRenderer]

    @extend_schema(
        operation_id="get_status_list",
        responses={(200, StatusListRenderer.media_type): OpenApiTypes.STR},
        tags=["certificates"],
        auth=[],
    )
    def get(self, request: Request, number: int) -> Response:
        """Return how every certificate of the list stands, signed: two bits each (IETF Token Status List)."""
        token = get_status_list(number=number, now=timezone.now())
        max_age_s = LIST_TTL_S - LIST_KEPT_S  # together no more than the list may be used
        return Response(token, headers={"Cache-Control": f"public, max-age={max_age_s}"})


class KeySetView(APIView):
    """Read the keys that verify certificates and status lists; public."""

    authentication_classes: list[Any] = []
    permission_classes: list[Any] = []
    renderer_classes = [JSONRenderer, KeySetRenderer]

    @extend_schema(operation_id="get_key_set", responses=KeySet, tags=["certificates"], auth=[])
    def get(self, request: Request) -> Response:
        """Return every key that ever signed, newest first, as a JWK Set."""
        return Response(
            load_keys().to_public_json(),
            headers={"Cache-Control": f"public, max-age={KEY_SET_MAX_AGE_S}"},
        )
