"""What every operation of the OpenAPI document shares: the error answers."""

import re
from collections.abc import Mapping
from typing import Any

from config.api_errors import ERROR_TABLE, PROBLEM_JSON

PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457 problem document. `code` is stable; `detail` is for people.",
    "required": ["type", "title", "status", "code", "detail", "instance"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {
            "type": "string",
            "enum": [*sorted(row.code for row in ERROR_TABLE), "server.error"],
        },
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "request_id": {"type": ["string", "null"]},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "JSON pointer to the field"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}
# Statuses any operation may answer with; those with a body add the ones of reading it.
ALWAYS = ("400", "401", "403", "404", "405", "406", "429", "500")
WITH_BODY = ("409", "413", "415", "422")
WITH_QUERY = ("422",)
CREATING = ("409", "422")  # what an Idempotency-Key may be answered with
CHANGING = ("412", "428")  # what If-Match may be answered with
REFERENCE = "#/components/schemas/"
FOR_KEYS = ("401", "403")  # what is public asks for no key


def add_problem_responses(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Describe the problem document once and refer to it from every operation."""
    result["components"].setdefault("schemas", {})["Problem"] = PROBLEM_SCHEMA
    titles: dict[str, list[str]] = {}
    for row in ERROR_TABLE:
        titles.setdefault(str(row.status), []).append(row.code)
    titles["500"] = ["server.error"]
    for path in result["paths"].values():
        for operation in path.values():
            sent = {
                (one["in"], one["name"])
                for one in operation.get("parameters", ())
                if one["in"] != "path"
            }
            statuses = ALWAYS + (WITH_BODY if "requestBody" in operation else ())
            statuses += WITH_QUERY if any(place == "query" for place, _ in sent) else ()
            statuses += CREATING if ("header", "Idempotency-Key") in sent else ()
            statuses += CHANGING if ("header", "If-Match") in sent else ()
            statuses += tuple(  # refusals that an operation names as its own
                status
                for status, answer in operation["responses"].items()
                if status >= "400" and "content" not in answer
            )
            if "security" not in operation:
                statuses = tuple(status for status in statuses if status not in FOR_KEYS)
            for status in statuses:
                if "content" not in operation["responses"].get(status, {}):
                    operation["responses"][status] = {
                        "description": ", ".join(titles.get(status, ["problem"])),
                        "content": {
                            PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}
                        },
                    }
    return result


def shorten_names(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Name a message once: drf-spectacular appends Request to what is sent, and ours are named so already."""
    schemas = result["components"].get("schemas", {})
    longer = {
        name: name.removesuffix("Request")
        for name in schemas
        if name.endswith("RequestRequest") and name.removesuffix("Request") not in schemas
    }
    references = {f"{REFERENCE}{old}": f"{REFERENCE}{new}" for old, new in longer.items()}
    result["components"]["schemas"] = {
        name: schemas[old] for name, old in sorted((longer.get(old, old), old) for old in schemas)
    }
    _rename(result, references=references)
    return result


EMPTY_TEXT = {"type": "string", "maxLength": 0}


def simplify_texts(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Mend what drf-spectacular writes of texts that a pattern describes.

    It says "null" twice, and that a text is either such a text or empty and not both; but an empty one matches our patterns.
    """
    _simplify(result["components"])
    _simplify(result["paths"])
    return result


def _simplify(node: Any) -> None:
    for child in (
        node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    ):
        _simplify(child)
    if not isinstance(node, dict):
        return
    if isinstance(node.get("type"), list):
        node["type"] = list(dict.fromkeys(node["type"]))
    match node.get("oneOf"):
        case [{"type": "string", "pattern": pattern} as text, other] if other == EMPTY_TEXT:
            if re.search(pattern, ""):
                del node["oneOf"]
                node.update(text)


def _rename(node: Any, *, references: Mapping[str, str]) -> None:
    """Point every reference below a node to the new names."""
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for child in children:
        _rename(child, references=references)
    if isinstance(node, dict) and node.get("$ref") in references:
        node["$ref"] = references[node["$ref"]]
