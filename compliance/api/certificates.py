"""Certificates that anybody may have checked."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from compliance.api.certificate_messages import (
    CertificateCheckReport,
    CertificateCheckRequest,
    describe_check,
)
from compliance.services.certificate_checks import check_certificate


class CertificateCheckView(APIView):
    """Have a certificate checked; public, as certificates are shown to anybody."""

    authentication_classes: list[Any] = []
    permission_classes: list[Any] = []

    @extend_schema(
        operation_id="verify_certificate", request=CertificateCheckRequest, responses=CertificateCheckReport,
        tags=["certificates"], auth=[],
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Tell whether a certificate is genuine, holds at this moment, and is about the audio you hold."""
        form = CertificateCheckRequest(data=request.data)
        form.is_valid(raise_exception=True)
        check = check_certificate(
            token=form.validated_data["certificate"].strip(),
            audio_sha256=form.validated_data.get("audio_sha256"),
            now=timezone.now(),
        )
        return Response(describe_check(check), headers={"Cache-Control": "no-store"})
