"""Rate limits at the door: who asks too often is told so, and everybody how much is left.

Headers as draft-ietf-httpapi-ratelimit-headers-10 defines them: the policy (q requests in w seconds) and what is left of it
(r requests, anew in t seconds).
"""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from compliance.api.authentication import Caller
from compliance.services.rate_limits import WINDOW_S, RateDecision, take_request

POLICY = '"requests"'


class GeneratorThrottle(BaseThrottle):
    """Let a generator's requests pass up to its limit."""

    decision: RateDecision | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        """Count the request; what is left is told by RateLimitHeaders."""
        if not isinstance(request.user, Caller):
            return True  # public addresses, and what is refused anyway
        self.decision = take_request(generator=request.user.generator, now=timezone.now())
        request._request.rate_decision = self.decision  # type: ignore[attr-defined]
        return self.decision.allowed

    def wait(self) -> float | None:
        """Return the seconds until requests pass again: the answer's Retry-After."""
        return self.decision.reset_s if self.decision else None


class RateLimitHeaders:
    """Middleware: tell the limit and what is left of it with every answer that was counted."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Add the headers."""
        response = self.get_response(request)
        decision: RateDecision | None = getattr(request, "rate_decision", None)
        if decision is not None:
            response["RateLimit-Policy"] = f"{POLICY};q={decision.limit};w={WINDOW_S}"
            response["RateLimit"] = f"{POLICY};r={decision.remaining};t={decision.reset_s}"
        return response
