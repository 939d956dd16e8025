"""Webhooks: where generators want to be told, what was sent there and how that went."""

from django.db import models
from django.utils import timezone

from compliance.identifiers import new_webhook_delivery_id, new_webhook_endpoint_id
from compliance.models.event import Event
from compliance.models.generator import Generator

# Characters of a secret that people may see, to recognize it by.
SHOWN_CHARACTERS = 10


class WebhookEndpoint(models.Model):
    """An address of a generator. Its secrets are stored as they are, because they sign; nothing ever shows them again."""

    public_id = models.CharField(
        max_length=40, unique=True, default=new_webhook_endpoint_id, editable=False
    )
    generator = models.ForeignKey(
        Generator, on_delete=models.PROTECT, related_name="webhook_endpoints"
    )
    url = models.CharField(max_length=500, verbose_name="URL")
    kinds = models.JSONField(
        default=list,
        blank=True,
        help_text='Kinds of events to send, such as "submission.approved" or "submission.*"; empty: all.',
    )
    is_enabled = models.BooleanField(default=True)
    disabled_reason = models.CharField(max_length=200, blank=True, db_default="")
    secret = models.CharField(max_length=100, editable=False)
    previous_secret = models.CharField(max_length=100, blank=True, db_default="", editable=False)
    previous_secret_until = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    deleted_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.public_id} {self.url}"

    @property
    def secret_start(self) -> str:
        """The start of the secret, for people to recognize it by."""
        return self.secret[:SHOWN_CHARACTERS] + "…" if self.secret else ""


class DeliveryState(models.TextChoices):
    """Where a delivery stands."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"  # given up: every attempt failed, or the endpoint said 410
    CANCELLED = "cancelled"  # the endpoint was disabled or deleted meanwhile


class WebhookDelivery(models.Model):
    """One event for one endpoint: made in the transaction of the event, so neither is without the other."""

    public_id = models.CharField(
        max_length=40, unique=True, default=new_webhook_delivery_id, editable=False
    )
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="deliveries")
    endpoint = models.ForeignKey(
        WebhookEndpoint, on_delete=models.PROTECT, related_name="deliveries"
    )
    state = models.CharField(
        max_length=10, choices=DeliveryState.choices, default=DeliveryState.PENDING
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "webhook deliveries"
        indexes = [models.Index(fields=["endpoint", "-id"], name="delivery_of_endpoint")]
        constraints = [
            models.UniqueConstraint(
                fields=["event", "endpoint"], name="%(app_label)s_%(class)s_is_made_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.public_id} ({self.state})"


class WebhookAttempt(models.Model):
    """One HTTP request of a delivery, and what came back."""

    delivery = models.ForeignKey(WebhookDelivery, on_delete=models.CASCADE, related_name="attempts")
    at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField()
    status_code = models.PositiveSmallIntegerField(null=True, help_text="Empty: no answer came.")
    answer = models.CharField(
        max_length=500, blank=True, db_default="", help_text="Start of the body."
    )
    error = models.CharField(max_length=500, blank=True, db_default="")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.status_code or self.error}"
