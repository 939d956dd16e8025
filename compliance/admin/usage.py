"""Reports of use: choose a licensor and a period, look at it, download it, close it."""

import datetime as dt
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminSelectWidget

from catalog.queries.usage import find_licensor, list_licensors
from compliance.admin.readonly import ReadOnlyAdmin
from compliance.models import UsageEvent, UsageReportRow
from compliance.services.usage_drawing import Period
from compliance.services.usage_reports import (
    FILE_TYPES,
    DrawnReport,
    PeriodNotNext,
    PeriodNotOver,
    close_report,
    find_report,
    open_closed_report,
    write_report,
)
from compliance.usage.report import NotReconciled

# Lines of songs and use shown on the page; the files hold all of them.
LINES_SHOWN = 50
CLOSE = "compliance.close_usagereport"


class ReportForm(forms.Form):
    """Whom, and from when until when."""

    licensor = forms.ChoiceField(widget=UnfoldAdminSelectWidget)
    starts_on = forms.DateField(label="From", widget=UnfoldAdminDateWidget)
    ends_on = forms.DateField(label="Until (not included)", widget=UnfoldAdminDateWidget)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer every licensor."""
        super().__init__(*args, **kwargs)
        choices = [(str(each.id), each.name) for each in list_licensors()]
        self.fields["licensor"].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Refuse a period without a day."""
        cleaned = super().clean() or {}
        starts_on, ends_on = cleaned.get("starts_on"), cleaned.get("ends_on")
        if starts_on and ends_on and starts_on >= ends_on:
            self.add_error("ends_on", f"Choose a day after {starts_on}.")
        return cleaned


def find_last_month(today: dt.date) -> Period:
    """Return the calendar month before this one."""
    ends_on = today.replace(day=1)
    return Period(starts_on=(ends_on - dt.timedelta(days=1)).replace(day=1), ends_on=ends_on)


@admin.register(UsageReportRow)
class UsageReportAdmin(ReadOnlyAdmin):
    """Closed reports, and the page on which they are prepared."""

    list_display = ["public_id", "licensor", "starts_on", "ends_on", "show_totals", "closed_at", "closed_by"]  # fmt: skip
    list_filter = ["licensor"]
    list_select_related = ["licensor"]
    search_fields = ["public_id", "licensor__name"]
    fields = [
        "public_id", "licensor", "starts_on", "ends_on", "show_totals", "content_sha256", "closed_at", "closed_by",
    ]  # fmt: skip
    actions_list = ["prepare"]
    actions_detail = ["download_csv", "download_xlsx", "download_dsr"]

    @display(description="Songs / plays / owed")
    def show_totals(self, row: UsageReportRow) -> str:
        """Return the totals."""
        report = open_closed_report(row).report
        owed = ", ".join(f"{total} {currency}" for currency, total in report.totals_owed.items())
        return f"{report.total_songs} / {report.total_plays} / {owed or 'nothing'}"

    @action(description="Prepare a report", icon="summarize", url_path="prepare", permissions=["view"])  # fmt: skip
    def prepare(self, request: HttpRequest) -> HttpResponse:
        """Show a report before it is closed; download it; close it."""
        last = find_last_month(timezone.now().date())
        wanted = request.POST if request.method == "POST" else request.GET
        initial = {"starts_on": last.starts_on, "ends_on": last.ends_on}
        form = ReportForm(wanted if "licensor" in wanted else None, initial=initial)
        drawn, problem = None, ""
        if form.is_bound and form.is_valid():
            try:
                drawn, answer = self._answer(request, form)
            except (NotReconciled, PeriodNotNext, PeriodNotOver) as error:
                problem = str(error)
            else:
                if answer is not None:
                    return answer
        return TemplateResponse(
            request,
            "admin/compliance/usage_report.html",
            {
                **self.admin_site.each_context(request),
                "title": "Usage report",
                "opts": self.opts,
                "form": form,
                "drawn": drawn,
                "report": drawn.report if drawn else None,
                "problem": problem,
                "songs": drawn.report.songs[:LINES_SHOWN] if drawn else (),
                "use": drawn.report.use[:LINES_SHOWN] if drawn else (),
                "n_lines_shown": LINES_SHOWN,
                "query": wanted.urlencode() if drawn else "",
                "formats": list(FILE_TYPES),
                "may_close": request.user.has_perm(CLOSE),
            },
        )

    def _answer(
        self, request: HttpRequest, form: ReportForm
    ) -> tuple[DrawnReport | None, HttpResponse | None]:
        """Return the report to show, or the file or redirect that was asked for."""
        licensor = find_licensor(form.cleaned_data["licensor"])
        assert licensor is not None  # noqa: S101 - the form offers licensors alone
        period = Period(
            starts_on=form.cleaned_data["starts_on"], ends_on=form.cleaned_data["ends_on"]
        )
        now = timezone.now()
        if request.method == "POST":
            if not request.user.has_perm(CLOSE):
                raise PermissionDenied
            by = f"user:{request.user.get_username()}"
            row = close_report(licensor=licensor, period=period, by=by, now=now)
            messages.success(request, f"Closed as {row.public_id}.")
            return None, redirect("admin:compliance_usagereportrow_change", row.pk)
        drawn = find_report(licensor=licensor, period=period, now=now)
        file_format = request.GET.get("format", "")
        return drawn, answer_report(drawn, file_format) if file_format in FILE_TYPES else None

    @action(description="CSV", icon="download")
    def download_csv(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Download the closed report as CSV."""
        return self._download(request, object_id, "csv")

    @action(description="XLSX", icon="download")
    def download_xlsx(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Download the closed report as a workbook."""
        return self._download(request, object_id, "xlsx")

    @action(description="DSR flat file", icon="download")
    def download_dsr(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Download the closed report as a flat file."""
        return self._download(request, object_id, "dsr")

    def _download(self, request: HttpRequest, object_id: int, file_format: str) -> HttpResponse:
        row = self.get_object(request, str(object_id))
        if row is None or not self.has_view_permission(request, row):
            raise PermissionDenied
        return answer_report(open_closed_report(row), file_format)


def answer_report(drawn: DrawnReport, file_format: str) -> HttpResponse:
    """Return a report as a download."""
    media_type, suffix = FILE_TYPES[file_format]
    return HttpResponse(
        write_report(drawn, file_format=file_format), content_type=media_type,
        headers={"Content-Disposition": f'attachment; filename="{drawn.public_id}.{suffix}"'},
    )  # fmt: skip


@admin.register(UsageEvent)
class UsageEventAdmin(ReadOnlyAdmin):
    """Use as it was reported."""

    list_display = ["received_at", "approval", "kind", "quantity", "territory", "at", "is_licensed", "generator"]  # fmt: skip
    list_filter = ["kind", "is_licensed", "generator"]
    list_select_related = ["approval", "generator"]
    search_fields = ["event_id", "approval__public_id"]
    date_hierarchy = "received_at"
    show_full_result_count = False
