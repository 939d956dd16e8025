"""Generators: the machine clients that ask for clearances and submit songs, their keys and the tokens got with these."""

import ipaddress

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models

from compliance.identifiers import new_generator_id


class Scope(models.TextChoices):
    """What a key may do. Written `<resource>:<action>`."""

    SCREENINGS_WRITE = "screenings:write", "Screen texts"
    SCREENINGS_READ = "screenings:read", "Read own screenings"
    CATALOG_READ = "catalog:read", "Read the catalog of licensed stems"
    CLEARANCES_WRITE = "clearances:write", "Ask for clearances"
    CLEARANCES_READ = "clearances:read", "Read own clearances"
    SUBMISSIONS_WRITE = "submissions:write", "Submit songs"
    SUBMISSIONS_READ = "submissions:read", "Read own submissions and reports"
    APPROVALS_READ = "approvals:read", "Read own approvals and certificates"
    USAGE_WRITE = "usage:write", "Report the use of own songs"
    APPROVALS_WRITE = "approvals:write", "Put one own approval in the place of another"
    RECALLS_READ = "recalls:read", "Read recalls of own songs"
    RECALLS_WRITE = "recalls:write", "Acknowledge recalls of own songs"
    EVENTS_READ = "events:read", "Read own events and webhook endpoints"
    WEBHOOKS_WRITE = "webhooks:write", "Change own webhook endpoints, send events again"


def list_all_scopes() -> list[str]:
    """Return every scope, for a key that may do all a generator does."""
    return list(Scope.values)


def check_networks(networks: object) -> None:
    """Refuse what is not a list of IP networks, such as ["192.0.2.0/24", "2001:db8::7"]."""
    if not isinstance(networks, list):
        raise ValidationError(f"Write a list of networks, got {networks!r}.")
    for network in networks:
        try:
            ipaddress.ip_network(network)
        except ValueError as error:
            raise ValidationError(f"{network!r} is not an IP network: {error}.") from error


class Generator(models.Model):
    """A machine client: a system of one company that renders songs.

    Its sandbox is a generator of its own, so that nothing made there can be mixed up with what is live.
    """

    public_id = models.CharField(
        max_length=40, unique=True, default=new_generator_id, editable=False
    )
    name = models.CharField(max_length=200, unique=True)
    contact_email = models.EmailField(
        blank=True, db_default="", help_text="Whom to write to when a song is recalled."
    )
    is_active = models.BooleanField(
        default=True, db_default=True, help_text="An inactive generator's keys are all refused."
    )
    allowed_networks = models.JSONField(
        default=list,
        blank=True,
        validators=[check_networks],
        help_text='From where its keys and tokens may be used, such as ["192.0.2.0/24"]; empty: from anywhere.',
    )
    requests_per_minute = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Empty: the service's own limit (RATE_LIMIT_PER_MINUTE).",
    )
    sandbox_of = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="sandbox",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_sandbox(self) -> bool:
        """Tell whether all this generator does is practice: no caps are taken, no song is licensed."""
        return self.sandbox_of_id is not None


class ApiKey(models.Model):
    """One key of a generator. Only its SHA-256 is stored: the key itself is 256 random bits and shown once."""

    generator = models.ForeignKey(Generator, on_delete=models.PROTECT, related_name="api_keys")
    label = models.CharField(
        max_length=100, help_text="Where this key is used, such as 'render farm 2'."
    )
    prefix = models.CharField(
        max_length=20,
        unique=True,
        editable=False,
        help_text="Start of the key, to recognize it by.",
    )
    secret_sha256 = models.CharField(max_length=64, editable=False)
    scopes = models.JSONField(default=list_all_scopes)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Empty: until revoked.")
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.CharField(max_length=150, blank=True, db_default="", editable=False)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.prefix}… ({self.label})"


class AccessToken(models.Model):
    """A short-lived token that a key was exchanged for (OAuth 2 client credentials). Only its SHA-256 is stored."""

    api_key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="access_tokens")
    secret_sha256 = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(help_text="Never more than the key's.")
    expires_at = models.DateTimeField(db_index=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"token of {self.api_key_id}"


class RateWindow(models.Model):
    """How many requests of a generator were let through in one window, over all processes."""

    generator = models.ForeignKey(Generator, on_delete=models.CASCADE)
    starts_at = models.DateTimeField(db_index=True)
    taken = models.PositiveIntegerField(default=0, db_default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["generator", "starts_at"], name="%(app_label)s_%(class)s_is_counted_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.generator_id} from {self.starts_at}: {self.taken}"
