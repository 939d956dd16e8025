"""Options of grants: entered with the draft, exercised in time."""

from datetime import date
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import transaction

from catalog.models import Grant, Option
from catalog.models.agreements import GrantStatus
from catalog.services.history import save_as


class OptionNotOpen(Exception):
    """The option cannot be exercised on that day."""

    def __init__(self, *, option: Option, why: str) -> None:
        """Keep which it is and why."""
        super().__init__(f"option “{option.gives}” of {option.grant.label} {why}")
        self.option = option
        self.why = why


@transaction.atomic
def add_option(
    *,
    grant: Grant,
    extends: str,
    gives: str,
    exercise_by: date,
    amount: Decimal | None = None,
    currency: str = "",
) -> Option:
    """Write down an option of a draft.

    Raises
    ------
    ValidationError : if a column is wrong
    """
    option = Option(
        grant=grant,
        extends=extends,
        gives=gives,
        exercise_by=exercise_by,
        amount=amount,
        currency=currency,
    )
    option.full_clean()
    option.save()
    return option


@transaction.atomic
def exercise_option(*, option: Option, on: date, by: User | None, note: str = "") -> Option:
    """Enter on which day an option was exercised; what it gives is entered as a grant.

    Raises
    ------
    OptionNotOpen : if it was exercised before, the day is past its last one, or its grant was never in force
    """
    option = (
        Option.objects.select_for_update(of=("self",))
        .select_related("grant__agreement")
        .get(pk=option.pk)
    )
    if option.exercised_on is not None:
        raise OptionNotOpen(option=option, why=f"was exercised on {option.exercised_on}")
    if on > option.exercise_by:
        raise OptionNotOpen(option=option, why=f"could be exercised until {option.exercise_by}")
    if option.grant.status in (GrantStatus.DRAFT, GrantStatus.CANCELLED):
        raise OptionNotOpen(option=option, why=f"belongs to a grant that is {option.grant.status}")
    option.exercised_on = on
    return save_as(option, by=by, fields=["exercised_on"], note=note)
