"""A report of use as a flat file after DDEX Digital Sales Reports: tab-separated records from HEAD to FOOT.

The records are HEAD, SY01 (one summary a territory and kind of use), in each block AS01 (a stem, as the sound recording it
comes from) and SU01 (its use under each summary), and FOOT, with the cells of the versions below. What a DSP would say of
subscribers and prices is empty. A report without use has HEAD and FOOT alone: a nil report.

References
----------
DDEX, Digital Sales Reporting Message Suite Standard, Part 4: Record Type Definitions, version 1.4.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence

from compliance.usage.report import UsageReport, UseLine

PROFILE, PROFILE_VERSION, MESSAGE_VERSION = "BasicAudioProfile", "1.4.1", "dsrf/1.4"
HEAD, SUMMARY, RESOURCE, USE, FOOT = "HEAD", "SY01.02", "AS01.02", "SU01.02", "FOOT"
CELLS = {
    HEAD: (
        "RecordType", "MessageVersion", "Profile", "ProfileVersion", "MessageId", "MessageCreatedDateTime", "FileNumber",
        "NumberOfFiles", "UsageStartDate", "UsageEndDate", "SenderPartyId", "SenderName", "ServiceDescription",
        "RecipientPartyId", "RecipientName", "RepresentedRepertoire",
    ),
    SUMMARY: (
        "RecordType", "SummaryRecordId", "DistributionChannel", "DistributionChannelDPID", "CommercialModel", "UseType",
        "Territory", "ServiceDescription", "TotalUsages", "Subscribers", "CurrencyOfReporting", "NetRevenue",
        "IndirectValue", "CurrencyOfTransaction", "ExchangeRate",
    ),
    RESOURCE: (
        "RecordType", "BlockId", "ResourceReference", "DspResourceId", "ISRC", "Title", "SubTitle", "DisplayArtistName",
        "DisplayArtistPartyId", "Duration", "ResourceType", "IsMasterRecording", "IsSubjectToOwnershipConflict",
        "LastConflictCheck",
    ),
    USE: (
        "RecordType", "BlockId", "SummaryRecordId", "SalesTransactionId", "TransactedRelease", "TransactedResource",
        "IsRoyaltyBearing", "SalesUpgrade", "Usages", "Returns", "PriceConsumerPaidExcSalesTax", "PromotionalActivity",
        "UseType",
    ),
    FOOT: (
        "RecordType", "NumberOfLinesInFile", "NumberOfLinesInReport", "NumberOfSummaryRecords", "NumberOfBlocksInFile",
        "NumberOfBlocksInReport",
    ),
}  # fmt: skip
# Kinds of use in the words of the DDEX allowed value sets.
USE_TYPES = {
    "plays": "OnDemandStream",
    "downloads": "PermanentDownload",
    "shares": "UserMakeAvailableUserProvided",
}


def write_dsr(
    report: UsageReport, *, message_id: str, created_at: dt.datetime, sender: str
) -> bytes:
    """Return the flat file, UTF-8, a line feed after each record."""
    summaries = _number_summaries(report.use)
    lines = [
        _record(
            HEAD, MessageVersion=MESSAGE_VERSION, Profile=PROFILE, ProfileVersion=PROFILE_VERSION, MessageId=message_id,
            MessageCreatedDateTime=created_at.strftime("%Y-%m-%dT%H:%M:%SZ"), FileNumber="1", NumberOfFiles="1",
            UsageStartDate=report.start[:10], UsageEndDate=_day_before(report.end), SenderName=sender,
            ServiceDescription="Personalised songs", RecipientPartyId=report.licensor_dpid, RecipientName=report.licensor,
        )
    ]  # fmt: skip
    for (territory, kind), (number, total) in summaries.items():
        lines.append(
            _record(
                SUMMARY, SummaryRecordId=str(number), CommercialModel="FreeOfChargeModel", UseType=USE_TYPES[kind],
                Territory=territory, ServiceDescription="Personalised songs", TotalUsages=str(total),
            )
        )  # fmt: skip
    n_blocks = 0
    for stem in report.stems:
        use = _list_stem_use(report.use, stem=stem.stem)
        if not use:
            continue
        n_blocks += 1
        block, resource = f"B{n_blocks}", f"A{n_blocks}"
        lines.append(
            _record(
                RESOURCE, BlockId=block, ResourceReference=resource, DspResourceId=stem.stem,
                ISRC=(stem.isrc or "").replace("-", ""),
                Title=stem.title, DisplayArtistName=stem.artist, ResourceType="SoundRecording", IsMasterRecording="true",
            )
        )  # fmt: skip
        for (territory, kind, approval), quantity in use.items():
            lines.append(
                _record(
                    USE, BlockId=block, SummaryRecordId=str(summaries[territory, kind][0]), SalesTransactionId=approval,
                    TransactedResource=resource, IsRoyaltyBearing="true", Usages=str(max(0, quantity)),
                    Returns=str(max(0, -quantity)), UseType=USE_TYPES[kind],
                )
            )  # fmt: skip
    count = str(len(lines) + 1)
    lines.append(
        _record(
            FOOT, NumberOfLinesInFile=count, NumberOfLinesInReport=count, NumberOfSummaryRecords=str(len(summaries)),
            NumberOfBlocksInFile=str(n_blocks), NumberOfBlocksInReport=str(n_blocks),
        )
    )  # fmt: skip
    return "".join(f"{line}\n" for line in lines).encode()


def _number_summaries(use: Sequence[UseLine]) -> dict[tuple[str, str], tuple[int, int]]:
    """Return number and total of each (territory, kind of use), a song counted once however many grants it rests on."""
    seen: dict[tuple[str, str], dict[tuple[str, str], int]] = defaultdict(dict)
    for line in use:
        for kind in USE_TYPES:
            if quantity := getattr(line, kind):
                seen[line.territory, kind][line.approval, line.month] = quantity
    return {
        key: (number, sum(seen[key].values())) for number, key in enumerate(sorted(seen), start=1)
    }


def _list_stem_use(use: Sequence[UseLine], *, stem: str) -> dict[tuple[str, str, str], int]:
    """Return the use of a stem by (territory, kind, song); a stem under two grants is heard once."""
    by_month: dict[tuple[str, str, str, str], int] = {}
    for line in use:
        if stem in line.stems:
            for kind in USE_TYPES:
                if quantity := getattr(line, kind):
                    by_month[line.territory, kind, line.approval, line.month] = quantity
    folded: dict[tuple[str, str, str], int] = defaultdict(int)
    for (territory, kind, approval, _), quantity in sorted(by_month.items()):
        folded[territory, kind, approval] += quantity
    return dict(folded)


def _record(record_type: str, **cells: str) -> str:
    """Return one record with its cells in order; tabs and line breaks in a text become blanks."""
    cells["RecordType"] = record_type
    unknown = set(cells) - set(CELLS[record_type])
    assert not unknown, f"{record_type} has no cells {unknown}"  # noqa: S101 - a misspelled name would lose a cell
    return "\t".join(" ".join(cells.get(name, "").split()) for name in CELLS[record_type])


def _day_before(end: str) -> str:
    """Return the last day of a period that ends before `end`: DSR counts both days in."""
    return (dt.date.fromisoformat(end[:10]) - dt.timedelta(days=1)).isoformat()
