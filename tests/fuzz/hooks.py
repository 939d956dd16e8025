"""What no schema can say, made true in the requests that schemathesis makes, so that a refusal of the rest is a finding.

1. An Idempotency-Key is used with one request: another body under the same key is refused (422), as it has to be.
2. A period ends after it starts.
3. An If-Match names what is there.
4. A search for stems that are available for a use says where and when.
"""

import datetime as dt
import uuid
from typing import Any

import schemathesis

KEY = "Idempotency-Key"


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Mend these; what was made wrong on purpose is no such thing and stays wrong."""
    headers = case.headers or {}
    if (key := headers.get(KEY)) and len(key) <= 255 and key.isascii() and key.isprintable():
        headers[KEY] = str(uuid.uuid4())
    if "If-Match" in headers:
        headers["If-Match"] = "*"
    body = case.body
    if isinstance(body, dict):
        mend_period(body)
        mend_period(body.get("intent"))
    query = case.query
    if isinstance(query, dict):
        mend_period(query)
        if "available_for" in query and not {"territories", "starts_on", "ends_on"} <= set(query):
            del query["available_for"]


def mend_period(holder: Any) -> None:
    """Let a period that ends before it starts end a day after."""
    if not isinstance(holder, dict):
        return
    try:
        starts_on = dt.date.fromisoformat(holder["starts_on"])
        ends_on = dt.date.fromisoformat(holder["ends_on"])
        after = starts_on + dt.timedelta(days=1)
    except (KeyError, TypeError, ValueError, OverflowError):
        return
    if ends_on <= starts_on:
        holder["ends_on"] = after.isoformat()
