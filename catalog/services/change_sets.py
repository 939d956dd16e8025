"""Change sets: one person prepares, another puts in force; all of it at once, or none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from catalog.models import Cap, Change, ChangeSet, Grant, TerritorySet
from catalog.models.agreements import STATUSES_ON_RECORD, TERM_FIELDS, GrantStatus
from catalog.models.change_sets import ChangeAction, ChangeSetStatus
from catalog.services.agreements import (
    GrantIncomplete,
    GrantMoved,
    activate_grant,
    end_grant,
    find_problems,
    resume_grant,
)
from catalog.services.availability import refresh_availability_of_grant
from catalog.services.history import save_as

# Terms a correction may set: all but what identifies the grant, and the end, which has rules of its own.
CORRECTABLE_TERMS = frozenset(TERM_FIELDS) - {"agreement_id", "number", "territory_id"} | {
    "territories",
    "valid_until",
    "clause_refs",
}


class ChangeSetDecided(Exception):
    """The change set is not open any more."""

    def __init__(self, *, change_set: ChangeSet) -> None:
        """Keep what became of it."""
        super().__init__(f"change set {change_set.pk} is {change_set.status} already")
        self.status = change_set.status


class OwnChangeSet(Exception):
    """Whoever prepared a change set may withdraw it, and nothing else."""

    def __init__(self, *, change_set: ChangeSet) -> None:
        """Keep which it is."""
        super().__init__(
            f"change set {change_set.pk} was prepared by {change_set.prepared_by}: somebody else must decide"
        )
        self.change_set_id = change_set.pk


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedChange:
    """One step, before it is stored."""

    action: ChangeAction
    grant: Grant
    cap: Cap | None = None
    ends_on: date | None = None
    limit: int | None = None
    corrections: Mapping[str, Any] = field(default_factory=dict)


@transaction.atomic
def propose_changes(
    *, title: str, changes: Sequence[ProposedChange], by: User, now: datetime, note: str = ""
) -> ChangeSet:
    """Store changes for another person to decide.

    Raises
    ------
    GrantIncomplete : if a draft to be activated lacks something
    GrantMoved : if a grant's status does not allow the step
    TypeError : if a correction names something that is no term
    InvalidTerritory, ValidationError : if a correction is no value of its term
    """
    change_set = ChangeSet.objects.create(title=title, note=note, prepared_by=by, prepared_at=now)
    for change in changes:
        _check(change)
        Change.objects.create(
            change_set=change_set,
            action=change.action,
            grant=change.grant,
            cap=change.cap,
            ends_on=change.ends_on,
            limit=change.limit,
            corrections=dict(change.corrections),
        )
    return change_set


@transaction.atomic
def activate_change_set(
    *, change_set: ChangeSet, by: User, now: datetime, note: str = ""
) -> ChangeSet:
    """Put every change in force, in order; if one cannot be, none is.

    Raises
    ------
    ChangeSetDecided, OwnChangeSet : if it cannot be decided by this person any more or at all
    GrantMoved, GrantIncomplete, SamePerson, EndNotEarlier : if a change cannot be made
    """
    change_set = _lock(change_set)
    if change_set.prepared_by_id == by.pk:
        raise OwnChangeSet(change_set=change_set)
    make_changes(change_set=change_set, by=by, now=now)
    return _decide(change_set, ChangeSetStatus.ACTIVATED, by=by, now=now, note=note)


@transaction.atomic
def make_changes(*, change_set: ChangeSet, by: User | None, now: datetime) -> None:
    """Make every change, in order, without deciding the change set; `by` None asks for nobody in particular.

    Raises
    ------
    GrantMoved, GrantIncomplete, SamePerson, EndNotEarlier : if a change cannot be made
    """
    for change in change_set.changes.select_related("grant__agreement", "cap"):
        _apply(change, note=change_set.note, by=by, now=now)


@transaction.atomic
def reject_change_set(*, change_set: ChangeSet, by: User, now: datetime, note: str) -> ChangeSet:
    """Turn a change set down.

    Raises
    ------
    ChangeSetDecided, OwnChangeSet : if it cannot be decided by this person any more or at all
    """
    change_set = _lock(change_set)
    if change_set.prepared_by_id == by.pk:
        raise OwnChangeSet(change_set=change_set)
    return _decide(change_set, ChangeSetStatus.REJECTED, by=by, now=now, note=note)


@transaction.atomic
def withdraw_change_set(*, change_set: ChangeSet, by: User, now: datetime) -> ChangeSet:
    """Take a change set back.

    Raises
    ------
    ChangeSetDecided : if it is decided already
    """
    return _decide(_lock(change_set), ChangeSetStatus.WITHDRAWN, by=by, now=now, note="")


def _check(change: ProposedChange) -> None:
    """Refuse a step that could not be taken as things stand."""
    grant = change.grant
    match change.action:
        case ChangeAction.ACTIVATE_GRANT:
            if grant.status != GrantStatus.DRAFT:
                raise GrantMoved(grant=grant, wanted=GrantStatus.ACTIVE)
            if problems := find_problems(grant=grant):
                raise GrantIncomplete(grant=grant, problems=problems)
        case ChangeAction.RESUME_GRANT:
            if grant.status != GrantStatus.SUSPENDED:
                raise GrantMoved(grant=grant, wanted=GrantStatus.ACTIVE)
        case ChangeAction.CORRECT_GRANT:
            if unknown := set(change.corrections) - CORRECTABLE_TERMS:
                raise TypeError(f"no such terms: {', '.join(sorted(unknown))}")
            if grant.status not in STATUSES_ON_RECORD:
                raise GrantMoved(grant=grant, wanted="corrected")
            corrected = Grant.objects.get(pk=grant.pk)
            _set_terms(corrected, change.corrections)
            corrected.full_clean()
        case ChangeAction.END_GRANT | ChangeAction.SET_CAP_LIMIT:
            pass


def _apply(change: Change, *, note: str, by: User | None, now: datetime) -> None:
    match ChangeAction(change.action):
        case ChangeAction.ACTIVATE_GRANT:
            activate_grant(grant=change.grant, by=by, now=now)
        case ChangeAction.END_GRANT:
            if change.ends_on is not None:  # a constraint of the table says so
                end_grant(grant=change.grant, ends_on=change.ends_on, by=by, now=now)
        case ChangeAction.RESUME_GRANT:
            resume_grant(grant=change.grant, by=by)
        case ChangeAction.SET_CAP_LIMIT:
            if change.cap is not None and change.limit is not None:  # likewise
                cap = Cap.objects.select_for_update(of=("self",)).get(pk=change.cap.pk)
                cap.limit = change.limit
                save_as(cap, by=by, fields=["limit"])
        case ChangeAction.CORRECT_GRANT:
            _correct(change, note=note or str(change.change_set), by=by)


def _correct(change: Change, *, note: str, by: User | None) -> None:
    """Set terms that were entered wrongly; the grant counts its corrections and says why."""
    grant = Grant.objects.select_for_update(of=("self",)).get(pk=change.grant_id)
    fields = ["corrections", "correction_note", *_set_terms(grant, change.corrections)]
    grant.corrections += 1
    grant.correction_note = note[:300]
    grant.full_clean()
    save_as(grant, by=by, fields=fields)
    refresh_availability_of_grant(grant=grant)


def _set_terms(grant: Grant, corrections: Mapping[str, Any]) -> list[str]:
    """Set terms as they were typed; return the names of the columns."""
    fields = []
    for name, value in corrections.items():
        if name == "territories":
            grant.territory = TerritorySet.objects.get_for(value)
            fields.append("territory")
        else:
            column = Grant._meta.get_field(name)
            empty = None if column.null else ""  # type: ignore[union-attr]
            setattr(grant, name, column.to_python(value) if value != "" else empty)  # type: ignore[union-attr]
            fields.append(name)
    return fields


def _lock(change_set: ChangeSet) -> ChangeSet:
    locked = ChangeSet.objects.select_for_update(of=("self",)).get(pk=change_set.pk)
    if locked.status != ChangeSetStatus.OPEN:
        raise ChangeSetDecided(change_set=locked)
    return locked


def _decide(
    change_set: ChangeSet, status: ChangeSetStatus, *, by: User, now: datetime, note: str
) -> ChangeSet:
    change_set.status = status
    change_set.decided_by = by
    change_set.decided_at = now
    change_set.decision_note = note
    change_set.save()
    return change_set
