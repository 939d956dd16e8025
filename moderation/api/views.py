"""The screening API: parse, make one call, answer."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from moderation.api.answers import build_screening_report
from moderation.api.serializers import ScreeningReport, ScreeningRequest
from moderation.queries import get_screening
from moderation.services.screenings import judge_text, submit_screening

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key", {"type": "string", "minLength": 1, "maxLength": 255}, OpenApiParameter.HEADER,
    description="Sent twice, done once: the second answer is the first one's, marked Idempotency-Replayed.",
)  # fmt: skip


def get_client(request: Request) -> str:
    """Return the name under which the caller's data is kept."""
    caller: Any = request.user
    return str(caller.client)


class ScreeningsView(APIView):
    """Screen texts."""

    required_scopes = {"POST": ["screenings:write"]}

    @extend_schema(
        operation_id="create_screening",
        request=ScreeningRequest,
        responses={201: ScreeningReport},
        parameters=[IDEMPOTENCY_KEY],
        tags=["screenings"],
    )
    def post(self, request: Request) -> Response:
        """Screen a text and say whether it may be used, should be looked at, or is refused."""
        form = ScreeningRequest(data=request.data)
        form.is_valid(raise_exception=True)

        judged = judge_text(
            text=form.validated_data["text"],
            language=form.validated_data.get("language"),
            kind=form.validated_data["kind"],
            now=timezone.now(),
        )

        def work() -> tuple[int, dict[str, Any]]:
            screening = submit_screening(judged=judged, client=get_client(request))
            return status.HTTP_201_CREATED, build_screening_report(screening)

        caller: Any = request.user
        answer: Response = caller.answer_once(request, content=request.data, work=work)
        return answer


class ScreeningView(APIView):
    """Read a screening."""

    required_scopes = {"GET": ["screenings:read"]}

    @extend_schema(
        operation_id="get_screening", responses={200: ScreeningReport}, tags=["screenings"]
    )
    def get(self, request: Request, public_id: str) -> Response:
        """Return an earlier answer, and what people decided since."""
        screening = get_screening(public_id=public_id, client=get_client(request))
        return Response(build_screening_report(screening))
