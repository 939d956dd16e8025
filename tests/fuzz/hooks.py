"""What no schema can say, made true in the requests that schemathesis makes, so that a refusal of the rest is a finding.

1. An Idempotency-Key is used with one request: another body under the same key is refused (422), as it has to be.
2. A period ends after it starts.
3. An If-Match names what is there.
4. A search for stems that are available for a use says where and when.
5. An id in a path is that of something that exists (tests/fuzz/material.py), every other time.
6. A song names stems of its clearance, and an acknowledgement a song of its recall, once, in the past.
7. An approval is superseded by one that holds, every other time.
"""

import datetime as dt
import json
import os
import uuid
from itertools import count, cycle
from typing import Any

import schemathesis
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.meta import TestPhase

KEY = "Idempotency-Key"
# The environment variable that names ids by collection, as JSON.
MATERIAL = "FUZZ_MATERIAL"
ID = "public_id"
# Deleted it would be gone.
LEFT_ALONE = {"delete_webhook_endpoint"}
STEM = "moonlit-drums"
PAST = "2026-01-01T00:00:00Z"

material: dict[str, str] = json.loads(os.environ.get(MATERIAL, "{}"))
turns, successions = count(), count()
replaceable = cycle(material.get("replaceable", "").split())


@schemathesis.deserializer("application/json")
def read_answer(context: Any, response: Any) -> Any:
    """Read JSON; a signed token, which schemathesis counts among JSON, is text."""
    is_token = response.headers["content-type"][0].endswith("jwt")
    return response.text if is_token else response.json()


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
    name_what_exists(case)
    if isinstance(body, dict) and not (
        case.meta and case.meta.is_negative_at(ParameterLocation.BODY)
    ):
        name_what_belongs(case, body)


def name_what_belongs(case: Any, body: dict[str, Any]) -> None:
    """Let a valid body name things that belong together, and to the path."""
    operation = case.operation.definition.raw["operationId"]
    if operation == "create_submission" and "clearances" in material:
        body["clearance"] = material["clearances"]
        for placement in body["manifest"]["placements"]:
            placement["stem"] = STEM
    if operation == "acknowledge_recall" and "recalled" in material:
        del body["items"][1:]
        body["items"][0] |= {"approval": material["recalled"], "at": PAST}
    if operation == "supersede_approval" and "replaceable" in material and next(successions) % 2:
        case.path_parameters[ID] = next(replaceable)
        body["successor"] = material["approvals"]


def name_what_exists(case: Any) -> None:
    """Put the id of something that exists into the path of every other request."""
    collection = case.operation.path.removeprefix("/api/v1/").partition("/")[0]
    # Stateful tests make what they ask for.
    is_stateful = case.meta is not None and case.meta.phase.name == TestPhase.STATEFUL
    if (
        ID in (case.path_parameters or {})
        and not is_stateful
        and collection in material
        and case.operation.definition.raw["operationId"] not in LEFT_ALONE
        and next(turns) % 2
    ):
        case.path_parameters[ID] = material[collection]


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
