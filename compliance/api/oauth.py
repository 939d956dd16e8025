"""OAuth 2 client credentials (RFC 6749, section 4.4): a key is exchanged for a short-lived token.

Errors are answered as that RFC says (section 5.2), which every OAuth library reads, and not as problem documents.
"""

import base64
import binascii
from typing import Any
from urllib.parse import unquote_plus

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import FormParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from compliance.api.authentication import (
    TOKEN_PATH,
    AddressNotAllowed,
    refuse_foreign_address,
)
from compliance.models.generator import Scope
from compliance.services.access_tokens import (
    InvalidScope,
    UnknownClient,
    authenticate_client,
    issue_access_token,
)

CLIENT_CREDENTIALS = "client_credentials"
# Whoever holds the answer could act for the client: no cache keeps it (RFC 6749, section 5.1).
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class TokenRequest(serializers.Serializer[Any]):
    """The form of a token request. The client may name itself by HTTP Basic instead."""

    grant_type = serializers.ChoiceField(choices=[CLIENT_CREDENTIALS])
    scope = serializers.CharField(
        required=False, help_text="Scopes with spaces between them; none: all of the key's."
    )
    client_id = serializers.CharField(required=False, help_text="The generator's id, gen_...")
    client_secret = serializers.CharField(required=False, help_text="An API key, ctk_...")


class TokenReport(serializers.Serializer[Any]):
    """An access token, to be sent as `Authorization: Bearer`."""

    access_token = serializers.CharField()
    token_type = serializers.ChoiceField(choices=["Bearer"])
    expires_in = serializers.IntegerField(help_text="Seconds.")
    scope = serializers.CharField()


class OAuthError(serializers.Serializer[Any]):
    """Why there is no token (RFC 6749, section 5.2)."""

    error = serializers.ChoiceField(
        choices=["invalid_request", "invalid_client", "invalid_scope", "unsupported_grant_type"]
    )
    error_description = serializers.CharField()


class AuthorizationServerMetadata(serializers.Serializer[Any]):
    """What OAuth libraries set themselves up with (RFC 8414)."""

    issuer = serializers.URLField()
    token_endpoint = serializers.URLField()
    jwks_uri = serializers.URLField()
    scopes_supported = serializers.ListField(child=serializers.CharField())
    response_types_supported = serializers.ListField(child=serializers.CharField())
    grant_types_supported = serializers.ListField(child=serializers.CharField())
    token_endpoint_auth_methods_supported = serializers.ListField(child=serializers.CharField())
    service_documentation = serializers.URLField()


class TokenView(APIView):
    """Exchange a key for a token."""

    authentication_classes: list[Any] = []
    permission_classes: list[Any] = []
    parser_classes = [FormParser]

    @extend_schema(
        operation_id="create_token",
        request={"application/x-www-form-urlencoded": TokenRequest},
        responses={200: TokenReport, 400: OAuthError, 401: OAuthError},
        tags=["oauth"],
        auth=[],
    )
    def post(self, request: Request) -> Response:
        """Return a token with the scopes asked for; the client names itself by HTTP Basic or in the form."""
        form = request.POST
        if repeated := [name for name in form if len(form.getlist(name)) > 1]:
            return _refuse(
                "invalid_request", f"Sent more than once: {', '.join(sorted(repeated))}."
            )
        if not form.get("grant_type"):
            return _refuse("invalid_request", "grant_type is missing.")
        if form["grant_type"] != CLIENT_CREDENTIALS:
            return _refuse("unsupported_grant_type", f"Send grant_type={CLIENT_CREDENTIALS}.")
        client = _read_client(request._request)
        if client is None:
            return _refuse("invalid_client", "Send client_id and client_secret.", status=401)
        now = timezone.now()
        try:
            api_key = authenticate_client(client_id=client[0], client_secret=client[1], now=now)
            refuse_foreign_address(request._request, api_key.generator)
        except (UnknownClient, AddressNotAllowed) as refusal:
            return _refuse("invalid_client", str(refusal), status=401)
        scopes = form["scope"].split() if form.get("scope") else None
        try:
            issued = issue_access_token(api_key=api_key, scopes=scopes, now=now)
        except InvalidScope as refusal:
            return _refuse("invalid_scope", str(refusal))
        return Response(
            {
                "access_token": issued.token,
                "token_type": "Bearer",
                "expires_in": issued.expires_in_s,
                "scope": " ".join(issued.scopes),
            },
            headers=NO_STORE,
        )


class MetadataView(APIView):
    """Describe the token endpoint; public."""

    authentication_classes: list[Any] = []
    permission_classes: list[Any] = []

    @extend_schema(
        operation_id="get_authorization_server",
        responses=AuthorizationServerMetadata,
        tags=["oauth"],
        auth=[],
    )
    def get(self, request: Request) -> Response:
        """Return where tokens are had and which scopes there are."""
        return Response(
            {
                "issuer": settings.PUBLIC_URL,
                "token_endpoint": f"{settings.PUBLIC_URL}{TOKEN_PATH}",
                "jwks_uri": f"{settings.PUBLIC_URL}/.well-known/jwks.json",
                "scopes_supported": list(Scope.values),
                "response_types_supported": [],
                "grant_types_supported": [CLIENT_CREDENTIALS],
                "token_endpoint_auth_methods_supported": [
                    "client_secret_basic",
                    "client_secret_post",
                ],
                "service_documentation": f"{settings.PUBLIC_URL}/api/docs",
            }
        )


def _read_client(request: HttpRequest) -> tuple[str, str] | None:
    """Return client_id and client_secret from HTTP Basic or the form; None if they are missing or in both."""
    header = request.headers.get("Authorization")
    if header is None:
        client_id, secret = request.POST.get("client_id"), request.POST.get("client_secret")
        return (client_id, secret) if client_id and secret else None
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic" or "client_secret" in request.POST:
        return None
    try:
        client_id, separator, secret = (
            base64.b64decode(encoded, validate=True).decode().partition(":")
        )
    except (binascii.Error, ValueError):
        return None
    # RFC 6749, section 2.3.1: both were form-encoded before.
    return (unquote_plus(client_id), unquote_plus(secret)) if separator else None


def _refuse(error: str, description: str, *, status: int = 400) -> Response:
    headers = dict(NO_STORE)
    if status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="cleartone"'
    return Response(
        {"error": error, "error_description": description}, status=status, headers=headers
    )
