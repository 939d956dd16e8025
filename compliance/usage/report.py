"""The report of use to one licensor for one period: what is in it, and the proof that it agrees with the cap ledger.

A report covers what was *booked* in its period: songs by when they were approved, use by when it was received. Use of an
earlier month that came late is in the report of the period in which it came, marked as an adjustment; so is a correction.
Nothing is booked into a period that is over, so a closed report never changes.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from typing import Any

REPORT_FORMAT = "cleartone-usage-report/1"
# Money is kept to a hundredth of a cent. Source: the columns of fees, numeric(14, 4).
MONEY_STEP = Decimal("0.0001")
FEE_LABELS = {
    "flat": "Once",
    "per_song": "Each approved song",
    "per_play": "Each play",
    "rev_share": "Share of revenue",
}


class NotReconciled(Exception):
    """The report and the cap ledger disagree: neither may be sent."""

    def __init__(self, mismatches: Sequence[str]) -> None:
        super().__init__("The report does not agree with the cap ledger: " + "; ".join(mismatches))
        self.mismatches = tuple(mismatches)


@dataclass(frozen=True, slots=True, kw_only=True)
class StemLine:
    """A stem that the report is about."""

    stem: str
    title: str
    artist: str
    isrc: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SongLine:
    """A song that was approved in the period, under one grant."""

    grant: str
    approval: str
    audio_sha256: str
    generator: str
    approved_at: str
    stems: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UseLine:
    """Use of a song under one grant, in one territory and one month of activity.

    `is_adjustment` marks an earlier month than the period's; `unlicensed_plays` are those among `plays` that happened while
    the approval did not hold.
    """

    grant: str
    approval: str
    generator: str
    stems: tuple[str, ...]
    territory: str
    month: str
    is_adjustment: bool
    plays: int
    downloads: int
    shares: int
    seconds: int
    unlicensed_plays: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CapLine:
    """A cap and its ledger: taken before the period, in it, and what the report says was taken in it."""

    cap: int
    grant: str
    unit: str
    period: str
    scope: str
    limit: int
    opening: int
    movement: int
    reported: int

    @property
    def closing(self) -> int:
        """Taken at the end of the period."""
        return self.opening + self.movement


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeLine:
    """What is owed; `amount` is None where revenue, which is not known here, decides."""

    grant: str
    kind: str
    payee: str
    currency: str
    rate: str
    quantity: int
    amount: str | None

    @property
    def label(self) -> str:
        """What is paid for, in words."""
        return FEE_LABELS[self.kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageReport:
    """Everything a licensor is told about a period, [start, end), in UTC."""

    licensor: str
    licensor_dpid: str
    start: str
    end: str
    stems: tuple[StemLine, ...]
    songs: tuple[SongLine, ...]
    use: tuple[UseLine, ...]
    caps: tuple[CapLine, ...]
    fees: tuple[FeeLine, ...]
    total_songs: int
    total_plays: int
    total_downloads: int
    total_shares: int
    total_seconds: int
    format: str = REPORT_FORMAT

    @property
    def is_nil(self) -> bool:
        """Whether there is nothing to tell but that there is nothing."""
        return not (self.songs or self.use)

    @property
    def totals_owed(self) -> dict[str, Decimal]:
        """What is owed in each currency, shares of revenue not counted."""
        totals: dict[str, Decimal] = {}
        for fee in self.fees:
            if fee.amount is not None:
                totals[fee.currency] = totals.get(fee.currency, Decimal(0)) + Decimal(fee.amount)
        return totals

    def to_json(self) -> dict[str, Any]:
        """Return the report as it is stored and digested."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "UsageReport":
        """Return the report that was stored."""
        lines = {
            "stems": StemLine,
            "songs": SongLine,
            "use": UseLine,
            "caps": CapLine,
            "fees": FeeLine,
        }
        values = {field.name: data[field.name] for field in fields(cls)}
        for name, kind in lines.items():
            values[name] = tuple(kind(**_retuple(row)) for row in data[name])
        return cls(**values)


def _retuple(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}


def find_mismatches(caps: Iterable[CapLine]) -> list[str]:
    """Return a sentence for each cap of which report and ledger say different things, by however little."""
    return [
        f"cap {line.cap} of {line.grant} ({line.unit}): the report has {line.reported}, the ledger {line.movement}"
        for line in caps
        if line.reported != line.movement
    ]


def check_reconciled(caps: Iterable[CapLine]) -> None:
    """Compare what the report says was taken from each cap with what its ledger says.

    Raises
    ------
    NotReconciled : if they differ anywhere
    """
    if mismatches := find_mismatches(caps):
        raise NotReconciled(mismatches)


def compute_fee(
    *,
    grant: str,
    kind: str,
    rate: Decimal,
    currency: str,
    payee: str,
    songs: int,
    plays: int,
    begins_in_period: bool,
) -> FeeLine:
    """Return what is owed for one fee of a grant: a flat one in the period in which the grant begins."""
    quantity = {"flat": int(begins_in_period), "per_song": songs, "per_play": plays}.get(kind, 0)
    amount = None if kind == "rev_share" else str((rate * quantity).quantize(MONEY_STEP))
    return FeeLine(
        grant=grant, kind=kind, payee=payee, currency=currency, rate=str(rate.quantize(MONEY_STEP)),
        quantity=quantity, amount=amount,
    )  # fmt: skip


def name_month(day: dt.date) -> str:
    """Return the month of a day as lines name it."""
    return f"{day:%Y-%m}"
