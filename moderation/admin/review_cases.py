"""Review cases in the admin: the list, one case on one page, and the decision."""

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget

from moderation.admin.marked_text import mark_text
from moderation.models import CaseStatus, Decision, ReviewCase, SecondPerson
from moderation.services.reviews import DECIDE_PERMISSION, AlreadyDecided, decide_review_case
from moderation.signals import DecisionRefused

# How a decided case stands: its color, and what the list and the page say.
WAYS: Final[Mapping[tuple[str, str], tuple[str, str]]] = {
    (Decision.REJECT, SecondPerson.NOBODY): ("reject", "Rejected"),
    (Decision.APPROVE, SecondPerson.NOBODY): ("approve", "Approved"),
    (Decision.APPROVE, SecondPerson.AWAITED): ("waiting", "Waits for a second person"),
    (Decision.APPROVE, SecondPerson.AGREED): ("approve", "Approved by two people"),
    (Decision.APPROVE, SecondPerson.REFUSED): ("reject", "Refused by the second person"),
    (Decision.APPROVE, SecondPerson.WITHDRAWN): ("reject", "Taken back"),
}


class DecisionForm(forms.Form):
    """What a moderator says about a case; a rejection needs its reason."""

    decision = forms.ChoiceField(choices=Decision.choices)
    note = forms.CharField(
        required=False,
        max_length=2000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="Kept with the decision. Required to reject.",
    )

    def clean(self) -> dict[str, Any]:
        """Check that a rejection says why."""
        cleaned = super().clean() or {}
        if cleaned.get("decision") == Decision.REJECT and not cleaned.get("note", "").strip():
            self.add_error("note", "Say why it is rejected.")
        return cleaned


@admin.register(ReviewCase)
class ReviewCaseAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """Show cases, oldest open one first, and let moderators decide them."""

    list_display = [
        "title",
        "show_status",
        "subject_kind",
        "show_language",
        "show_reasons",
        "show_age",
    ]
    list_filter = ["status", "decision", "subject_kind", "language", "client"]
    list_filter_submit = False
    search_fields = ["title", "subject_id", "client"]
    change_form_template = "moderation/review_case.html"

    @display(
        description="status",
        label={"open": "warning", "waiting": "warning", "approve": "success", "reject": "danger"},
        ordering="status",
    )
    def show_status(self, case: ReviewCase) -> tuple[str, str]:
        """Return open, or what was decided."""
        if case.status == CaseStatus.OPEN:
            return "open", "Open"
        return WAYS[case.decision, case.second_person]

    @display(description="language", ordering="language")
    def show_language(self, case: ReviewCase) -> str:
        """Return the language's code, or a dash for a case without text."""
        return case.language or "-"

    @display(description="reasons")
    def show_reasons(self, case: ReviewCase) -> str:
        """Return the reason codes."""
        return ", ".join(dict.fromkeys(reason["code"] for reason in case.reasons))

    @display(description="age", ordering="created_at")
    def show_age(self, case: ReviewCase) -> str:
        """Return how long the case waited: until now, or until it was decided."""
        return timesince(case.created_at, case.decided_at)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: services open cases."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: cases stay."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let those decide who hold the permission to."""
        return bool(request.user.has_perm(DECIDE_PERMISSION))

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Return no bulk actions: every case is looked at."""
        return {}

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show one case; on POST decide it."""
        case = self.get_object(request, unquote(object_id))
        if case is None:
            raise Http404(f"There is no review case {object_id}.")
        if not self.has_view_or_change_permission(request, case):
            raise PermissionDenied
        form = DecisionForm(request.POST or None)
        if request.method == "POST":
            if not self.has_change_permission(request, case):
                raise PermissionDenied
            if form.is_valid():
                return self._decide(request, case, form.cleaned_data)
        return TemplateResponse(
            request,
            self.change_form_template,
            {
                **self.admin_site.each_context(request),
                **(extra_context or {}),
                "title": case.title,
                "opts": self.opts,
                "case": case,
                "form": form,
                "pieces": _mark_evidence(case),
                "text_hint": _describe_text(case),
                "age": self.show_age(case),
                "can_decide": case.status == CaseStatus.OPEN
                and self.has_change_permission(request, case),
                "next_case": self._find_next(request, case),
            },
        )

    def _decide(
        self, request: HttpRequest, case: ReviewCase, cleaned: dict[str, Any]
    ) -> HttpResponse:
        try:
            decided = decide_review_case(
                case_id=case.pk,
                decision=cleaned["decision"],
                note=cleaned["note"].strip(),
                by=request.user,
                now=timezone.now(),
            )
        except (AlreadyDecided, DecisionRefused) as refusal:
            messages.error(request, f"Nothing was changed. {refusal}")
            return HttpResponseRedirect(request.path)
        if decided.second_person == SecondPerson.AWAITED:
            messages.warning(
                request,
                f"Your yes is noted: {decided.title}. It is not approved yet: a second person must agree.",
            )
        else:
            done = {"approve": "Approved", "reject": "Rejected"}[decided.decision]
            messages.success(request, f"{done}: {decided.title}.")
        following = self._find_next(request, decided)
        if following is None:
            return HttpResponseRedirect(reverse("admin:moderation_reviewcase_changelist"))
        return HttpResponseRedirect(
            reverse("admin:moderation_reviewcase_change", args=[following.pk])
        )

    def _find_next(self, request: HttpRequest, case: ReviewCase) -> ReviewCase | None:
        """Return the oldest other open case."""
        cases: QuerySet[ReviewCase] = self.get_queryset(request)
        return cases.filter(status=CaseStatus.OPEN).exclude(pk=case.pk).order_by("id").first()


def _mark_evidence(case: ReviewCase) -> list[Any]:
    text = case.evidence.get("text")
    if not text:
        return []
    screening = case.evidence.get("screening") or {}
    return mark_text(text=text, spans=screening.get("spans", []))


def _describe_text(case: ReviewCase) -> str:
    """Return what a person is about to see, before they ask for it."""
    text = case.evidence.get("text") or ""
    spans = (case.evidence.get("screening") or {}).get("spans", [])
    categories = sorted({span["category"].replace("_", " ") for span in spans})
    found = f"; marked: {', '.join(categories)}" if categories else ""
    return f"Show the text ({len(text)} characters{found})"
