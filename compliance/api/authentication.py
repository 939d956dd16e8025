"""Who calls: a generator with an API key or an access token, from where, and what it may do."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from compliance.api import idempotency
from compliance.api.client_address import find_client_address, is_within
from compliance.models import ApiKey, Generator
from compliance.models.generator import Scope
from compliance.services.access_tokens import TOKEN_PREFIX, authenticate_access_token
from compliance.services.api_keys import ApiKeyRefused, authenticate_api_key

TOKEN_PATH = "/api/v1/oauth/token"  # noqa: S105 - an address


class ScopeMissing(Exception):
    """The key or token is good but may not do this."""

    def __init__(self, *, missing: list[str]) -> None:
        super().__init__(f"This needs the scope {', '.join(missing)}; ask for a key that has it.")
        self.missing = missing


class AddressNotAllowed(Exception):
    """The generator's keys may not be used from where the request came."""

    def __init__(self, *, address: object) -> None:
        super().__init__(f"This generator's keys may not be used from {address}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The generator behind a request, as `request.user`; `scopes` are the token's where one was sent."""

    generator: Generator
    api_key: ApiKey
    scopes: frozenset[str]
    is_authenticated: bool = True

    @property
    def client(self) -> str:
        """The generator's public id: under this name other apps keep what belongs to it."""
        return self.generator.public_id

    @property
    def is_sandbox(self) -> bool:
        """Tell whether the caller practices."""
        return self.generator.is_sandbox

    def answer_once(
        self,
        request: Request,
        *,
        content: dict[str, Any],
        work: Callable[[], tuple[int, dict[str, Any]]],
    ) -> Response:
        """Answer a creating request once per Idempotency-Key; for views of apps that know no generators."""
        return idempotency.answer_once(request, content=content, work=work)


def refuse_foreign_address(request: Any, generator: Generator) -> None:
    """Raise AddressNotAllowed if the generator's keys may not be used from where the request came."""
    if generator.allowed_networks:
        address = find_client_address(request)
        if not is_within(address, generator.allowed_networks):
            raise AddressNotAllowed(address=address or "an unknown address")


class BearerAuthentication(BaseAuthentication):
    """Read `Authorization: Bearer` with an API key (ctk_...) or an access token (cta_...)."""

    def authenticate(self, request: Request) -> tuple[Caller, ApiKey] | None:
        """Return the caller; None when the header is absent."""
        header = request.headers.get("Authorization")
        if header is None:
            return None
        scheme, _, secret = header.partition(" ")
        secret = secret.strip()
        if scheme.lower() != "bearer" or not secret:
            raise AuthenticationFailed("Send the key as: Authorization: Bearer ctk_...")
        now = timezone.now()
        try:
            if secret.startswith(TOKEN_PREFIX):
                token = authenticate_access_token(token=secret, now=now)
                row, scopes = token.api_key, token.scopes
            else:
                row = authenticate_api_key(key=secret, now=now)
                scopes = row.scopes
        except ApiKeyRefused as refusal:
            raise AuthenticationFailed(refusal.why) from refusal
        structlog.contextvars.bind_contextvars(
            generator=row.generator.public_id, api_key=row.prefix
        )
        refuse_foreign_address(request._request, row.generator)
        return Caller(generator=row.generator, api_key=row, scopes=frozenset(scopes)), row

    def authenticate_header(self, request: Request) -> str:
        """Say what a 401 asks for."""
        return 'Bearer realm="cleartone"'


class HasScope(BasePermission):
    """Let a request pass whose caller holds every scope the view names in `required_scopes`, by method."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Tell whether there is a caller at all; raise when it lacks a scope."""
        if not isinstance(request.user, Caller):
            return False
        needed = view.required_scopes.get(request.method or "", ())
        missing = sorted(set(needed) - request.user.scopes)
        if missing:
            raise ScopeMissing(missing=missing)
        return True


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI document describes keys and tokens; each operation names its scopes."""

    target_class = BearerAuthentication
    name = ["apiKey", "oauth2"]

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[Any]]]:
        """Return both ways, either of which is enough."""
        view = auto_schema.view
        scopes = sorted(getattr(view, "required_scopes", {}).get(auto_schema.method, ()))
        return [{"apiKey": []}, {"oauth2": scopes}]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, Any]]:
        """Return the HTTP bearer scheme and the client credentials flow."""
        return [
            {
                "type": "http",
                "scheme": "bearer",
                "description": "An API key, `Authorization: Bearer ctk_...`, or an access token, `Bearer cta_...`.",
            },
            {
                "type": "oauth2",
                "description": "An access token for an API key: client_id is the generator's id, client_secret the key.",
                "flows": {
                    "clientCredentials": {
                        "tokenUrl": TOKEN_PATH,
                        "scopes": {scope.value: str(scope.label) for scope in Scope},
                    }
                },
            },
        ]
