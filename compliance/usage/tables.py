"""A report of use as tables: CSV for programs, XLSX for people."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter

from compliance.usage.report import UsageReport

COLUMNS = (
    "grant", "approval", "generator", "stems", "isrcs", "territory", "month", "is_adjustment", "songs", "plays",
    "downloads", "shares", "seconds", "unlicensed_plays",
)  # fmt: skip
HEAD_FILL = PatternFill("solid", fgColor="0F766E")
HEAD_FONT = Font(bold=True, color="FFFFFF")
MAX_COLUMN_WIDTH = 48
# A cell that begins so would be a formula to whoever opens the file. Source: OWASP, CSV Injection.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def list_rows(report: UsageReport) -> Iterator[tuple[Any, ...]]:
    """Yield one row a song that was approved (songs is 1), then one a line of use (songs is 0)."""
    isrcs = {stem.stem: stem.isrc for stem in report.stems}

    def name_isrcs(stems: Iterable[str]) -> str:
        return " ".join(dict.fromkeys(isrc for stem in stems if (isrc := isrcs.get(stem))))

    for song in report.songs:
        yield (
            song.grant, song.approval, song.generator, " ".join(song.stems), name_isrcs(song.stems), "",
            song.approved_at[:7], False, 1, 0, 0, 0, 0, 0,
        )  # fmt: skip
    for use in report.use:
        yield (
            use.grant, use.approval, use.generator, " ".join(use.stems), name_isrcs(use.stems), use.territory,
            use.month, use.is_adjustment, 0, use.plays, use.downloads, use.shares, use.seconds, use.unlicensed_plays,
        )  # fmt: skip


def write_csv(report: UsageReport) -> bytes:
    """Return the rows as CSV (RFC 4180, UTF-8); one row of column names alone is a nil report."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows([_defuse(cell) for cell in row] for row in list_rows(report))
    return text.getvalue().encode()


def write_xlsx(report: UsageReport) -> bytes:
    """Return a workbook: summary, rows, caps with their ledger, fees, stems."""
    book = Workbook()
    book.remove(book.active)
    _write_sheet(book, "Summary", ("", ""), _list_summary(report))
    _write_sheet(book, "Songs and use", COLUMNS, list_rows(report))
    _write_sheet(
        book, "Caps",
        ("cap", "grant", "unit", "period", "scope", "limit", "before", "in this period", "reported", "after", "left"),
        (
            (line.cap, line.grant, line.unit, line.period, line.scope, line.limit, line.opening, line.movement,
             line.reported, line.closing, line.limit - line.closing if line.period == "total" else "")
            for line in report.caps
        ),
    )  # fmt: skip
    _write_sheet(
        book, "Fees", ("grant", "kind", "payee", "currency", "rate", "quantity", "amount"),
        (
            (fee.grant, fee.kind, fee.payee, fee.currency, float(fee.rate), fee.quantity,
             float(fee.amount) if fee.amount is not None else "by revenue")
            for fee in report.fees
        ),
    )  # fmt: skip
    _write_sheet(
        book, "Stems", ("stem", "title", "artist", "isrc"),
        ((stem.stem, stem.title, stem.artist, stem.isrc or "") for stem in report.stems),
    )  # fmt: skip
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _list_summary(report: UsageReport) -> list[tuple[str, Any]]:
    return [
        ("Licensor", report.licensor),
        ("DPID", report.licensor_dpid),
        ("From", report.start),
        ("Until (not included)", report.end),
        ("Songs approved", report.total_songs),
        ("Plays", report.total_plays),
        ("Downloads", report.total_downloads),
        ("Shares", report.total_shares),
        ("Seconds heard", report.total_seconds),
        ("Caps that agree with their ledger", f"{len(report.caps)} of {len(report.caps)}"),
        *((f"Owed, {currency}", float(total)) for currency, total in report.totals_owed.items()),
    ]


def _write_sheet(
    book: Workbook, title: str, heads: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    sheet = book.create_sheet(title)
    if any(heads):
        sheet.append(list(heads))
        sheet.freeze_panes = "A2"
    widths = [len(head) for head in heads]
    for cell in sheet[1] if any(heads) else ():
        cell.font, cell.fill = HEAD_FONT, HEAD_FILL
    for row in rows:
        sheet.append([_defuse(cell) for cell in row])
        widths = [max(pair) for pair in zip(widths, (len(str(c)) for c in row), strict=True)]
    for number, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = min(width + 3, MAX_COLUMN_WIDTH)


def _defuse(cell: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell
