"""What generators ask of the catalog: which stems there are, and whether they may be used so."""

import hashlib
import json
from dataclasses import asdict
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.api.cursors import encode_cursor
from catalog.api.messages import (
    RightsCheckReport,
    RightsCheckRequest,
    StemsAnswer,
    StemsQuery,
    read_intended_use,
)
from catalog.api.strict import read_query
from catalog.queries.availability import AvailableStem, StemFilter, list_available_stems
from catalog.rights.identifiers import IdentifierKind, format_identifier
from catalog.services.clearing import evaluate_rights

READ = "catalog:read"


class StemsView(APIView):
    """The stems a generator may choose from."""

    required_scopes = {"GET": [READ]}

    @extend_schema(
        operation_id="list_stems", tags=["catalog"], parameters=[StemsQuery], responses=StemsAnswer
    )
    def get(self, request: Request) -> Response:
        """List active stems; with `available_for`, those that may be used so."""
        asked = read_query(StemsQuery, request)
        page = list_available_stems(
            intent=_read_availability(asked),
            wanted=StemFilter(
                genre=asked.get("genre", ""),
                role=asked.get("role", ""),
                key=asked.get("key", ""),
                bpm_min=asked.get("bpm_min"),
                bpm_max=asked.get("bpm_max"),
                min_songs_left=asked["min_songs_left"],
            ),
            after=asked.get("cursor", ""),
            limit=asked["limit"],
            now=timezone.now(),
        )
        answer = {
            "stems": [_describe(stem) for stem in page.stems],
            "next": encode_cursor(page.last) if page.last else None,
        }
        return _answer_with_etag(request, answer)


class RightsCheckView(APIView):
    """A dry run of a clearance's rights."""

    required_scopes = {"POST": [READ]}

    @extend_schema(
        operation_id="check_rights",
        tags=["catalog"],
        request=RightsCheckRequest,
        responses=RightsCheckReport,
    )
    def post(self, request: Request) -> Response:
        """Evaluate stems for an intended use; nothing is reserved, a denial is a successful answer."""
        message = RightsCheckRequest(data=request.data)
        message.is_valid(raise_exception=True)
        evaluation = evaluate_rights(
            stems=message.validated_data["stems"],
            intent=read_intended_use(message.validated_data["intent"]),
            now=timezone.now(),
        )
        return Response(evaluation.to_json())


def _read_availability(asked: dict[str, Any]) -> Any:
    """Return the intended use in the query, None if it asks about none."""
    if "available_for" not in asked:
        return None
    return read_intended_use(
        {
            "uses": [use.strip() for use in asked["available_for"].split(",")],
            "territories": [code.strip() for code in asked["territories"].split(",")],
            "starts_on": asked["starts_on"],
            "ends_on": asked["ends_on"],
            "campaign": asked.get("campaign", ""),
        }
    )


def _describe(stem: AvailableStem) -> dict[str, Any]:
    columns = dict(stem.columns)
    isrc = columns.pop("recording__isrc")
    answer = {
        "id": columns.pop("external_id"),
        "artist": columns.pop("artist__name"),
        **columns,
        "isrc": format_identifier(isrc, kind=IdentifierKind.ISRC) if isrc else None,
    }
    if stem.evaluation is not None:
        cap = stem.evaluation.binding_cap
        until = stem.evaluation.valid_until
        answer["valid_until"] = until.isoformat() if until else None
        answer["songs_left"] = cap.songs_left if cap else None
        answer["edit_limits"] = asdict(stem.evaluation.edit_limits[answer["id"]])
    return answer


def _answer_with_etag(request: Request, answer: dict[str, Any]) -> Response:
    """Return the answer with its ETag, or 304 to whoever holds it already."""
    digest = hashlib.sha256(json.dumps(answer, sort_keys=True).encode()).hexdigest()
    etag = f'"{digest[:32]}"'
    known = {tag.strip() for tag in request.headers.get("If-None-Match", "").split(",")}
    if known & {etag, "*"}:
        return Response(status=304, headers={"ETag": etag})
    return Response(answer, headers={"ETag": etag, "Cache-Control": "private, no-cache"})
