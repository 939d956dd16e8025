"""Public identifiers: what generators see instead of row numbers."""

import secrets


def new_public_id(prefix: str) -> str:
    """Return `<prefix>_` and 24 random hexadecimal digits: unguessable, and the kind is readable in a log."""
    return f"{prefix}_{secrets.token_hex(12)}"


def new_generator_id() -> str:
    """Return a public id for a generator."""
    return new_public_id("gen")


def new_clearance_id() -> str:
    """Return a public id for a clearance."""
    return new_public_id("clr")


def new_submission_id() -> str:
    """Return a public id for a submission."""
    return new_public_id("sub")


def new_event_id() -> str:
    """Return a public id for an event; it is also the id of the message that tells of it."""
    return new_public_id("evt")


def new_webhook_endpoint_id() -> str:
    """Return a public id for a webhook endpoint."""
    return new_public_id("whe")


def new_webhook_delivery_id() -> str:
    """Return a public id for a delivery."""
    return new_public_id("whd")


def new_approval_id() -> str:
    """Return a public id for an approval."""
    return new_public_id("apr")


def new_usage_batch_id() -> str:
    """Return a public id for a batch of reported use."""
    return new_public_id("usb")


def new_usage_report_id() -> str:
    """Return a public id for a report of use; it is also the message id of its flat file."""
    return new_public_id("usr")


def new_recall_id() -> str:
    """Return a public id for a recall."""
    return new_public_id("rcl")


def new_request_id() -> str:
    """Return a public id for a request that waits for a second person."""
    return new_public_id("req")
