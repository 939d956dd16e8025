"""Events for those who poll, webhooks for those who listen, and the checkpoint of the log they come from."""

from collections.abc import Callable
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.api.strict import read_query
from compliance import queries
from compliance.api import webhook_messages as messages
from compliance.api.cursors import PAGE_SIZE, PageQuery, make_page, read_cursor
from compliance.api.etags import IF_MATCH, refuse_stale
from compliance.api.idempotency import IDEMPOTENCY_KEY, answer_once
from compliance.api.views import get_caller
from compliance.services import webhooks
from compliance.services.audit_log import describe_checkpoint, make_checkpoint
from compliance.services.outbox import describe_event
from compliance.services.sealing import get_sealed, seal_new_events

READ = ("events:read",)
WRITE = ("webhooks:write",)


class EventsView(APIView):
    """Poll for events."""

    required_scopes = {"GET": READ}

    @extend_schema(
        operation_id="list_events", parameters=[messages.EventQuery], responses=messages.EventPage, tags=["events"]
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """List what happened to your things after a place in the sequence, oldest first; nothing is ever left out."""
        query = read_query(messages.EventQuery, request)
        seal_new_events()  # what is not sealed yet, because its sealer died, is told of too
        after, limit = query["after"], query["limit"]
        rows = queries.list_events(
            generator=get_caller(request).generator, after=after, limit=limit + 1
        )
        page = rows[:limit]
        return Response(
            {
                "items": [describe_event(event) for event in page],
                "next_after": page[-1].sequence if page else after,
                "has_more": len(rows) > limit,
            }
        )


class EventReplayView(APIView):
    """Have an event sent again."""

    required_scopes = {"POST": WRITE}

    @extend_schema(
        operation_id="replay_event", request=None, responses={202: messages.DeliveryList}, tags=["webhooks"],
        parameters=[IDEMPOTENCY_KEY],
    )  # fmt: skip
    def post(self, request: Request, public_id: str) -> Response:
        """Send an event again to every enabled endpoint of yours that wants its kind, newer ones included."""
        event = queries.get_event(public_id=public_id, generator=get_caller(request).generator)
        if event is None:
            raise webhooks.UnknownEvent(f"You have no event {public_id}.")
        told = describe_event(get_sealed(event))

        def work() -> tuple[int, dict[str, Any]]:
            deliveries = webhooks.replay_event(event=event, now=timezone.now())
            items = [messages.describe_delivery(delivery, event=told) for delivery in deliveries]
            return 202, {"items": items}

        return answer_once(request, content=None, work=work)


class WebhookEndpointsView(APIView):
    """Endpoints: list, create."""

    required_scopes = {"GET": READ, "POST": WRITE}
    parser_classes = [JSONParser]

    @extend_schema(
        operation_id="list_webhook_endpoints", responses=messages.WebhookEndpointList, tags=["webhooks"]
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """List your endpoints."""
        rows = queries.list_webhook_endpoints(generator=get_caller(request).generator)
        return Response({"items": [messages.describe_endpoint(row) for row in rows]})

    @extend_schema(
        operation_id="create_webhook_endpoint", request=messages.WebhookEndpointRequest,
        responses={201: messages.WebhookEndpointSecret}, parameters=[IDEMPOTENCY_KEY], tags=["webhooks"],
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Register an address; the answer shows the signing secret, this once."""
        form = messages.WebhookEndpointRequest(data=request.data)
        form.is_valid(raise_exception=True)
        caller = get_caller(request)

        def create() -> Any:
            return webhooks.create_endpoint(
                generator=caller.generator,
                url=form.validated_data["url"],
                kinds=form.validated_data.get("kinds", []),
                by=f"generator:{caller.client}",
            )

        return answer_secret_once(request, content=request.data, status=201, make_secret=create)


def answer_secret_once(
    request: Request, *, content: Any, status: int, make_secret: Callable[[], Any]
) -> Response:
    """Answer once with an endpoint and its new secret, which is kept out of the answer stored for the Idempotency-Key."""
    secrets: list[str] = []

    def work() -> tuple[int, dict[str, Any]]:
        endpoint = make_secret()
        secrets.append(endpoint.secret)
        return status, messages.describe_endpoint(endpoint)

    response = answer_once(request, content=content, work=work)
    replayed = response.has_header("Idempotency-Replayed")
    response.data = {**response.data, "secret": None if replayed else secrets[-1]}
    return response


class EndpointView(APIView):
    """What works on one endpoint."""

    def get_endpoint(self, request: Request, public_id: str) -> Any:
        """Return the caller's endpoint."""
        endpoint = queries.get_webhook_endpoint(
            public_id=public_id, generator=get_caller(request).generator
        )
        if endpoint is None:
            raise webhooks.UnknownWebhookEndpoint(f"You have no webhook endpoint {public_id}.")
        return endpoint

    def get_actor(self, request: Request) -> str:
        """Return who acts."""
        return f"generator:{get_caller(request).client}"


class WebhookEndpointView(EndpointView):
    """One endpoint: read, change, delete."""

    required_scopes = {"GET": READ, "PATCH": WRITE, "DELETE": WRITE}
    parser_classes = [JSONParser]

    @extend_schema(
        operation_id="get_webhook_endpoint", responses=messages.WebhookEndpointReport, tags=["webhooks"]
    )  # fmt: skip
    def get(self, request: Request, public_id: str) -> Response:
        """Return the endpoint; its secret is never shown again."""
        return Response(messages.describe_endpoint(self.get_endpoint(request, public_id)))

    @extend_schema(
        operation_id="change_webhook_endpoint", request=messages.WebhookEndpointChange,
        responses=messages.WebhookEndpointReport, parameters=[IF_MATCH], tags=["webhooks"],
    )  # fmt: skip
    def patch(self, request: Request, public_id: str) -> Response:
        """Change the address, the kinds, or whether it is enabled."""
        form = messages.WebhookEndpointChange(data=request.data)
        form.is_valid(raise_exception=True)
        changes = dict(form.validated_data)
        if "enabled" in changes:
            changes["is_enabled"] = changes.pop("enabled")
        endpoint = self.get_endpoint(request, public_id)
        refuse_stale(request, current=messages.describe_endpoint(endpoint))
        webhooks.change_endpoint(endpoint=endpoint, by=self.get_actor(request), **changes)
        return Response(messages.describe_endpoint(endpoint))

    @extend_schema(
        operation_id="delete_webhook_endpoint", responses={204: None}, parameters=[IF_MATCH], tags=["webhooks"]
    )  # fmt: skip
    def delete(self, request: Request, public_id: str) -> Response:
        """Send nothing more to it."""
        endpoint = self.get_endpoint(request, public_id)
        refuse_stale(request, current=messages.describe_endpoint(endpoint))
        webhooks.delete_endpoint(
            endpoint=endpoint,
            by=self.get_actor(request),
            now=timezone.now(),
        )
        return Response(status=204)


class WebhookSecretView(EndpointView):
    """Replace a secret."""

    required_scopes = {"POST": WRITE}

    @extend_schema(
        operation_id="rotate_webhook_secret", request=None, responses=messages.WebhookEndpointSecret, tags=["webhooks"],
        parameters=[IDEMPOTENCY_KEY],
    )  # fmt: skip
    def post(self, request: Request, public_id: str) -> Response:
        """Make a new secret, shown this once; for 24 hours messages carry a signature with the old one too."""
        endpoint = self.get_endpoint(request, public_id)

        def rotate() -> Any:
            return webhooks.rotate_secret(
                endpoint=endpoint, by=self.get_actor(request), now=timezone.now()
            )

        return answer_secret_once(request, content=None, status=200, make_secret=rotate)


class WebhookTestView(EndpointView):
    """Try an endpoint out."""

    required_scopes = {"POST": WRITE}

    @extend_schema(
        operation_id="test_webhook_endpoint", request=None, responses={202: messages.DeliveryReport}, tags=["webhooks"],
        parameters=[IDEMPOTENCY_KEY],
    )  # fmt: skip
    def post(self, request: Request, public_id: str) -> Response:
        """Send a webhook_endpoint.test event to this endpoint alone; read in its deliveries how that went."""
        endpoint = self.get_endpoint(request, public_id)

        def work() -> tuple[int, dict[str, Any]]:
            delivery = webhooks.send_test(
                endpoint=endpoint, by=self.get_actor(request), now=timezone.now()
            )
            event = describe_event(delivery.event)
            return 202, messages.describe_delivery(delivery, event=event)

        response = answer_once(request, content=None, work=work)
        # The event has its place in the sequence only when the work is committed.
        event = queries.get_event(
            public_id=response.data["event"]["id"], generator=get_caller(request).generator
        )
        assert event is not None  # noqa: S101 - it was made just now, or when the key was first sent
        response.data = {**response.data, "event": describe_event(get_sealed(event))}
        return response


class WebhookDeliveriesView(EndpointView):
    """The delivery log of an endpoint."""

    required_scopes = {"GET": READ}

    @extend_schema(
        operation_id="list_webhook_deliveries", responses=messages.DeliveryPage, tags=["webhooks"],
        parameters=[PageQuery],
    )  # fmt: skip
    def get(self, request: Request, public_id: str) -> Response:
        """List the deliveries with every attempt, newest first."""
        rows = queries.list_deliveries(
            endpoint=self.get_endpoint(request, public_id), before_id=read_cursor(request), limit=PAGE_SIZE + 1
        )  # fmt: skip

        def describe(row: Any) -> dict[str, Any]:
            return messages.describe_delivery(row, event=describe_event(row.event))

        return Response(make_page(rows, describe=describe))


class CheckpointView(APIView):
    """The head of the audit log."""

    required_scopes = {"GET": READ}

    @extend_schema(
        operation_id="get_audit_checkpoint", responses=messages.CheckpointReport, tags=["events"]
    )
    def get(self, request: Request) -> Response:
        """Return size and head hash of the audit log; who keeps them can show later whether the log was rewritten."""
        seal_new_events()
        return Response(describe_checkpoint(make_checkpoint(now=timezone.now())))
