"""Who calls: a generator with an API key, and what its key may do."""

from dataclasses import dataclass
from typing import Any

import structlog
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from compliance.models import ApiKey, Generator
from compliance.services.api_keys import ApiKeyRefused, authenticate_api_key


class ScopeMissing(Exception):
    """The key is good but may not do this."""

    def __init__(self, *, missing: list[str]) -> None:
        super().__init__(f"This needs the scope {', '.join(missing)}; ask for a key that has it.")
        self.missing = missing


@dataclass(frozen=True, slots=True)
class Caller:
    """The generator behind a request, as `request.user`."""

    generator: Generator
    api_key: ApiKey
    is_authenticated: bool = True

    @property
    def client(self) -> str:
        """The generator's public id: under this name other apps keep what belongs to it."""
        return self.generator.public_id


class ApiKeyAuthentication(BaseAuthentication):
    """Read `Authorization: Bearer ctk_...`."""

    def authenticate(self, request: Request) -> tuple[Caller, ApiKey] | None:
        """Return the caller; None when the header is absent."""
        header = request.headers.get("Authorization")
        if header is None:
            return None
        scheme, _, key = header.partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            raise AuthenticationFailed("Send the key as: Authorization: Bearer ctk_...")
        try:
            row = authenticate_api_key(key=key.strip(), now=timezone.now())
        except ApiKeyRefused as refusal:
            raise AuthenticationFailed(refusal.why) from refusal
        structlog.contextvars.bind_contextvars(
            generator=row.generator.public_id, api_key=row.prefix
        )
        return Caller(row.generator, row), row

    def authenticate_header(self, request: Request) -> str:
        """Say what a 401 asks for."""
        return 'Bearer realm="cleartone"'


class HasScope(BasePermission):
    """Let a request pass whose key holds every scope the view names in `required_scopes`, by method."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Tell whether there is a caller at all; raise when its key lacks a scope."""
        if not isinstance(request.user, Caller):
            return False
        needed = view.required_scopes.get(request.method or "", ())
        missing = sorted(set(needed) - set(request.user.api_key.scopes))
        if missing:
            raise ScopeMissing(missing=missing)
        return True


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI document describes the keys."""

    target_class = ApiKeyAuthentication
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the HTTP bearer scheme."""
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key: `Authorization: Bearer ctk_...`",
        }
