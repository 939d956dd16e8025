"""The screening API: parse, make one call, answer."""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from moderation.api.answers import build_batch_report, build_screening_report
from moderation.api.serializers import (
    MAX_BATCH,
    ScreeningBatchReport,
    ScreeningBatchRequest,
    ScreeningReport,
    ScreeningRequest,
)
from moderation.api.text_reading import list_errors, read_explanation_language, read_text
from moderation.queries import get_screening
from moderation.screening.text_limits import InvalidText
from moderation.services.sandbox import practice_text
from moderation.services.screenings import (
    JudgedText,
    TextToScreen,
    judge_text,
    judge_texts,
    keep_screening,
    submit_screenings,
)

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key", {"type": "string", "pattern": "^[ -~]{1,255}$"}, OpenApiParameter.HEADER,
    description="Sent twice, done once: the second answer is the first one's, marked Idempotency-Replayed.",
)  # fmt: skip
ACCEPT_LANGUAGE = OpenApiParameter(
    "Accept-Language", {"type": "string"}, OpenApiParameter.HEADER,
    description="Language of the reasons' texts; without it each text's own.",
)  # fmt: skip


def get_client(request: Request) -> str:
    """Return the name under which the caller's data is kept."""
    caller: Any = request.user
    return str(caller.client)


def keep_texts(caller: Any, judged: Sequence[JudgedText]) -> list[Any]:
    """Keep what was judged of texts; in the sandbox as their magic words say, for no reviewer."""
    if caller.is_sandbox:
        practiced = [practice_text(each) for each in judged]
        return [keep_screening(judged=each, client=caller.client) for each in practiced]
    return submit_screenings(judged=judged, client=caller.client)


class ScreeningsView(APIView):
    """Screen texts."""

    required_scopes = {"POST": ["screenings:write"]}

    @extend_schema(
        operation_id="create_screening",
        request=ScreeningRequest,
        responses={201: ScreeningReport},
        parameters=[IDEMPOTENCY_KEY, ACCEPT_LANGUAGE],
        tags=["screenings"],
    )
    def post(self, request: Request) -> Response:
        """Screen a text and say whether it may be used, should be looked at, or is refused."""
        given = read_text(request.data, explain_in=read_explanation_language(request))

        caller: Any = request.user
        judged = judge_text(given=given, now=timezone.now())

        def work() -> tuple[int, dict[str, Any]]:
            (screening,) = keep_texts(caller, [judged])
            return status.HTTP_201_CREATED, build_screening_report(screening)

        answer: Response = caller.answer_once(request, content=request.data, work=work)
        return answer


class ScreeningBatchView(APIView):
    """Screen many texts in one request."""

    required_scopes = {"POST": ["screenings:write"]}

    @extend_schema(
        operation_id="create_screening_batch",
        request=ScreeningBatchRequest,
        responses={201: ScreeningBatchReport},
        parameters=[IDEMPOTENCY_KEY, ACCEPT_LANGUAGE],
        tags=["screenings"],
    )
    def post(self, request: Request) -> Response:
        """Screen up to 1,000 texts; one that cannot be screened gets its errors, the others their answers."""
        rows = _read_rows(request.data)
        explain_in = read_explanation_language(request)
        given: dict[int, TextToScreen] = {}
        refusals: dict[int, list[dict[str, str]]] = {}
        for index, row in enumerate(rows):
            try:
                given[index] = read_text(row, explain_in=explain_in)
            except serializers.ValidationError as error:
                refusals[index] = list_errors(error.detail, pointer=f"/texts/{index}")
        caller: Any = request.user
        judged: dict[int, Any] = {}
        answers = judge_texts(given=given.values(), now=timezone.now())
        for index, result in zip(given, answers, strict=True):
            if isinstance(result, InvalidText):
                pointer = f"/texts/{index}/text"
                refusals[index] = [{"pointer": pointer, "code": result.code, "detail": result.text}]
            else:
                judged[index] = result

        def work() -> tuple[int, dict[str, Any]]:
            screenings = keep_texts(caller, list(judged.values()))
            screened = dict(zip(judged, screenings, strict=True))
            results = [(screened.get(i), refusals.get(i, [])) for i in range(len(rows))]
            return status.HTTP_201_CREATED, build_batch_report(results)

        answer: Response = caller.answer_once(request, content=request.data, work=work)
        return answer


def _read_rows(data: Any) -> list[Any]:
    """Return the texts of a batch as they came.

    Raises
    ------
    ValidationError : if it is no batch, is empty or holds too many
    """
    rows = data.get("texts") if isinstance(data, dict) else None
    if not isinstance(rows, list) or not 1 <= len(rows) <= MAX_BATCH:
        got = f"{len(rows)} of them" if isinstance(rows, list) else type(rows).__name__
        raise serializers.ValidationError(
            {"texts": [f"Expected a list of 1 to {MAX_BATCH} texts, got {got}."]}
        )
    return rows


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
