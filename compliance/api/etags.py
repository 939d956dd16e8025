"""ETags: who has an answer already is told so, and who would change something that changed meanwhile is stopped."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response, set_response_etag
from django.utils.http import parse_etags
from drf_spectacular.utils import OpenApiParameter
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

API = "/api/"
IF_MATCH = OpenApiParameter(
    "If-Match", {"type": "string"}, OpenApiParameter.HEADER, required=True,
    description="The ETag you read, or * for whatever is there: if the thing has changed since, nothing is done and the "
    "answer is 412; without the header 428.",
)  # fmt: skip


class PreconditionRequired(Exception):
    """The client does not say what it read."""


class PreconditionFailed(Exception):
    """The thing is not as the client read it."""


class ConditionalAnswers:
    """Middleware: give what is read an ETag, and answer 304 to who has it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Add the header, or leave the answer out."""
        response = self.get_response(request)
        is_read = request.method in ("GET", "HEAD") and request.path.startswith(API)
        if not is_read or response.status_code != HttpResponse.status_code or response.streaming:
            return response
        if not response.has_header("ETag"):
            set_response_etag(response)
        etag = response.headers["ETag"]
        return get_conditional_response(request, etag=etag, response=response) or response


def refuse_stale(request: Request, *, current: dict[str, Any]) -> None:
    """Let a change pass whose If-Match names what is there now.

    Raises
    ------
    PreconditionRequired : if the client does not say what it read: it might undo what it never saw
    PreconditionFailed : if it read something else
    """
    wanted = request.headers.get("If-Match")
    if wanted is None:
        raise PreconditionRequired(
            "Send If-Match with the ETag you read, or * for whatever is there."
        )
    etag = set_response_etag(HttpResponse(JSONRenderer().render(current))).headers["ETag"]
    if not {"*", etag} & set(parse_etags(wanted)):
        raise PreconditionFailed(f"It has changed since you read it: its ETag is {etag} now.")
