"""Reading confidential agreements is on record."""

from datetime import datetime, timedelta
from typing import Final

from catalog.models import Agreement, AgreementRead

# Reloading a page is not another reading.
SAME_READING: Final = timedelta(minutes=10)


def record_agreement_read(*, agreement: Agreement, reader: str, now: datetime) -> None:
    """Enter that somebody opened an agreement, once for each stretch of reading."""
    recently = agreement.reads.filter(reader=reader, at__gt=now - SAME_READING)
    if not recently.exists():
        AgreementRead.objects.create(agreement=agreement, reader=reader, at=now)
