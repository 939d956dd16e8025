"""docs/errors.md, drawn from config/api_errors.py: rewritten by `make schema`, compared by `make check`."""

from pathlib import Path

CATALOG = Path(__file__).resolve().parent.parent / "docs" / "errors.md"
HEAD = """# Errors

<!-- Drawn from config/api_errors.py by `make schema`. -->

Every error is an `application/problem+json` document (RFC 9457). `code` is stable: programs read it. `detail` is for people and
may change. `errors` names each faulty field by a JSON pointer (RFC 6901), with a code and a text of its own. `request_id` is
the id under which the service logged the request: give it to the operator.

```json
{
  "type": "urn:cleartone:problem:request.invalid",
  "title": "The request has invalid fields",
  "status": 422,
  "code": "request.invalid",
  "detail": "The request has invalid fields",
  "instance": "/api/v1/clearances",
  "request_id": "0edd7e6a-4da2-46ee-bff5-d05475f0b35b",
  "errors": [{"pointer": "/intent/ends_on", "code": "invalid", "detail": "Date has wrong format."}]
}
```

A denied clearance or a rejected song is no error but an answer, with reasons (docs/integrating.md). The token endpoint answers
errors as OAuth libraries read them (RFC 6749, section 5.2).

| code | status | what it says | what to do |
|---|---|---|---|
"""
# What a client does about an error; a code that is not named here has nothing of its own.
ADVICE = {
    "request.malformed": "Send well-formed JSON or multipart.",
    "request.invalid": "Mend the fields in `errors`.",
    "manifest.invalid": "Mend the placements in `errors`.",
    "text.invalid": "Send a text with visible characters, within the limit.",
    "auth.required": "Send `Authorization: Bearer` with a key or a token.",
    "auth.refused": "Ask for a new token; if the key itself ended, for a new key.",
    "auth.scope_missing": "Ask for a key or a token with the scope that `detail` names.",
    "auth.address_not_allowed": "Call from the networks agreed on, or have yours added.",
    "not_found": "Check the id; what belongs to another generator is not found either.",
    "method.not_allowed": "See `Allow`.",
    "answer.not_acceptable": "Accept `application/json`.",
    "clearance.not_usable": "Ask for a new clearance.",
    "idempotency.in_flight": "Send the same request again after `Retry-After`.",
    "idempotency.mismatch": "Choose a new key for another request.",
    "idempotency.invalid_key": "Send 1 to 255 printable ASCII characters, such as a UUID.",
    "request.too_large": "Send less; `detail` names the limit.",
    "request.unsupported_type": "Send the content type that the operation names.",
    "rate.limited": "Wait for `Retry-After`; watch `RateLimit`.",
    "precondition.required": "Send `If-Match` with the `ETag` that you read, or `*`.",
    "precondition.failed": "Read the thing again, and decide again.",
    "server.error": "Ask again later with the same `Idempotency-Key`.",
}


def render_catalog() -> str:
    """Return the catalog of the code as it is; call with Django set up."""
    from config.api_errors import ERROR_TABLE, SERVER_ERROR

    rows = [
        f"| `{row.code}` | {row.status} | {row.title} | {ADVICE.get(row.code, 'See `detail`.')} |"
        for row in (*ERROR_TABLE, SERVER_ERROR)
    ]
    return HEAD + "\n".join(rows) + "\n"
