"""Signatures as Standard Webhooks defines them (standardwebhooks.com, version 1, symmetric).

A message is signed over "<id>.<timestamp>.<body>" with HMAC-SHA256; the key is what follows `whsec_`, base64-decoded. While a
secret is being replaced there are two signatures, and one that fits is enough.
"""

import base64
import datetime as dt
import hashlib
import hmac
import secrets
from collections.abc import Iterable

SECRET_PREFIX = "whsec_"  # noqa: S105 - no secret, its mark
# Random bytes in a secret. Source: Standard Webhooks asks for 24 to 64.
SECRET_BYTES = 32


def make_secret() -> str:
    """Return a new secret."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def sign_message(*, secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """Return one signature of a message."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    content = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()


def make_headers(
    *, secrets_in_use: Iterable[str], message_id: str, now: dt.datetime, body: bytes
) -> dict[str, str]:
    """Return the headers that let a receiver know a message is ours, fresh and whole."""
    timestamp = int(now.timestamp())
    signatures = [
        sign_message(secret=secret, message_id=message_id, timestamp=timestamp, body=body)
        for secret in secrets_in_use
    ]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }
