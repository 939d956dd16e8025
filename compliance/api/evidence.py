"""Evidence packs of approved songs."""

import hashlib
import io

from django.http.response import HttpResponseBase
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from compliance import queries
from compliance.api.content_credentials import AnyType, answer_file
from compliance.api.views import get_caller
from compliance.services.approvals import UnknownApproval
from compliance.services.evidence_packs import make_evidence_pack


class EvidenceView(APIView):
    """Download the evidence pack of a song."""

    required_scopes = {"GET": ("approvals:read",)}
    content_negotiation_class = AnyType

    @extend_schema(
        operation_id="get_evidence_pack", responses={(200, "application/zip"): OpenApiTypes.BINARY}, tags=["approvals"]
    )  # fmt: skip
    def get(self, request: Request, public_id: str) -> HttpResponseBase:
        """Return everything about an approved song in one ZIP: a summary for people, and the files that prove it."""
        approval = queries.get_approval(
            public_id=public_id, generator=get_caller(request).generator
        )
        if approval is None:
            raise UnknownApproval(f"You have no approval {public_id}.")
        pack = make_evidence_pack(approval=approval, for_staff=False, now=timezone.now())
        return answer_file(
            request,
            file=io.BytesIO(pack.content),
            sha256=hashlib.sha256(pack.content).hexdigest(),
            n_bytes=len(pack.content),
            media_type="application/zip",
            name=pack.name,
        )
