"""The messages of events and webhooks: what is sent, what is answered."""

from typing import Any

from rest_framework import serializers

from catalog.api.strict import DescribedCharField, StrictBooleanField, StrictMessage
from compliance.models import DeliveryState, WebhookDelivery, WebhookEndpoint
from compliance.services.audit_log import format_moment
from compliance.services.outbox import KIND_PATTERN

# What an address looks like; whether it is a public one is checked when it is taken and when something is sent there.
PUBLIC_URL = {
    "pattern": (
        r"^https://([A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
        r"(:([1-9][0-9]{0,3}|[1-5][0-9]{4}))?([/?][!-\"$-\[\]-~]*)?$"
    )
}
# Events on one page, at most and by default.
MAX_EVENTS = 500
DEFAULT_EVENTS = 100


class EventSubject(serializers.Serializer[Any]):
    """The thing that something happened to."""

    object = serializers.CharField(help_text="Such as submission or clearance.")
    id = serializers.CharField(help_text="Its id; ask for the thing itself with it.")
    cause = serializers.CharField(required=False, help_text="recall.opened: why.")
    deadline_at = serializers.DateTimeField(required=False, help_text="recall.*: acknowledge until then.")  # fmt: skip
    unit = serializers.CharField(required=False, help_text="cap.*: what the cap counts.")
    limit = serializers.IntegerField(required=False, help_text="cap.*: how much it allows.")
    taken = serializers.IntegerField(required=False, help_text="cap.*: how much of it is used or held.")  # fmt: skip
    grant = serializers.CharField(required=False, help_text="cap.*: agreement and number.")
    ends_on = serializers.DateField(required=False, help_text="license.expiring: first day that is not licensed.")  # fmt: skip
    days = serializers.IntegerField(required=False, help_text="license.expiring: days until then.")


class EventMessage(serializers.Serializer[Any]):
    """What happened to which thing; also the body of a webhook."""

    id = serializers.CharField(help_text="The webhook-id of the message that tells of it.")
    type = serializers.CharField(help_text="Such as submission.approved.")
    timestamp = serializers.DateTimeField()
    sequence = serializers.IntegerField(
        help_text="Grows with time; has gaps where others' events are."
    )
    data = EventSubject()  # type: ignore[assignment]  # the name Standard Webhooks gives it


class EventPage(serializers.Serializer[Any]):
    """Events, oldest first."""

    items = EventMessage(many=True)
    next_after = serializers.IntegerField(
        help_text="Send as `after` next time, now or in a minute."
    )
    has_more = serializers.BooleanField(help_text="Whether there is more already.")


class EventQuery(StrictMessage):
    """Where to read on."""

    after = serializers.IntegerField(min_value=0, max_value=2**53, default=0)
    limit = serializers.IntegerField(min_value=1, max_value=MAX_EVENTS, default=DEFAULT_EVENTS)


class KindsField(serializers.ListField):
    """Kinds of events that an endpoint wants."""

    def __init__(self, **kwargs: Any) -> None:
        kind = serializers.RegexField(
            KIND_PATTERN, error_messages={"invalid": "Write submission.approved or submission.*"}
        )
        super().__init__(child=kind, max_length=50, **kwargs)


class WebhookEndpointRequest(StrictMessage):
    """An address to send events to."""

    url = DescribedCharField(
        schema=PUBLIC_URL, max_length=500, help_text="Starts with https://; a public address."
    )
    kinds = KindsField(
        required=False, help_text="Such as submission.approved or submission.*; empty: all."
    )


class WebhookEndpointChange(StrictMessage):
    """What to change; what is not named stays."""

    url = DescribedCharField(schema=PUBLIC_URL, max_length=500, required=False)
    kinds = KindsField(required=False)
    enabled = StrictBooleanField(required=False)


class WebhookEndpointReport(serializers.Serializer[Any]):
    """An endpoint."""

    id = serializers.CharField()
    url = serializers.CharField()
    kinds = serializers.ListField(child=serializers.CharField())
    enabled = serializers.BooleanField()
    disabled_reason = serializers.CharField()
    secret_start = serializers.CharField(help_text="To recognize the secret by.")
    previous_secret_until = serializers.DateTimeField(
        allow_null=True, help_text="Until then messages are also signed with the replaced secret."
    )
    created_at = serializers.DateTimeField()


class WebhookEndpointSecret(WebhookEndpointReport):
    """An endpoint with its new secret, which is shown this once."""

    secret = serializers.CharField(
        allow_null=True,
        help_text="whsec_ and base64. Null in a replayed answer: rotate the secret if you missed it.",
    )


class WebhookEndpointList(serializers.Serializer[Any]):
    """Your endpoints, newest first."""

    items = WebhookEndpointReport(many=True)


class AttemptMessage(serializers.Serializer[Any]):
    """One request, and what came back."""

    at = serializers.DateTimeField()
    status_code = serializers.IntegerField(allow_null=True, help_text="Null: no answer came.")
    duration_ms = serializers.IntegerField()
    answer = serializers.CharField(help_text="Start of the answer's body.")
    error = serializers.CharField()


class DeliveryReport(serializers.Serializer[Any]):
    """One event for one endpoint, with every attempt so far."""

    id = serializers.CharField()
    event = EventMessage()
    endpoint = serializers.CharField()
    state = serializers.ChoiceField(choices=DeliveryState.choices)
    attempts = AttemptMessage(many=True)
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class DeliveryPage(serializers.Serializer[Any]):
    """Deliveries, newest first."""

    items = DeliveryReport(many=True)
    next_cursor = serializers.CharField(
        allow_null=True, help_text="Send as `cursor` to read on; null at the end."
    )


class DeliveryList(serializers.Serializer[Any]):
    """The deliveries that were started."""

    items = DeliveryReport(many=True)


class CheckpointReport(serializers.Serializer[Any]):
    """Size and head of the audit log: keep it, and the log can be held to it."""

    format = serializers.CharField()
    size = serializers.IntegerField()
    head_hash = serializers.CharField(help_text="SHA-256 of the last entry, hexadecimal.")
    created_at = serializers.DateTimeField()
    token = serializers.CharField(
        help_text="The same as a JWS in compact form, signed with a key of /.well-known/jwks.json."
    )


def describe_endpoint(endpoint: WebhookEndpoint) -> dict[str, Any]:
    """Return a WebhookEndpointReport."""
    until = endpoint.previous_secret_until
    return {
        "id": endpoint.public_id,
        "url": endpoint.url,
        "kinds": endpoint.kinds,
        "enabled": endpoint.is_enabled,
        "disabled_reason": endpoint.disabled_reason,
        "secret_start": endpoint.secret_start,
        "previous_secret_until": until and format_moment(until),
        "created_at": format_moment(endpoint.created_at),
    }


def describe_delivery(delivery: WebhookDelivery, *, event: dict[str, object]) -> dict[str, Any]:
    """Return a DeliveryReport."""
    return {
        "id": delivery.public_id,
        "event": event,
        "endpoint": delivery.endpoint.public_id,
        "state": delivery.state,
        "attempts": [
            {
                "at": format_moment(attempt.at),
                "status_code": attempt.status_code,
                "duration_ms": attempt.duration_ms,
                "answer": attempt.answer,
                "error": attempt.error,
            }
            for attempt in delivery.attempts.all()
        ],
        "created_at": format_moment(delivery.created_at),
        "finished_at": delivery.finished_at and format_moment(delivery.finished_at),
    }
