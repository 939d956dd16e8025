"""What reports of use need from the catalog: caps that use counts against, fees, and the ledger in a period."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Sum

from catalog.models import Cap, CapEntry, CapHold, Fee, Grant, Party
from catalog.models.agreements import STATUSES_ON_RECORD
from catalog.models.caps import EntryKind, HoldStatus
from catalog.rights.identifiers import (
    IdentifierKind,
    InvalidIdentifier,
    normalize_identifier,
)
from catalog.rights.terms import CapUnit

# Units that grow with use; songs are counted when they are approved.
UNITS_OF_USE = (CapUnit.PLAY, CapUnit.SECOND)


@dataclass(frozen=True, slots=True, kw_only=True)
class CapFacts:
    """What a cap counts."""

    id: int
    grant_id: int
    grant: str
    unit: str
    period: str
    scope: str
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeFacts:
    """One fee of a grant."""

    grant_id: int
    grant: str
    kind: str
    amount: Decimal
    currency: str
    payee: str
    starts_on: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CapMovement:
    """What the ledger says of a cap: taken before a period, and in it."""

    opening: int
    movement: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyFacts:
    """Who a party is."""

    id: int
    name: str
    dpid: str


def list_usage_caps(grant_ids: Collection[int]) -> list[CapFacts]:
    """Return the caps of grants that reported use counts against, by id."""
    return [cap for cap in list_caps(grant_ids) if cap.unit in UNITS_OF_USE]


def list_caps(grant_ids: Collection[int]) -> list[CapFacts]:
    """Return the caps of grants, by id."""
    rows = Cap.objects.filter(grant_id__in=list(grant_ids)).select_related("grant__agreement")
    return [
        CapFacts(
            id=cap.pk, grant_id=cap.grant_id, grant=cap.grant.label, unit=cap.unit, period=cap.period,
            scope=cap.scope, limit=cap.limit,
        )
        for cap in rows.order_by("id")
    ]  # fmt: skip


def get_allocations(
    *, subjects: Collection[str], cap_ids: Collection[int]
) -> Mapping[tuple[str, int], Mapping[str, int]]:
    """Return what songs took at their approval: by (subject, cap), the quantity in each bucket."""
    holds = CapHold.objects.filter(
        subject__in=list(subjects), cap_id__in=list(cap_ids), status=HoldStatus.CAPTURED
    )
    found: dict[tuple[str, int], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for subject, cap_id, bucket, quantity in holds.values_list(
        "subject", "cap_id", "bucket", "quantity"
    ):
        found[subject, cap_id][bucket] += quantity
    return found


def get_ledger_movements(
    *, cap_ids: Collection[int], start: datetime, end: datetime
) -> Mapping[int, CapMovement]:
    """Return what the ledger took from each cap before [start, end) and in it."""
    opening: dict[int, int] = defaultdict(int)
    movement: dict[int, int] = defaultdict(int)
    kinds = (EntryKind.CAPTURE, EntryKind.REVERSE)
    entries = CapEntry.objects.filter(cap_id__in=list(cap_ids), kind__in=kinds)
    for part, into in (
        (entries.filter(at__lt=start), opening),
        (entries.filter(at__gte=start, at__lt=end), movement),
    ):
        for cap_id, kind, total in (
            part.order_by().values_list("cap_id", "kind").annotate(total=Sum("quantity"))
        ):
            into[cap_id] += total if kind == EntryKind.CAPTURE else -total
    return {
        cap_id: CapMovement(opening=opening[cap_id], movement=movement[cap_id])
        for cap_id in cap_ids
    }


def list_fees(grant_ids: Collection[int]) -> list[FeeFacts]:
    """Return the fees of grants, in the order they were entered."""
    rows = Fee.objects.filter(grant_id__in=list(grant_ids)).select_related(
        "grant__agreement__licensor", "payee"
    )
    return [
        FeeFacts(
            grant_id=fee.grant_id, grant=fee.grant.label, kind=fee.kind, amount=fee.amount, currency=fee.currency,
            payee=(fee.payee or fee.grant.agreement.licensor).name, starts_on=fee.grant.valid_from.isoformat(),
        )
        for fee in rows.order_by("id")
    ]  # fmt: skip


def list_grants_of(*, licensor_id: int) -> dict[int, str]:
    """Return the label of every grant on record that a licensor gave, by id."""
    grants = Grant.objects.filter(
        agreement__licensor_id=licensor_id, status__in=STATUSES_ON_RECORD
    ).select_related("agreement")
    return {grant.pk: grant.label for grant in grants.order_by("id")}


def find_licensor(text: str) -> PartyFacts | None:
    """Return the licensor with this row number, DPID or exact name, or None."""
    licensors = Party.objects.filter(agreements_given__isnull=False).distinct()
    party = licensors.filter(name=text).first()
    if party is None and text.isdigit():
        party = licensors.filter(pk=int(text)).first()
    if party is None:
        try:
            party = licensors.filter(
                dpid=normalize_identifier(text, kind=IdentifierKind.DPID)
            ).first()
        except InvalidIdentifier:
            return None
    return _describe_party(party) if party else None


def list_licensors() -> list[PartyFacts]:
    """Return everybody who licenses something, by name."""
    rows = Party.objects.filter(agreements_given__isnull=False).distinct().order_by("name", "id")
    return [_describe_party(party) for party in rows]


def _describe_party(party: Party) -> PartyFacts:
    return PartyFacts(id=party.pk, name=party.name, dpid=party.dpid or "")
