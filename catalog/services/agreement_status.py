"""Agreements turned down, closed and reopened. They come into force with their first grant (`activate_grant`)."""

from collections.abc import Collection
from datetime import date
from typing import Final

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q

from catalog.models import Agreement, Grant
from catalog.models.agreements import AgreementStatus, GrantStatus
from catalog.services.history import save_as

# Grants that a message names.
GRANTS_NAMED: Final = 5


class AgreementMoved(Exception):
    """The agreement's status does not allow this step."""

    def __init__(self, *, agreement: Agreement, wanted: str) -> None:
        """Keep where the agreement stands and where it was to go."""
        super().__init__(
            f"agreement {agreement.number} is {agreement.status}: it cannot become {wanted}"
        )
        self.number = agreement.number
        self.status = agreement.status
        self.wanted = wanted


class GrantsRunning(Exception):
    """An agreement cannot be closed while grants of it hold."""

    def __init__(self, *, agreement: Agreement, grants: Collection[Grant]) -> None:
        """Keep which."""
        named = ", ".join(grant.label for grant in grants)
        super().__init__(
            f"agreement {agreement.number} cannot be closed while grants of it hold: {named}; end them first"
        )
        self.labels = tuple(grant.label for grant in grants)


@transaction.atomic
def reject_agreement(*, agreement: Agreement, by: User | None, note: str = "") -> Agreement:
    """Turn an agreement down that was never in force; its drafts cannot be activated.

    Raises
    ------
    AgreementMoved : if a grant of it was in force, or it has been turned down or closed
    """
    agreement = _lock_agreement(agreement)
    if agreement.status not in (AgreementStatus.DRAFT, AgreementStatus.PENDING):
        raise AgreementMoved(agreement=agreement, wanted=AgreementStatus.REJECTED)
    agreement.status = AgreementStatus.REJECTED
    return save_as(agreement, by=by, fields=["status"], note=note)


@transaction.atomic
def close_agreement(
    *, agreement: Agreement, by: User | None, on: date, note: str = ""
) -> Agreement:
    """Make an agreement inactive under which nothing runs any more; no grant of it can be activated from then on.

    Raises
    ------
    AgreementMoved : if it is not in force
    GrantsRunning : if a grant of it still holds, naming them: two people end those first
    """
    agreement = _lock_agreement(agreement)
    if agreement.status != AgreementStatus.ACTIVE:
        raise AgreementMoved(agreement=agreement, wanted=AgreementStatus.INACTIVE)
    running = agreement.grants.filter(
        Q(valid_until__isnull=True) | Q(valid_until__gt=on),
        status__in=[GrantStatus.ACTIVE, GrantStatus.SUSPENDED],
    )
    if grants := list(running.select_related("agreement")[:GRANTS_NAMED]):
        raise GrantsRunning(agreement=agreement, grants=grants)
    agreement.status = AgreementStatus.INACTIVE
    return save_as(agreement, by=by, fields=["status"], note=note)


@transaction.atomic
def reopen_agreement(*, agreement: Agreement, by: User | None, note: str = "") -> Agreement:
    """Take back that an agreement was turned down or closed; what it licensed before does not come back by it.

    Raises
    ------
    AgreementMoved : if it is open
    """
    agreement = _lock_agreement(agreement)
    reopened = {
        AgreementStatus.REJECTED: AgreementStatus.DRAFT,
        AgreementStatus.INACTIVE: AgreementStatus.ACTIVE,
    }.get(AgreementStatus(agreement.status))
    if reopened is None:
        raise AgreementMoved(agreement=agreement, wanted="open")
    agreement.status = reopened
    return save_as(agreement, by=by, fields=["status"], note=note)


def _lock_agreement(agreement: Agreement) -> Agreement:
    return Agreement.objects.select_for_update(of=("self",)).get(pk=agreement.pk)
