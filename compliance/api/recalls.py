"""Recalls as generators meet them: what is recalled, which songs, and what was done about them."""

import datetime as dt
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ValidationError
from rest_framework.views import APIView

from catalog.api.strict import read_query
from compliance import queries
from compliance.api import recall_messages as messages
from compliance.api.idempotency import IDEMPOTENCY_KEY, answer_once
from compliance.api.views import get_caller
from compliance.services.acknowledgements import (
    Acknowledgement,
    NotRecalled,
    acknowledge_songs,
)
from compliance.services.actors import as_generator
from compliance.services.recalls import UnknownRecall

READ = ("recalls:read",)
# How far a generator's clock may be ahead of ours.
CLOCK_SKEW = dt.timedelta(minutes=5)


class RecallsView(APIView):
    """List recalls."""

    required_scopes = {"GET": READ}

    @extend_schema(
        operation_id="list_recalls", parameters=[messages.RecallQuery], responses=messages.RecallPage, tags=["recalls"]
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """List the recalls that concern songs of yours, newest first."""
        asked = read_query(messages.RecallQuery, request)
        cursor, limit = asked.get("cursor"), asked["limit"]
        rows = queries.list_recall_notices(
            generator=get_caller(request).generator,
            before_id=int(cursor) if cursor else None,
            limit=limit + 1,
        )
        page = rows[:limit]
        items = [messages.describe_recall(row, source=queries.name_recall_source(row.recall)) for row in page]  # fmt: skip
        more = len(rows) > limit
        return Response({"items": items, "next_cursor": str(page[-1].pk) if more else None})


class RecallView(APIView):
    """Read one recall."""

    required_scopes = {"GET": READ}

    @extend_schema(operation_id="get_recall", responses=messages.RecallReport, tags=["recalls"])
    def get(self, request: Request, public_id: str) -> Response:
        """Return the recall and how far you are with it."""
        notice = queries.get_recall_notice(
            public_id=public_id, generator=get_caller(request).generator
        )
        if notice is None:
            raise UnknownRecall(f"You have no recall {public_id}.")
        source = queries.name_recall_source(notice.recall)
        return Response(messages.describe_recall(notice, source=source))


class RecallSongsView(APIView):
    """Read the songs of a recall."""

    required_scopes = {"GET": READ}

    @extend_schema(
        operation_id="list_recalled_songs", parameters=[messages.RecalledSongQuery],
        responses=messages.RecalledSongPage, tags=["recalls"],
    )  # fmt: skip
    def get(self, request: Request, public_id: str) -> Response:
        """List your songs in the recall, in an order that stays, with what you said you did."""
        given = read_query(messages.RecalledSongQuery, request)
        generator = get_caller(request).generator
        if queries.get_recall_notice(public_id=public_id, generator=generator) is None:
            raise UnknownRecall(f"You have no recall {public_id}.")
        rows = queries.list_recalled_songs(
            public_id=public_id, generator=generator, after_id=int(given.get("cursor", 0)),
            acknowledged={"true": True, "false": False}.get(given.get("acknowledged", "")),
            limit=given["limit"] + 1,
        )  # fmt: skip
        page = rows[: given["limit"]]
        more = len(rows) > given["limit"]
        items = [messages.describe_recalled_song(row) for row in page]
        return Response({"items": items, "next_cursor": str(page[-1].pk) if more else None})


class RecallAcknowledgementsView(APIView):
    """Say what was done."""

    required_scopes = {"POST": ("recalls:write",)}
    parser_classes = [JSONParser]

    @extend_schema(
        operation_id="acknowledge_recall", request=messages.AcknowledgementRequest,
        responses={200: messages.AcknowledgementReport}, parameters=[IDEMPOTENCY_KEY], tags=["recalls"],
    )  # fmt: skip
    def post(self, request: Request, public_id: str) -> Response:
        """Say what you did with songs of a recall: up to 500 in one message, all of it or nothing, safe to send again."""
        caller, now = get_caller(request), timezone.now()
        generator = caller.generator
        if queries.get_recall_notice(public_id=public_id, generator=generator) is None:
            raise UnknownRecall(f"You have no recall {public_id}.")
        form = messages.AcknowledgementRequest(data=request.data)
        form.is_valid(raise_exception=True)
        items = [Acknowledgement(**item) for item in form.validated_data["items"]]
        _refuse_future(items, now=now)

        def work() -> tuple[int, dict[str, Any]]:
            result = acknowledge_songs(
                recall_id=public_id, generator=generator, items=items, now=now,
                actor=as_generator(generator, scopes=caller.scopes),
            )  # fmt: skip
            notice = queries.get_recall_notice(public_id=public_id, generator=generator)
            assert notice is not None  # noqa: S101 - it was acknowledged just now
            source = queries.name_recall_source(notice.recall)
            return 200, {
                "accepted": result.n_accepted,
                "corrected": result.n_corrected,
                "unchanged": result.n_unchanged,
                "recall": messages.describe_recall(notice, source=source),
            }

        try:
            return answer_once(request, content=request.data, work=work)
        except NotRecalled as error:
            faults = {
                str(place): {"approval": [f"{name} is not among your songs in {public_id}."]}
                for place, name in error.missing.items()
            }
            raise ValidationError({"items": faults}) from error


def _refuse_future(items: list[Acknowledgement], *, now: dt.datetime) -> None:
    ahead = {
        str(place): {"at": [f"{item.at.isoformat()} is in the future."]}
        for place, item in enumerate(items)
        if item.at > now + CLOCK_SKEW
    }
    if ahead:
        raise ValidationError({"items": ahead})
