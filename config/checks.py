"""System checks: what in the settings would lose work, leak data or fail later is said at start."""

import os
from collections.abc import Iterable
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register

from compliance.certificates.keys import InvalidKeys
from compliance.services.content_credential_keys import (
    InvalidSigner,
    load_signer,
    uses_test_signer,
)
from compliance.services.signing_keys import load_keys


@register(Tags.files)
def check_media_writable(
    app_configs: Iterable[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Songs are accepted only if they can be kept."""
    root = settings.MEDIA_ROOT
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return [
            Error(
                f"MEDIA_ROOT {root} cannot be made: {error}",
                hint="Set MEDIA_ROOT.",
                id="config.E001",
            )
        ]
    if not os.access(root, os.W_OK):
        return [
            Error(f"MEDIA_ROOT {root} is not writable.", hint="Set MEDIA_ROOT.", id="config.E001")
        ]
    return []


@register()
def check_job_times(app_configs: Iterable[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Refuse settings with which the queue would redeliver jobs: that is the job row's to decide."""
    found: list[CheckMessage] = []
    queue = settings.Q_CLUSTER
    if queue["retry"] <= queue["timeout"] or queue["max_attempts"] != 1:
        found.append(
            Error(
                "Q_CLUSTER must keep retry > timeout and max_attempts = 1: retries are the job row's.",
                id="config.E002",
            )
        )
    return found


@register()
def check_chromaprint(app_configs: Iterable[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Without libchromaprint no recording can be identified."""
    try:
        import chromaprint  # noqa: F401, PLC0415 - loading the shared library is the check
    except ImportError:
        return [
            checks.Warning(
                "libchromaprint cannot be loaded: songs cannot be verified on this machine.",
                hint="Run: apt-get install libchromaprint1",
                id="config.W001",
            )
        ]
    return []


@register()
def check_certificate_keys(
    app_configs: Iterable[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Refuse a named key file that cannot sign: no song could be approved."""
    if not settings.CERTIFICATE_KEY_FILE:
        return []
    try:
        _ = load_keys().signing_key
    except (OSError, ValueError, InvalidKeys) as error:
        return [
            Error(
                f"CERTIFICATE_KEY_FILE cannot be used: {error}",
                hint="Name a JWK Set with a private Ed25519 key, or run: manage.py rotate_certificate_key",
                id="config.E003",
            )
        ]
    return []


@register()
def check_content_credential_signer(
    app_configs: Iterable[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Refuse configured files that cannot sign content credentials."""
    if uses_test_signer():
        return []
    try:
        load_signer()
    except InvalidSigner as error:
        return [
            Error(
                f"C2PA_CERTIFICATE_FILE and C2PA_KEY_FILE cannot be used: {error}",
                hint="Name a PEM chain, the signing certificate first, and its unencrypted PEM key.",
                id="config.E010",
            )
        ]
    return []


@register(Tags.security, deploy=True)
def check_content_credentials_are_trusted(
    app_configs: Iterable[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Warn that songs are signed with a certificate that every reader shows as untrusted."""
    if not uses_test_signer():
        return []
    return [
        checks.Warning(
            "Content credentials are signed with a test certificate, which readers show as untrusted.",
            hint="Set C2PA_CERTIFICATE_FILE and C2PA_KEY_FILE; docs/content-credentials.md.",
            id="config.W010",
        )
    ]


@register(Tags.security, deploy=True)
def check_production(app_configs: Iterable[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Warn about a deployment that does not name its secret and its database."""
    found: list[CheckMessage] = []
    if not os.environ.get("SECRET_KEY"):
        found.append(
            checks.Warning(
                "SECRET_KEY comes from a file in DATA_DIR; several machines would not share it.",
                hint="Set SECRET_KEY.",
                id="config.W002",
            )
        )
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        found.append(
            checks.Warning(
                "SQLite is the embedded default; production runs on PostgreSQL.",
                hint="Set DATABASE_URL=postgres://...",
                id="config.W003",
            )
        )
    if settings.WEBHOOK_ALLOW_PRIVATE:
        found.append(
            checks.Warning(
                "WEBHOOK_ALLOW_PRIVATE lets generators make the service call addresses of its own network.",
                hint="Unset WEBHOOK_ALLOW_PRIVATE.",
                id="config.W004",
            )
        )
    return found
