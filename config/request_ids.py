"""Give every answer the id under which its request was logged."""

from typing import Any

import structlog
from django.dispatch import receiver
from django.http import HttpResponse
from django_structlog.signals import bind_extra_request_finished_metadata, update_failure_response


@receiver(bind_extra_request_finished_metadata)
@receiver(update_failure_response)
def add_request_id(sender: object, *, response: HttpResponse, **kwargs: Any) -> None:
    """Set X-Request-ID: the caller's own if it sent one, else ours."""
    response["X-Request-ID"] = structlog.contextvars.get_contextvars().get("request_id", "")
