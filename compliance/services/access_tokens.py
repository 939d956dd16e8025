"""Access tokens: what a key is exchanged for when it should not travel with every request (RFC 6749, section 4.4).

A token is 256 random bits of which the SHA-256 is stored, like a key's. Not a signed one: looking it up costs one query, which
the key behind it would cost anyway, and a revoked key ends its tokens at once.
"""

import datetime as dt
import secrets
from collections.abc import Collection
from dataclasses import dataclass

from django.conf import settings

from compliance.models import AccessToken, ApiKey
from compliance.services.api_keys import (
    ApiKeyRefused,
    authenticate_api_key,
    hash_key,
    refuse_ended_key,
)

TOKEN_PREFIX = "cta_"  # noqa: S105 - what tokens begin with


class UnknownClient(Exception):
    """No client has this id and secret."""


class InvalidScope(Exception):
    """A token was asked for with scopes that its key does not hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedToken:
    """A token as its client gets it, this once."""

    token: str
    scopes: tuple[str, ...]
    expires_in_s: int


def authenticate_client(*, client_id: str, client_secret: str, now: dt.datetime) -> ApiKey:
    """Return the key of a client: the id is its generator's, the secret is any key of it that may be used now.

    Raises
    ------
    UnknownClient : naming why
    """
    try:
        api_key = authenticate_api_key(key=client_secret, now=now)
    except ApiKeyRefused as refusal:
        raise UnknownClient(refusal.why) from refusal
    if api_key.generator.public_id != client_id:
        raise UnknownClient("The client is not known.")
    return api_key


def issue_access_token(
    *, api_key: ApiKey, scopes: Collection[str] | None, now: dt.datetime
) -> IssuedToken:
    """Make a token with some of the key's scopes; None: with all of them.

    Raises
    ------
    InvalidScope : if the key lacks one of the scopes, or there is none
    """
    asked = sorted(set(api_key.scopes if scopes is None else scopes))
    if not asked or not set(asked) <= set(api_key.scopes):
        raise InvalidScope(f"The key has the scopes {' '.join(api_key.scopes)}.")
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    expires_in = dt.timedelta(seconds=settings.ACCESS_TOKEN_TTL_S)
    AccessToken.objects.create(
        api_key=api_key, secret_sha256=hash_key(token), scopes=asked, expires_at=now + expires_in
    )
    return IssuedToken(
        token=token, scopes=tuple(asked), expires_in_s=int(expires_in.total_seconds())
    )


def authenticate_access_token(*, token: str, now: dt.datetime) -> AccessToken:
    """Return the row of a token that may be used now; its key and the generator come with it.

    Raises
    ------
    ApiKeyRefused : naming why
    """
    found = AccessToken.objects.select_related("api_key__generator")
    row = found.filter(secret_sha256=hash_key(token)).first()
    if row is None:
        raise ApiKeyRefused(why="The token is not known; ask for a new one.")
    if row.expires_at <= now:
        raise ApiKeyRefused(why=f"The token expired at {row.expires_at.isoformat()}.")
    refuse_ended_key(row.api_key, now=now)
    return row


def delete_expired_tokens(*, now: dt.datetime) -> int:
    """Forget tokens that ended; return how many."""
    return AccessToken.objects.filter(expires_at__lt=now).delete()[0]
