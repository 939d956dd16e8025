"""The signed documents of agreements, for those who may see them."""

from collections.abc import Collection
from dataclasses import dataclass

from catalog.models import Agreement


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractFile:
    """Where the document of an agreement is stored."""

    number: str
    file_name: str


def list_contract_files(numbers: Collection[str]) -> list[ContractFile]:
    """Return the documents of agreements, by number; an agreement without one is left out."""
    rows = (
        Agreement.objects.filter(number__in=list(numbers)).exclude(document="").order_by("number")
    )
    return [ContractFile(number=row.number, file_name=str(row.document.name)) for row in rows]
