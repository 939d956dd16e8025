"""Every error the API answers with, as application/problem+json (RFC 9457).

`ERROR_TABLE` is the promise: a stable code, its HTTP status and title, and the exceptions behind it. `detail` is for people and
may change. A denial (of rights, of a song) is not an error: it is an answer with reasons.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views import defaults
from rest_framework import exceptions

from compliance.api.authentication import ScopeMissing
from compliance.api.idempotency import InvalidIdempotencyKey
from compliance.api.uploads import AudioTooLarge, InvalidSubmission
from compliance.audio.manifest import InvalidManifest
from compliance.services.api_keys import ApiKeyRefused
from compliance.services.clearances import ClearanceNotUsable, UnknownClearance
from compliance.services.idempotency import IdempotencyInFlight, IdempotencyMismatch
from compliance.services.submissions import UnknownSubmission
from catalog.rights.intended_use import InvalidIntendedUse
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


ERROR_TABLE: tuple[ApiError, ...] = (
    ApiError(code="request.malformed", status=400, title="The request body cannot be read", raised_as=(exceptions.ParseError,)),
    ApiError(code="request.invalid", status=422, title="The request has invalid fields", raised_as=(exceptions.ValidationError, InvalidSubmission, InvalidIntendedUse)),
    ApiError(code="manifest.invalid", status=422, title="The manifest has invalid fields", raised_as=(InvalidManifest,)),
    ApiError(code="text.invalid", status=422, title="The text cannot be screened", raised_as=(InvalidText,)),
    ApiError(code="auth.required", status=401, title="An API key is required", raised_as=(exceptions.NotAuthenticated,)),
    ApiError(code="auth.refused", status=401, title="The API key is not accepted", raised_as=(exceptions.AuthenticationFailed, ApiKeyRefused)),
    ApiError(code="auth.scope_missing", status=403, title="The API key lacks a scope", raised_as=(ScopeMissing,)),
    ApiError(code="auth.forbidden", status=403, title="Not allowed", raised_as=(exceptions.PermissionDenied, PermissionDenied)),
    ApiError(code="not_found", status=404, title="Not found", raised_as=(Http404, exceptions.NotFound, UnknownClearance, UnknownSubmission, UnknownScreening)),
    ApiError(code="method.not_allowed", status=405, title="Method not allowed", raised_as=(exceptions.MethodNotAllowed,)),
    ApiError(code="answer.not_acceptable", status=406, title="No such representation", raised_as=(exceptions.NotAcceptable,)),
    ApiError(code="clearance.not_usable", status=409, title="The clearance does not allow a submission", raised_as=(ClearanceNotUsable,)),
    ApiError(code="idempotency.in_flight", status=409, title="The first request with this key is still running", raised_as=(IdempotencyInFlight,)),
    ApiError(code="idempotency.mismatch", status=422, title="This key was used with another request", raised_as=(IdempotencyMismatch,)),
    ApiError(code="idempotency.invalid_key", status=422, title="The Idempotency-Key is not usable", raised_as=(InvalidIdempotencyKey,)),
    ApiError(code="request.too_large", status=413, title="The request is too large", raised_as=(RequestDataTooBig, AudioTooLarge)),
    ApiError(code="request.unsupported_type", status=415, title="The content type is not supported", raised_as=(exceptions.UnsupportedMediaType,)),
    ApiError(code="rate.limited", status=429, title="Too many requests", raised_as=(exceptions.Throttled,)),
)  # fmt: skip
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
    if isinstance(error, InvalidSubmission | InvalidManifest):
        return [
            {"pointer": each.pointer, "code": each.code, "detail": each.text}
            for each in error.errors
        ]
    if isinstance(error, InvalidIntendedUse):
        return [{"pointer": f"/intent/{error.field_name}", "code": "invalid", "detail": str(error)}]
    if isinstance(error, InvalidText):
        return [{"pointer": "/text", "code": error.code, "detail": error.text}]
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
    detail = getattr(error, "detail", None)
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
        return build_problem(row=row, detail=str(exception), path=request.path)
    row = ERROR_TABLE[0]
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
