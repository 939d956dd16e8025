"""Webhook endpoints and their delivery log: register, disable, try out, send again."""

import re
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.html import format_html
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextareaWidget

from catalog.admin.base import ConfirmForm
from compliance.admin.readonly import ReadOnlyAdmin
from compliance.admin.running import get_change_url
from compliance.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from compliance.services import webhooks
from compliance.services.outbox import KIND_PATTERN, encode_event, send_event
from compliance.services.webhook_client import InvalidWebhookUrl, parse_webhook_url


class WebhookEndpointForm(forms.ModelForm[WebhookEndpoint]):
    """An endpoint: its kinds one a line."""

    kinds = forms.CharField(
        required=False,
        widget=UnfoldAdminTextareaWidget,
        help_text="One a line, such as submission.approved or submission.*; empty: all.",
    )

    class Meta:
        model = WebhookEndpoint
        fields = ["generator", "url", "kinds", "is_enabled"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["kinds"] = "\n".join(self.instance.kinds)

    def clean_url(self) -> str:
        """Refuse an address that nothing may be sent to."""
        url = str(self.cleaned_data["url"])
        try:
            parse_webhook_url(url, allow_private=settings.WEBHOOK_ALLOW_PRIVATE)
        except InvalidWebhookUrl as invalid:
            raise forms.ValidationError(str(invalid)) from invalid
        return url

    def clean_kinds(self) -> list[str]:
        """Return the kinds; name the ones that are none."""
        kinds = str(self.cleaned_data["kinds"]).split()
        if wrong := [kind for kind in kinds if not re.fullmatch(KIND_PATTERN, kind)]:
            raise forms.ValidationError(f"Not a kind of events: {', '.join(wrong)}.")
        return kinds

    def clean(self) -> dict[str, Any]:
        """Refuse one endpoint too many."""
        cleaned = super().clean() or {}
        generator = cleaned.get("generator")
        if generator is not None and not self.instance.pk:
            present = generator.webhook_endpoints.filter(deleted_at=None).count()
            if present >= webhooks.MAX_ENDPOINTS:
                raise forms.ValidationError(
                    f"{generator} has {present} endpoints, as many as may be."
                )
        return cleaned


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(ModelAdmin):  # type: ignore[misc]  # unfold is untyped
    """Endpoints: the secret is shown once, when one is registered."""

    form = WebhookEndpointForm
    list_display = ["public_id", "generator", "url", "show_state", "secret_start", "created_at"]
    list_filter = ["is_enabled", "generator"]
    list_select_related = ["generator"]
    search_fields = ["public_id", "url", "generator__name"]
    autocomplete_fields = ["generator"]
    actions_submit_line = ["send_test"]
    actions_detail = ["rotate_secret"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookEndpoint]:
        """Leave out what was deleted; its delivery log stays."""
        rows: QuerySet[WebhookEndpoint] = super().get_queryset(request)
        return rows.filter(deleted_at=None)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Show what services keep; an endpoint stays with its generator."""
        if obj is None:
            return []
        return ["generator", "public_id", "secret_start", "previous_secret_until", "disabled_reason", "created_at"]  # fmt: skip

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Ask for the address and the kinds; the rest is there to read."""
        asked = ["generator", "url", "kinds"]
        return asked if obj is None else [*asked, "is_enabled", *self.get_readonly_fields(request, obj)[1:]]  # fmt: skip

    @display(description="State", label={"enabled": "success", "disabled": "danger"})
    def show_state(self, endpoint: WebhookEndpoint) -> str:
        """Say whether events are sent to it."""
        return "enabled" if endpoint.is_enabled else "disabled"

    def save_model(
        self, request: HttpRequest, obj: WebhookEndpoint, form: Any, change: Any
    ) -> None:
        """Register the endpoint and show its secret this once, or change it."""
        by = _name(request)
        if change:
            changes = {name: form.cleaned_data[name] for name in form.changed_data}
            if changes:
                webhooks.change_endpoint(endpoint=obj, by=by, **changes)
            super().save_model(request, obj, form, change)  # runs the button that was pressed
            return
        made = webhooks.create_endpoint(
            generator=obj.generator, url=obj.url, kinds=form.cleaned_data["kinds"], by=by
        )
        obj.pk, obj.public_id = made.pk, made.public_id
        show_secret_once(request, made.secret)

    def delete_model(self, request: HttpRequest, obj: WebhookEndpoint) -> None:
        """Forget the secrets; keep the log."""
        webhooks.delete_endpoint(endpoint=obj, by=_name(request), now=timezone.now())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[WebhookEndpoint]) -> None:
        """Do so with each."""
        for endpoint in queryset:
            self.delete_model(request, endpoint)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Name the endpoints alone: their deliveries stay, so these protect nothing."""
        names = [str(endpoint) for endpoint in objs]
        return names, {"webhook endpoints": len(names)}, set(), []

    @action(
        description="Replace the secret",
        icon="key",
        permissions=["change"],
        dialog={"title": "Replace the secret?",
                "description": "The new one is shown once. For 24 hours messages carry the signatures of both.",
                "form_class": ConfirmForm, "form_submit_text": "Replace it"},
    )  # fmt: skip
    def rotate_secret(self, request: HttpRequest, _form: Any, object_id: int) -> HttpResponse:
        """Replace the secret and show the new one, this once."""
        endpoint = get_object_or_404(WebhookEndpoint, pk=object_id, deleted_at=None)
        changed = webhooks.rotate_secret(endpoint=endpoint, by=_name(request), now=timezone.now())
        show_secret_once(request, changed.secret)
        return HttpResponse(headers={"HX-Redirect": get_change_url(changed)})

    @action(description="Save and send a test", permissions=["change"])
    def send_test(self, request: HttpRequest, obj: WebhookEndpoint) -> None:
        """Send a message that means nothing."""
        delivery = webhooks.send_test(endpoint=obj, by=_name(request), now=timezone.now())
        messages.success(request, f"A test is on its way: delivery {delivery.public_id}.")


class WebhookAttemptInline(TabularInline):  # type: ignore[misc]  # unfold is untyped
    """Every request of a delivery."""

    model = WebhookAttempt
    fields = readonly_fields = ["at", "status_code", "duration_ms", "error", "answer"]
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    """The delivery log."""

    list_display = ["public_id", "event", "endpoint", "show_state", "created_at", "finished_at"]
    list_filter = ["state", "endpoint__generator"]
    list_select_related = ["event", "endpoint"]
    search_fields = ["public_id", "event__public_id", "event__subject", "endpoint__public_id"]
    date_hierarchy = "created_at"
    fields = ["public_id", "event", "endpoint", "state", "created_at", "finished_at", "show_body"]
    inlines = [WebhookAttemptInline]
    actions = ["send_again"]

    @display(
        description="State",
        label={
            "delivered": "success",
            "failed": "danger",
            "pending": "info",
            "cancelled": "warning",
        },
    )
    def show_state(self, delivery: WebhookDelivery) -> str:
        """Return the state, colored."""
        return delivery.state

    @display(description="Body")
    def show_body(self, delivery: WebhookDelivery) -> str:
        """Return what is sent."""
        return encode_event(delivery.event).decode()

    def has_replay_permission(self, request: HttpRequest) -> bool:
        """Let those send again who may change endpoints."""
        return bool(request.user.has_perm("compliance.change_webhookendpoint"))

    @action(description="Send the selected deliveries again", permissions=["replay"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[WebhookDelivery]) -> None:
        """Start the selected deliveries anew."""
        with transaction.atomic():
            for delivery in queryset:
                send_event(event=delivery.event, endpoints=[delivery.endpoint], now=timezone.now())
        messages.success(request, f"{len(queryset)} deliveries are on their way again.")


def show_secret_once(request: HttpRequest, secret: str) -> None:
    """Show a new secret: whoever misses it replaces it."""
    messages.warning(
        request,
        format_html("Copy the secret now, it cannot be shown again: <code>{}</code>", secret),
    )


def _name(request: HttpRequest) -> str:
    return f"user:{request.user.get_username()}"
