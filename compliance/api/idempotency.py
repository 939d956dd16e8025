"""The Idempotency-Key header of creating requests."""

import hashlib
import json
from typing import Any

from rest_framework.request import Request

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


def hash_request(request: Request, content: dict[str, Any]) -> str:
    """Return the SHA-256 over method, path and content: what makes two requests the same."""
    text = json.dumps([request.method, request.path, content], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
