"""API keys: issued once, stored as a hash, refused for a named reason."""

import datetime as dt
import hashlib
import hmac
import secrets
from collections.abc import Collection

from django.db import transaction

from compliance.models import ApiKey, Generator
from compliance.services.events import record_event

KEY_PREFIX = "ctk_"
# Keys of sandboxes are told apart at sight.
SANDBOX_KEY_PREFIX = "ctk_test_"
# Characters after the prefix that are stored in the clear, to find the row and for people to recognize the key by.
SHOWN_CHARACTERS = 8
# How long a replaced key goes on working, unless somebody says otherwise.
ROTATION_OVERLAP = dt.timedelta(hours=24)
# A key's last use is written at most so often: a write per request would cost more than the request.
LAST_USED_RESOLUTION = dt.timedelta(minutes=1)


class ApiKeyRefused(Exception):
    """The key is unknown, expired, revoked, or its generator is inactive."""

    def __init__(self, *, why: str) -> None:
        super().__init__(why)
        self.why = why


def hash_key(key: str) -> str:
    """Return the SHA-256 of a key: enough for 256 random bits, which no dictionary holds."""
    return hashlib.sha256(key.encode()).hexdigest()


def show_key(key: str) -> str:
    """Return the start of a key that may be seen."""
    prefix = SANDBOX_KEY_PREFIX if key.startswith(SANDBOX_KEY_PREFIX) else KEY_PREFIX
    return key[: len(prefix) + SHOWN_CHARACTERS]


@transaction.atomic
def issue_api_key(
    *,
    generator: Generator,
    label: str,
    scopes: Collection[str],
    by: str,
    expires_at: dt.datetime | None = None,
) -> tuple[ApiKey, str]:
    """Make a key and return its row and the key itself, which nobody can read again."""
    prefix = SANDBOX_KEY_PREFIX if generator.is_sandbox else KEY_PREFIX
    key = prefix + secrets.token_urlsafe(32)
    row = ApiKey.objects.create(
        generator=generator,
        label=label,
        prefix=show_key(key),
        secret_sha256=hash_key(key),
        scopes=sorted(scopes),
        expires_at=expires_at,
        created_by=by,
    )
    record_event(
        kind="api_key.issued", subject=f"api_key:{row.prefix}", actor=by, generator=generator.public_id,
        data={"label": label, "scopes": row.scopes},
    )  # fmt: skip
    return row, key


@transaction.atomic
def revoke_api_key(*, api_key: ApiKey, by: str, now: dt.datetime) -> None:
    """Refuse the key from now on. Revoking twice changes nothing."""
    if ApiKey.objects.filter(pk=api_key.pk, revoked_at=None).update(revoked_at=now):
        record_event(
            kind="api_key.revoked", subject=f"api_key:{api_key.prefix}", actor=by,
            generator=api_key.generator.public_id,
        )  # fmt: skip


@transaction.atomic
def rotate_api_key(
    *, api_key: ApiKey, by: str, now: dt.datetime, overlap: dt.timedelta = ROTATION_OVERLAP
) -> tuple[ApiKey, str]:
    """Issue a key that may do the same, and let the old one end after the overlap, in which both work.

    Raises
    ------
    ApiKeyRefused : if the old key has ended already
    """
    lives = ApiKey.objects.filter(pk=api_key.pk, revoked_at=None)
    ends_at = min(filter(None, (api_key.expires_at, now + overlap)))
    if ends_at <= now or not lives.update(expires_at=ends_at):
        raise ApiKeyRefused(why=f"The key {api_key.prefix}… has ended; issue a new one.")
    row, key = issue_api_key(
        generator=api_key.generator, label=api_key.label, scopes=api_key.scopes, by=by
    )
    record_event(
        kind="api_key.rotated", subject=f"api_key:{api_key.prefix}", actor=by,
        generator=api_key.generator.public_id, data={"successor": row.prefix, "ends_at": ends_at.isoformat()},
    )  # fmt: skip
    return row, key


def refuse_ended_key(row: ApiKey, *, now: dt.datetime) -> None:
    """Raise ApiKeyRefused, naming why, if a key may not be used now."""
    if row.revoked_at is not None:
        raise ApiKeyRefused(why="The key was revoked.")
    if row.expires_at is not None and row.expires_at <= now:
        raise ApiKeyRefused(why=f"The key expired at {row.expires_at.isoformat()}.")
    if not row.generator.is_active:
        raise ApiKeyRefused(why="The generator is inactive.")


def authenticate_api_key(*, key: str, now: dt.datetime) -> ApiKey:
    """Return the row of a key that may be used now.

    Raises
    ------
    ApiKeyRefused : naming why; the texts tell nothing about keys that do not exist
    """
    row = ApiKey.objects.select_related("generator").filter(prefix=show_key(key)).first()
    if row is None or not hmac.compare_digest(row.secret_sha256, hash_key(key)):
        raise ApiKeyRefused(why="The key is not known.")
    refuse_ended_key(row, now=now)
    if row.last_used_at is None or row.last_used_at < now - LAST_USED_RESOLUTION:
        ApiKey.objects.filter(pk=row.pk).update(last_used_at=now)
    return row
