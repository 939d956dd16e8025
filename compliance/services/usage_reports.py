"""Reports of use to licensors: drawn from what was booked in a period, proved against the cap ledger, closed for good."""

import datetime as dt
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.db import IntegrityError, transaction

from catalog.queries.usage import PartyFacts
from compliance.audit import canonicalize
from compliance.models import UsageReportRow
from compliance.queries import find_closed_report, get_last_closed_report
from compliance.services.events import record_event
from compliance.services.usage_drawing import Period, draw_report
from compliance.usage.dsr import write_dsr
from compliance.usage.report import UsageReport
from compliance.usage.tables import write_csv, write_xlsx

# After the end of a period, before its report is closed: longer than any request takes to commit.
CLOSING_DELAY = dt.timedelta(hours=1)


class PeriodNotOver(Exception):
    """The period of the report still runs, or ended less than an hour ago."""


class PeriodNotNext(Exception):
    """The period does not begin where the licensor's last closed report ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnReport:
    """A report with what its files are headed by: a closed one has an id and a digest, a preview has none."""

    report: UsageReport
    public_id: str
    created_at: dt.datetime
    sha256: str = ""


def find_report(*, licensor: PartyFacts, period: Period, now: dt.datetime) -> DrawnReport:
    """Return the closed report of the period, or a preview of what is booked so far.

    Raises
    ------
    NotReconciled : if a preview does not agree with the cap ledger
    """
    closed = find_closed_report(
        licensor_id=licensor.id, starts_on=period.starts_on, ends_on=period.ends_on
    )
    if closed is not None:
        return open_closed_report(closed)
    name = f"preview-{licensor.id}-{period.starts_on}-{period.ends_on}"
    return DrawnReport(
        report=draw_report(licensor=licensor, period=period), public_id=name, created_at=now
    )


def open_closed_report(row: UsageReportRow) -> DrawnReport:
    """Return what was stored when a report was closed."""
    return DrawnReport(
        report=UsageReport.from_json(row.content), public_id=row.public_id, created_at=row.closed_at,
        sha256=row.content_sha256,
    )  # fmt: skip


def close_report(
    *, licensor: PartyFacts, period: Period, by: str, now: dt.datetime
) -> UsageReportRow:
    """Store the report of a period that is over, for good.

    Raises
    ------
    PeriodNotOver : if the period ended less than an hour ago
    PeriodNotNext : if it does not begin where the last closed report ended
    NotReconciled : if it does not agree with the cap ledger
    """
    if now < period.end + CLOSING_DELAY:
        opens = f"{period.end + CLOSING_DELAY:%Y-%m-%d %H:%M}"
        raise PeriodNotOver(
            f"The period ends on {period.ends_on}; its report can be closed from {opens} UTC on."
        )
    last = get_last_closed_report(licensor_id=licensor.id)
    if last is not None and last.ends_on != period.starts_on:
        raise PeriodNotNext(
            f"The last closed report of {licensor.name} ended on {last.ends_on}; close the one that begins there."
        )
    content = draw_report(licensor=licensor, period=period).to_json()
    text = canonicalize(content)
    try:
        with transaction.atomic():
            row = UsageReportRow.objects.create(
                licensor_id=licensor.id, starts_on=period.starts_on, ends_on=period.ends_on, content=content,
                content_sha256=hashlib.sha256(text).hexdigest(), closed_at=now, closed_by=by,
            )  # fmt: skip
            record_event(
                kind="usage_report.closed", subject=f"usage_report:{row.public_id}", actor=by,
                data={"licensor": licensor.name, "from": str(period.starts_on), "to": str(period.ends_on),
                      "sha256": row.content_sha256},
            )  # fmt: skip
    except IntegrityError as error:
        raise PeriodNotNext("Somebody else has closed this report just now.") from error
    return row


def write_report(drawn: DrawnReport, *, file_format: str) -> bytes:
    """Return a report as a file: csv, xlsx or dsr."""
    return WRITERS[file_format](drawn)


WRITERS: dict[str, Callable[[DrawnReport], bytes]] = {
    "csv": lambda drawn: write_csv(drawn.report),
    "xlsx": lambda drawn: write_xlsx(drawn.report),
    "dsr": lambda drawn: write_dsr(
        drawn.report, message_id=drawn.public_id, created_at=drawn.created_at, sender=settings.USAGE_REPORT_SENDER
    ),
}  # fmt: skip
FILE_TYPES = {
    "csv": ("text/csv; charset=utf-8", "csv"),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
    "dsr": ("text/tab-separated-values; charset=utf-8", "tsv"),
}
