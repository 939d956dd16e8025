"""Policies in the admin: draft thresholds, see what they would change, try them in shadow, have another person publish them."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm
from unfold.utils import display_for_label
from unfold.widgets import UnfoldAdminTextareaWidget

from moderation.admin.actions import ConfirmForm, read_clock, run_action
from moderation.models import PolicyStatus, PolicyThreshold, PolicyVersion
from moderation.queries import get_policies
from moderation.screening.policy import InvalidPolicy, Outcome
from moderation.services.policies import (
    discard_draft,
    draft_policy,
    publish_policy,
    start_shadow,
    stop_shadow,
)
from moderation.services.policy_impact import count_shadow_outcomes, preview_policy

STATUS_COLORS = {
    "draft": "info",
    "shadow": "warning",
    "published": "success",
    "retired": "danger",
}


def draw_status(status: str) -> str:
    """Return a status as a colored label, as the list shows it."""
    return str(display_for_label(status, "-", STATUS_COLORS))


# Which buttons a version offers.
OFFERED = {
    PolicyStatus.DRAFT: {"try_in_shadow", "draft_from"},
    PolicyStatus.SHADOW: {"take_back", "publish", "draft_from"},
    PolicyStatus.PUBLISHED: {"draft_from"},
    PolicyStatus.RETIRED: {"draft_from"},
}


class DraftForm(BaseDialogForm):  # type: ignore[misc]  # untyped
    """Ask what the draft is for."""

    note = forms.CharField(
        max_length=300,
        label="What will it change, and why?",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )


class ThresholdForm(forms.ModelForm):  # type: ignore[type-arg]
    """Check the scores as the policy will."""

    class Meta:
        model = PolicyThreshold
        fields = ["category", "language", "campaign", "review", "block"]

    def clean(self) -> dict[str, Any]:
        """Refuse thresholds that are out of order, or that would refuse what a person must see."""
        cleaned = super().clean() or {}
        if not self.errors:
            try:
                PolicyThreshold(
                    **{name: cleaned[name] for name in self.Meta.fields}
                ).build_threshold()
            except InvalidPolicy as error:
                raise forms.ValidationError(str(error)) from error
        return cleaned


class ThresholdInline(TabularInline):  # type: ignore[misc]  # untyped
    """The thresholds of a version: a draft's can be changed."""

    model = PolicyThreshold
    form = ThresholdForm
    extra = 0
    hide_title = True
    verbose_name_plural = "thresholds"

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let drafts have more thresholds."""
        return self.has_change_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let drafts be changed; what was tried or in force is kept as it was."""
        is_draft = obj is not None and obj.status == PolicyStatus.DRAFT
        return is_draft and bool(request.user.has_perm("moderation.change_policyversion"))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let drafts have fewer thresholds."""
        return self.has_change_permission(request, obj)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Show them to whoever may see the version."""
        return bool(request.user.has_perm("moderation.view_policyversion"))


@admin.register(PolicyVersion)
class PolicyVersionAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """Show the versions, and move them on."""

    list_display = ["version", "show_status", "note", "drafted_by", "published_by", "published_at"]
    list_filter = ["status"]
    inlines = [ThresholdInline]
    readonly_preprocess_fields = {"show_status": draw_status}
    actions_detail = ["draft_from", "try_in_shadow", "take_back", "publish"]
    warn_unsaved_form = True

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Put what would change first: it is what somebody decides by."""
        return [
            (None, {"fields": ["show_status", "note", "show_people"]}),
            ("What would change", {"fields": ["show_impact"]}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Let a draft's note be changed, and nothing else here."""
        shown = ["show_status", "show_people", "show_impact"]
        return shown if obj is not None and obj.status == PolicyStatus.DRAFT else ["note", *shown]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: a draft is made from a version, by a button."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let drafts be discarded by those who may draft."""
        is_draft = obj is not None and obj.status == PolicyStatus.DRAFT
        return is_draft and self.has_draft_permission(request)

    def has_draft_permission(self, request: HttpRequest, _object_id: Any = None) -> bool:
        """Let those draft who hold the permission to."""
        return bool(request.user.has_perm("moderation.change_policyversion"))

    def has_publish_permission(self, request: HttpRequest, _object_id: Any = None) -> bool:
        """Let those publish who hold the permission to."""
        return bool(request.user.has_perm("moderation.publish_policyversion"))

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Return no bulk actions: each version is looked at."""
        return {}

    def delete_model(self, request: HttpRequest, obj: PolicyVersion) -> None:
        """Discard a draft."""
        discard_draft(policy=obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet[PolicyVersion]:
        """Fetch the thresholds with the versions."""
        queryset: QuerySet[PolicyVersion] = super().get_queryset(request)
        return queryset.prefetch_related("thresholds")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Offer the steps a version may take; its author cannot publish it."""
        policy = self.get_object(request, str(object_id))
        if policy is None:
            return []
        offered = set(OFFERED[PolicyStatus(policy.status)])
        if policy.drafted_by == request.user.get_username():
            offered.discard("publish")
        return [
            item
            for item in super().get_actions_detail(request, object_id)
            if any(item.action_name.endswith(name) for name in offered)
        ]

    @display(description="status", label=STATUS_COLORS, ordering="status")
    def show_status(self, policy: PolicyVersion) -> str:
        """Return the status, colored."""
        return policy.status

    @display(description="people")
    def show_people(self, policy: PolicyVersion) -> str:
        """Return who drafted it and who put it in force, and when."""
        steps = [f"drafted by {policy.drafted_by} on {policy.drafted_at:%Y-%m-%d}"]
        if policy.shadowed_at:
            steps.append(f"in shadow since {policy.shadowed_at:%Y-%m-%d %H:%M} UTC")
        if policy.published_at:
            when = f"{policy.published_at:%Y-%m-%d %H:%M}"
            steps.append(f"published by {policy.published_by} on {when} UTC")
        if policy.retired_at:
            steps.append(f"retired on {policy.retired_at:%Y-%m-%d %H:%M} UTC")
        return "; ".join(steps)

    @display(description="on past screenings")
    def show_impact(self, policy: PolicyVersion) -> SafeString:
        """Return what a draft would change for past screenings, and what it answered in shadow."""
        context: dict[str, Any] = {"policy": policy, "outcomes": list(Outcome)}
        if policy.status in (PolicyStatus.DRAFT, PolicyStatus.SHADOW):
            try:
                impact = preview_policy(policy=policy.build_policy(), live=get_policies().live)
            except InvalidPolicy as error:
                context["problem"] = str(error)
            else:
                context["impact"] = impact
                context["totals"] = [
                    (outcome, impact.outcomes_before[outcome], impact.outcomes_after[outcome])
                    for outcome in Outcome
                ]
        shadow = count_shadow_outcomes(version=policy.version)
        context["shadow"] = [
            (
                language,
                sum(counts.values()),
                [(was, would, n) for (was, would), n in sorted(counts.items()) if was != would],
            )
            for language, counts in sorted(shadow.items())
        ]
        return render_to_string("moderation/policy_impact.html", context)

    @action(
        description="Start a draft from this",
        icon="edit",
        permissions=["draft"],
        dialog={"title": "Start a draft with these thresholds?",
                "description": "Nothing changes until somebody else publishes it.",
                "form_class": DraftForm, "form_submit_text": "Start the draft"},
    )  # fmt: skip
    def draft_from(self, request: HttpRequest, form: Any, object_id: int) -> HttpResponse:
        """Start a draft with the thresholds of this version."""
        policy = get_object_or_404(PolicyVersion, pk=object_id)
        return run_action(
            request, policy,
            lambda: draft_policy(based_on=policy, note=form.cleaned_data["note"],
                                 by=request.user.get_username(), now=read_clock()),
            "The draft is ready to be changed.",
        )  # fmt: skip

    @action(
        description="Try in shadow",
        icon="visibility",
        permissions=["draft"],
        dialog={"title": "Let it judge beside the live policy?",
                "description": "What it would answer is stored with each screening; nobody is answered by it.",
                "form_class": ConfirmForm, "form_submit_text": "Try it"},
    )  # fmt: skip
    def try_in_shadow(self, request: HttpRequest, _form: Any, object_id: int) -> HttpResponse:
        """Let the draft judge beside the live policy."""
        policy = get_object_or_404(PolicyVersion, pk=object_id)
        return run_action(request, policy, lambda: start_shadow(policy=policy, now=read_clock()),
                          "It judges beside the live policy from the next text on.")  # fmt: skip

    @action(
        description="Back to draft",
        icon="undo",
        permissions=["draft"],
        dialog={"title": "Take it out of shadow?", "description": "It can then be changed.",
                "form_class": ConfirmForm, "form_submit_text": "Take it back"},
    )  # fmt: skip
    def take_back(self, request: HttpRequest, _form: Any, object_id: int) -> HttpResponse:
        """Make it a draft again."""
        policy = get_object_or_404(PolicyVersion, pk=object_id)
        return run_action(
            request, policy, lambda: stop_shadow(policy=policy), "It is a draft again."
        )

    @action(
        description="Publish",
        icon="check_circle",
        permissions=["publish"],
        dialog={"title": "Put this policy in force?",
                "description": "It decides about the next text; the live one is retired and kept.",
                "form_class": ConfirmForm, "form_submit_text": "Publish"},
    )  # fmt: skip
    def publish(self, request: HttpRequest, _form: Any, object_id: int) -> HttpResponse:
        """Put it in force."""
        policy = get_object_or_404(PolicyVersion, pk=object_id)
        return run_action(request, policy,
                          lambda: publish_policy(policy=policy, by=request.user.get_username(), now=read_clock()),
                          "It is in force from the next text on.")  # fmt: skip
