"""Generators: the machine clients that ask for clearances and submit songs, and their keys."""

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
    EVENTS_READ = "events:read", "Read own events and webhook endpoints"
    WEBHOOKS_WRITE = "webhooks:write", "Change own webhook endpoints, send events again"


def list_all_scopes() -> list[str]:
    """Return every scope, for a key that may do all a generator does."""
    return list(Scope.values)


class Generator(models.Model):
    """A machine client: a system of one company that renders songs."""

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
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


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
