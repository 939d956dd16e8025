"""Generators and their keys: issue (shown once), see, revoke."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from compliance.models import ApiKey, Generator
from compliance.models.generator import Scope
from compliance.services.api_keys import (
    ApiKeyRefused,
    issue_api_key,
    revoke_api_key,
    rotate_api_key,
)
from compliance.services.generators import get_or_create_sandbox


class ApiKeyForm(forms.ModelForm[ApiKey]):
    """A key to be issued: scopes as check boxes."""

    scopes = forms.MultipleChoiceField(
        choices=Scope.choices,
        initial=Scope.values,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        required=True,
    )
    sandbox = forms.BooleanField(
        required=False,
        help_text="For practice: nothing asked for with it takes caps or licenses a song.",
    )

    class Meta:
        model = ApiKey
        fields = ["generator", "label", "scopes", "expires_at"]


class ApiKeyInline(TabularInline):  # type: ignore[misc]  # unfold is untyped
    """The keys of a generator, to look at."""

    model = ApiKey
    fields = readonly_fields = [
        "prefix",
        "label",
        "created_at",
        "expires_at",
        "revoked_at",
        "last_used_at",
    ]
    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Keys are issued on their own page, which shows them once."""
        return False


def show_key_once(request: HttpRequest, key: str) -> None:
    """Show a new key: whoever misses it replaces it."""
    messages.warning(
        request, format_html("Copy the key now, it cannot be shown again: <code>{}</code>", key)
    )


@admin.register(Generator)
class GeneratorAdmin(ModelAdmin):  # type: ignore[misc]  # unfold is untyped
    """Machine clients."""

    list_display = ["name", "public_id", "is_active", "contact_email", "created_at"]
    list_filter = ["is_active"]
    search_fields = ["name", "public_id", "contact_email"]
    fields = [
        "name",
        "public_id",
        "contact_email",
        "is_active",
        "allowed_networks",
        "requests_per_minute",
        "sandbox_of",
        "created_at",
    ]
    readonly_fields = ["public_id", "sandbox_of", "created_at"]
    inlines = [ApiKeyInline]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: a generator is made inactive, its songs name it."""
        return False


@admin.register(ApiKey)
class ApiKeyAdmin(ModelAdmin):  # type: ignore[misc]  # unfold is untyped
    """Keys: issued here, shown once, revoked here."""

    form = ApiKeyForm
    list_display = ["prefix", "generator", "label", "show_state", "expires_at", "last_used_at"]
    list_filter = ["generator"]
    search_fields = ["prefix", "label", "generator__name"]
    autocomplete_fields = ["generator"]
    actions = ["rotate_keys", "revoke_keys"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: a key is revoked."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse for an issued key: revoke it and issue another."""
        return obj is None and super().has_change_permission(request, obj)

    @display(
        description="State", label={"active": "success", "revoked": "danger", "expired": "warning"}
    )
    def show_state(self, key: ApiKey) -> str:
        """Say whether the key may be used now."""
        if key.revoked_at:
            return "revoked"
        return "expired" if key.expires_at and key.expires_at <= timezone.now() else "active"

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: Any) -> None:
        """Issue the key and show it, this once."""
        by = f"user:{request.user.get_username()}"
        if form.cleaned_data["sandbox"] and not obj.generator.is_sandbox:
            obj.generator = get_or_create_sandbox(generator=obj.generator, by=by)
        row, key = issue_api_key(
            generator=obj.generator, label=obj.label, scopes=form.cleaned_data["scopes"],
            expires_at=obj.expires_at, by=by,
        )  # fmt: skip
        obj.pk, obj.prefix = row.pk, row.prefix
        show_key_once(request, key)

    @action(
        description="Replace the selected keys; the old ones work for 24 hours more",
        permissions=["change"],
    )
    def rotate_keys(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        """Issue a successor of each key and show it, this once."""
        by, now = f"user:{request.user.get_username()}", timezone.now()
        for old in queryset.select_related("generator"):
            try:
                _, key = rotate_api_key(api_key=old, by=by, now=now)
            except ApiKeyRefused as refusal:
                messages.error(request, refusal.why)
            else:
                show_key_once(request, key)

    @action(description="Revoke the selected keys", permissions=["change"])
    def revoke_keys(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        """Refuse the selected keys from now on."""
        for key in queryset:
            revoke_api_key(
                api_key=key, by=f"user:{request.user.get_username()}", now=timezone.now()
            )
        messages.success(request, f"{len(queryset)} keys revoked.")
