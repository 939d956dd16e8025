"""Every error the API answers with, as application/problem+json (RFC 9457).

`ERROR_TABLE` is the promise: a stable code, its HTTP status and title, and the exceptions behind it. `detail` is for people and
may change. A denial (of rights, of a song) is not an error: it is an answer with reasons.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views import defaults
from rest_framework import exceptions

from catalog.rights.intended_use import InvalidIntendedUse
from compliance.api.authentication import AddressNotAllowed, ScopeMissing
from compliance.api.etags import PreconditionFailed, PreconditionRequired
from compliance.api.idempotency import InvalidIdempotencyKey
from compliance.api.uploads import AudioTooLarge, InvalidSubmission
from compliance.audio.manifest import InvalidManifest
from compliance.models.transitions import AlreadyMoved, IllegalTransition
from compliance.services.api_keys import ApiKeyRefused
from compliance.services.approval_ends import NotASuccessor
from compliance.services.approvals import UnknownApproval
from compliance.services.clearances import ClearanceNotUsable, InvalidMessage, UnknownClearance
from compliance.services.content_credentials import (
    ApprovalNotLive,
    CredentialsNotEmbeddable,
    SongNotKept,
)
from compliance.services.idempotency import IdempotencyInFlight, IdempotencyMismatch
from compliance.services.recalls import UnknownRecall
from compliance.services.status_lists import UnknownStatusList
from compliance.services.submissions import UnknownSubmission
from compliance.services.webhook_client import InvalidWebhookUrl
from compliance.services.webhooks import (
    NoReceiver,
    TooManyEndpoints,
    UnknownEvent,
    UnknownWebhookEndpoint,
)
from moderation.queries import UnknownScreening
from moderation.screening.screen import InvalidText

PROBLEM_JSON = "application/problem+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiError:
    """One kind of error: what programs read (`code`, `status`) and what people read (`title`)."""

    code: str
    status: int
    title: str
    raised_as: tuple[type[Exception], ...]


ERROR_TABLE: tuple[ApiError, ...] = tuple(
    ApiError(code=code, status=status, title=title, raised_as=raised_as)
    for code, status, title, raised_as in (
        (
            "request.malformed",
            400,
            "The request body cannot be read",
            # Nothing of ours recurses but what reads and writes JSON: the body was nested too deep.
            (exceptions.ParseError, RecursionError),
        ),
        (
            "request.invalid",
            422,
            "The request has invalid fields",
            (
                exceptions.ValidationError,
                InvalidSubmission,
                InvalidIntendedUse,
                InvalidWebhookUrl,
            ),
        ),
        ("manifest.invalid", 422, "The manifest has invalid fields", (InvalidManifest,)),
        ("text.invalid", 422, "The text cannot be screened", (InvalidText,)),
        ("auth.required", 401, "An API key is required", (exceptions.NotAuthenticated,)),
        (
            "auth.refused",
            401,
            "The API key is not accepted",
            (
                exceptions.AuthenticationFailed,
                ApiKeyRefused,
            ),
        ),
        ("auth.scope_missing", 403, "The API key lacks a scope", (ScopeMissing,)),
        (
            "auth.address_not_allowed",
            403,
            "The API key may not be used from here",
            (AddressNotAllowed,),
        ),
        (
            "auth.forbidden",
            403,
            "Not allowed",
            (
                exceptions.PermissionDenied,
                PermissionDenied,
            ),
        ),
        (
            "not_found",
            404,
            "Not found",
            (
                Http404,
                exceptions.NotFound,
                UnknownApproval,
                UnknownClearance,
                UnknownStatusList,
                UnknownSubmission,
                UnknownScreening,
                UnknownEvent,
                UnknownRecall,
                UnknownWebhookEndpoint,
            ),
        ),
        ("method.not_allowed", 405, "Method not allowed", (exceptions.MethodNotAllowed,)),
        ("answer.not_acceptable", 406, "No such representation", (exceptions.NotAcceptable,)),
        (
            "precondition.required",
            428,
            "The change does not say what it was made to",
            (PreconditionRequired,),
        ),
        ("precondition.failed", 412, "The thing has changed meanwhile", (PreconditionFailed,)),
        (
            "clearance.not_usable",
            409,
            "The clearance does not allow a submission",
            (ClearanceNotUsable,),
        ),
        ("approval.not_live", 409, "The approval does not hold", (ApprovalNotLive,)),
        ("audio.not_kept", 410, "The audio is no longer kept", (SongNotKept,)),
        (
            "c2pa.not_embeddable",
            409,
            "The content credentials come in another form",
            (CredentialsNotEmbeddable,),
        ),
        (
            "approval.not_movable",
            409,
            "The approval cannot be moved so",
            (IllegalTransition, AlreadyMoved, NotASuccessor),
        ),
        ("webhook.too_many", 409, "There are as many endpoints as may be", (TooManyEndpoints,)),
        ("webhook.no_receiver", 409, "No endpoint wants this event", (NoReceiver,)),
        (
            "idempotency.in_flight",
            409,
            "The first request with this key is still running",
            (IdempotencyInFlight,),
        ),
        (
            "idempotency.mismatch",
            422,
            "This key was used with another request",
            (IdempotencyMismatch,),
        ),
        (
            "idempotency.invalid_key",
            422,
            "The Idempotency-Key is not usable",
            (InvalidIdempotencyKey,),
        ),
        (
            "request.too_large",
            413,
            "The request is too large",
            (
                RequestDataTooBig,
                AudioTooLarge,
            ),
        ),
        (
            "request.unsupported_type",
            415,
            "The content type is not supported",
            (exceptions.UnsupportedMediaType,),
        ),
        ("rate.limited", 429, "Too many requests", (exceptions.Throttled,)),
    )
)
SERVER_ERROR = ApiError(code="server.error", status=500, title="The service failed", raised_as=())


def find_api_error(error: Exception) -> ApiError | None:
    """Return the row of the table for an exception: the most specific class wins."""
    rows = {cls: row for row in ERROR_TABLE for cls in row.raised_as}
    return next((rows[cls] for cls in type(error).__mro__ if cls in rows), None)


def list_field_errors(detail: Any, pointer: str = "") -> Iterator[dict[str, str]]:
    """Yield one entry per field of a DRF validation error, addressed by JSON pointer (RFC 6901)."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            part = str(name).replace("~", "~0").replace("/", "~1")
            yield from list_field_errors(
                inner, f"{pointer}/{part}" if name != "non_field_errors" else pointer
            )
    elif isinstance(detail, list) and any(isinstance(inner, dict | list) for inner in detail):
        for index, inner in enumerate(detail):
            yield from list_field_errors(inner, f"{pointer}/{index}")
    elif isinstance(detail, list):
        for inner in detail:
            yield from list_field_errors(inner, pointer)
    else:
        yield {
            "pointer": pointer,
            "code": getattr(detail, "code", "invalid"),
            "detail": str(detail),
        }


def _list_errors(error: Exception) -> list[dict[str, str]]:
    if isinstance(error, exceptions.ValidationError):
        return list(list_field_errors(error.detail))
    if isinstance(error, InvalidManifest):
        return [
            {"pointer": f"/manifest{each.pointer}", "code": each.code, "detail": each.text}
            for each in error.errors
        ]
    if isinstance(error, InvalidSubmission):
        return [
            {"pointer": each.pointer, "code": each.code, "detail": each.text}
            for each in error.errors
        ]
    if isinstance(error, InvalidIntendedUse):
        return [{"pointer": f"/intent/{error.field_name}", "code": "invalid", "detail": str(error)}]
    if isinstance(error, InvalidWebhookUrl):
        return [{"pointer": "/url", "code": "invalid", "detail": str(error)}]
    if isinstance(error, InvalidText):
        pointer = "/message" if isinstance(error, InvalidMessage) else "/text"
        return [{"pointer": pointer, "code": error.code, "detail": error.text}]
    return []


def build_problem(
    *, row: ApiError, detail: str, path: str, errors: list[dict[str, str]] | None = None
) -> JsonResponse:
    """Return the problem document for one row of the table."""
    problem: dict[str, Any] = {
        "type": f"urn:cleartone:problem:{row.code}",
        "title": row.title,
        "status": row.status,
        "code": row.code,
        "detail": detail,
        "instance": path,
        "request_id": structlog.contextvars.get_contextvars().get("request_id"),
    }
    if errors:
        problem["errors"] = errors
    return JsonResponse(problem, status=row.status, content_type=PROBLEM_JSON)


def answer_api_error(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """Turn an exception raised by an API view into a problem document; None lets it travel up."""
    row = find_api_error(error)
    if row is None:
        return None
    request = context["request"]
    detail = "The JSON is nested too deep." if isinstance(error, RecursionError) else None
    detail = detail or getattr(error, "detail", None)
    if isinstance(error, exceptions.ValidationError) or detail is None:
        detail = (
            str(error) if not isinstance(error, exceptions.APIException | Http404) else row.title
        )
    response = build_problem(
        row=row, detail=str(detail), path=request.path, errors=_list_errors(error)
    )
    if row.status == HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = 'Bearer realm="cleartone"'
    retry_after_s = getattr(error, "retry_after_s", None) or getattr(error, "wait", None)
    if retry_after_s:
        response["Retry-After"] = str(int(retry_after_s))
    return response


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def answer_bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what Django itself refuses: in the API a problem document, elsewhere a page."""
    if not _is_api(request):
        return defaults.bad_request(request, exception)
    if isinstance(exception, RequestDataTooBig):
        row = find_api_error(exception)
        assert row is not None  # noqa: S101 - RequestDataTooBig stands in the table
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        detail = f"The body is larger than {limit} bytes ({limit / 2**20:g} MiB)."
        return build_problem(row=row, detail=detail, path=request.path)
    row = find_api_error(exceptions.ParseError())
    assert row is not None  # noqa: S101 - ParseError stands in the table
    detail = (
        "The request is not well formed."
        if isinstance(exception, SuspiciousOperation)
        else str(exception)
    )
    return build_problem(row=row, detail=detail, path=request.path)


def answer_forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403 outside an API view."""
    if not _is_api(request):
        return defaults.permission_denied(request, exception)
    row = find_api_error(PermissionDenied())
    assert row is not None  # noqa: S101 - PermissionDenied stands in the table
    return build_problem(row=row, detail="Not allowed.", path=request.path)


def answer_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer an unknown address."""
    if not _is_api(request):
        return defaults.page_not_found(request, exception)
    row = find_api_error(Http404())
    assert row is not None  # noqa: S101 - Http404 stands in the table
    return build_problem(row=row, detail=f"Nothing is at {request.path}.", path=request.path)


def answer_server_error(request: HttpRequest) -> HttpResponse:
    """Answer what nobody caught; the log line with the same request id holds the cause."""
    if not _is_api(request):
        return defaults.server_error(request)
    return build_problem(
        row=SERVER_ERROR,
        detail="Ask again; if it stays so, tell the operator the request id.",
        path=request.path,
    )
