"""Generators report the use of their songs."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from compliance.api.idempotency import IDEMPOTENCY_KEY, answer_once
from compliance.api.usage_messages import UsageBatch, UsageBatchReport, describe_results, read_use
from compliance.api.views import get_caller
from compliance.services.usage_events import record_usage


class UsageEventsView(APIView):
    """Report use."""

    required_scopes = {"POST": ("usage:write",)}
    parser_classes = [JSONParser]

    @extend_schema(
        operation_id="report_usage", request=UsageBatch, responses=UsageBatchReport, parameters=[IDEMPOTENCY_KEY],
        tags=["usage"],
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Report plays, downloads and shares, up to 1,000 at once.

        Each event counts once, by its `event_id`. One that cannot be counted is refused by itself; the others count.
        """
        form = UsageBatch(data=request.data)
        form.is_valid(raise_exception=True)
        reported = read_use(form.validated_data["events"])
        generator = get_caller(request).generator

        def work() -> tuple[int, dict[str, Any]]:
            results = record_usage(generator=generator, reported=reported, now=timezone.now())
            return 200, describe_results(results)

        return answer_once(request, content=request.data, work=work)
