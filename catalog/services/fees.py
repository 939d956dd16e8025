"""Fees of grants: entered with the draft."""

from decimal import Decimal

from django.db import transaction

from catalog.models import Fee, Grant, Party


@transaction.atomic
def add_fee(
    *, grant: Grant, kind: str, amount: Decimal, currency: str, payee: Party | None = None
) -> Fee:
    """Write down what is owed under a draft.

    Raises
    ------
    ValidationError : if the kind or the currency is unknown, or the amount is no amount
    """
    fee = Fee(grant=grant, kind=kind, amount=amount, currency=currency, payee=payee)
    fee.full_clean()
    fee.save()
    return fee
