"""The Idempotency-Key header of creating requests."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from compliance.services.idempotency import run_once

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key", {"type": "string", "pattern": "^[ -~]{1,255}$"}, OpenApiParameter.HEADER,
    description="Sent twice, done once: the second answer is the first one's, marked Idempotency-Replayed.",
)  # fmt: skip
MAX_KEY_LENGTH = 255


class InvalidIdempotencyKey(Exception):
    """The header is empty, too long or not printable ASCII."""


def read_idempotency_key(request: Request) -> str | None:
    """Return the key a client chose for this request, or None.

    Raises
    ------
    InvalidIdempotencyKey : if it is empty, longer than 255 characters or not printable ASCII
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not 0 < len(key) <= MAX_KEY_LENGTH or not key.isascii() or not key.isprintable():
        raise InvalidIdempotencyKey(
            f"Idempotency-Key has {len(key)} characters; send 1 to {MAX_KEY_LENGTH} printable ASCII characters."
        )
    return key


def hash_request(request: Request, content: Any) -> str:
    """Return the SHA-256 over method, path and content: what makes two requests the same."""
    text = json.dumps([request.method, request.path, content], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def answer_once(
    request: Request, *, content: Any, work: Callable[[], tuple[int, dict[str, Any]]]
) -> Response:
    """Answer a creating request once per Idempotency-Key."""
    stored = run_once(
        generator=request.user.generator,  # type: ignore[union-attr]  # HasScope lets callers pass alone
        key=read_idempotency_key(request),
        request_sha256=hash_request(request, content),
        now=timezone.now(),
        work=work,
    )
    response = Response(stored.body, status=stored.status_code)
    if stored.replayed:
        response["Idempotency-Replayed"] = "true"
    return response
