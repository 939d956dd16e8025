"""Agreements and grants: entered as drafts, activated by another person, and from then on only ended or superseded."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.contrib.auth.models import User
from django.core.files.base import File
from django.db import transaction
from django.db.models import Max

from catalog.models import Agreement, Cap, Grant, GrantTarget, Party, Recording, Stem, TerritorySet
from catalog.models.agreements import (
    GRANT_TRANSITIONS,
    TERM_FIELDS,
    AgreementStatus,
    GrantEffect,
    GrantStatus,
)
from catalog.models.caps import OnLimit
from catalog.rights.identifiers import IdentifierKind, normalize_identifier
from catalog.rights.terms import CapPeriod, CapScope, CapUnit
from catalog.services.availability import refresh_availability_of_grant
from catalog.services.fees import add_fee
from catalog.services.history import save_as
from catalog.services.options import add_option
from catalog.services.stems import activate_ready_stems

# Terms with an argument of their own in `add_grant`; the rest of TERM_FIELDS may be given by name.
NAMED_TERMS = frozenset(
    {"agreement_id", "number", "effect", "sides", "uses", "territory_id", "valid_from"}
)


class UnknownStems(Exception):
    """Some stems or recordings are not in the catalog."""

    def __init__(self, *, names: Collection[str]) -> None:
        """Keep which."""
        super().__init__(f"not in the catalog: {', '.join(sorted(names))}")
        self.names = tuple(sorted(names))


class GrantMoved(Exception):
    """The grant's status does not allow this step."""

    def __init__(self, *, grant: Grant, wanted: str) -> None:
        """Keep where the grant stands and where it was to go."""
        super().__init__(f"grant {grant.label} is {grant.status}: it cannot become {wanted}")
        self.label = grant.label
        self.status = grant.status
        self.wanted = wanted


class GrantIncomplete(Exception):
    """A draft lacks what a grant in force must have."""

    def __init__(self, *, grant: Grant, problems: Collection[str]) -> None:
        """Keep every problem."""
        super().__init__(f"grant {grant.label} cannot be activated: {'; '.join(problems)}")
        self.label = grant.label
        self.problems = tuple(problems)


class SamePerson(Exception):
    """Whoever prepared a change may not activate it."""

    def __init__(self, *, grant: Grant) -> None:
        """Keep which grant it is about."""
        super().__init__(f"grant {grant.label} must be activated by somebody other than its author")
        self.label = grant.label


class EndNotEarlier(Exception):
    """An end may only be set, or moved to an earlier day; a longer term is a new grant."""

    def __init__(self, *, grant: Grant, ends_on: date) -> None:
        """Keep both days."""
        super().__init__(
            f"grant {grant.label} runs from {grant.valid_from} until "
            f"{grant.valid_until or 'further notice'}: it cannot end on {ends_on}; "
            "an end may only be set or moved to an earlier day, a longer term is a new grant"
        )
        self.label = grant.label
        self.ends_on = ends_on


@transaction.atomic
def create_agreement(
    *,
    number: str,
    licensor: Party,
    licensee: Party,
    title: str = "",
    governing_law: str = "",
    signed_on: date | None = None,
    document: File[bytes] | None = None,
    notes: str = "",
    by: User | None = None,
) -> Agreement:
    """Enter an agreement as a draft, its signed document kept with its SHA-256."""
    agreement = Agreement(
        number=number,
        licensor=licensor,
        licensee=licensee,
        title=title,
        governing_law=governing_law,
        signed_on=signed_on,
        notes=notes,
    )
    if document is not None:
        agreement.document_sha256 = compute_file_sha256(document)
        agreement.document = document
    agreement.full_clean(exclude=["document"])
    return save_as(agreement, by=by)


@transaction.atomic
def add_grant(
    *,
    agreement: Agreement,
    sides: Collection[str],
    uses: Collection[str],
    territories: str,
    valid_from: date,
    valid_until: date | None = None,
    stems: Collection[str] = (),
    recordings: Collection[Recording] = (),
    effect: str = GrantEffect.PERMISSION,
    by: User | None = None,
    **terms: Any,
) -> Grant:
    """Enter a grant as a draft.

    `territories` is an expression such as `DE, AT` or `Worldwide except US`; `stems` are external ids; `terms` are the other
    columns of `Grant` that say something (`languages`, `max_pitch_cents`, ...).

    Raises
    ------
    UnknownStems : if a stem is not in the catalog
    InvalidTerritory : if the expression names none
    ValidationError : if a term is not one of the words it may be
    """
    allowed = frozenset(TERM_FIELDS) - NAMED_TERMS | {"clause_refs", "supersedes"}
    if unknown := set(terms) - allowed:
        raise TypeError(f"no such terms: {', '.join(sorted(unknown))}")
    grant = Grant(
        agreement=agreement,
        number=_take_number(agreement),
        effect=effect,
        sides=tuple(sides),
        uses=tuple(uses),
        territory=TerritorySet.objects.get_for(territories),
        valid_from=valid_from,
        valid_until=valid_until,
        prepared_by=by,
        **terms,
    )
    grant.full_clean()
    save_as(grant, by=by)
    set_targets(grant=grant, stems=stems, recordings=recordings)
    return grant


@transaction.atomic
def save_draft(
    *,
    grant: Grant,
    territories: str,
    stems: Collection[str],
    recordings: Collection[Recording],
    by: User,
) -> Grant:
    """Save a draft as typed in, new or changed, with what it is about.

    Raises
    ------
    GrantMoved : if it is no draft any more
    """
    if grant._state.adding:
        grant.number = _take_number(grant.agreement)
    elif _lock(grant).status != GrantStatus.DRAFT:
        raise GrantMoved(grant=grant, wanted=GrantStatus.DRAFT)
    grant.prepared_by = by
    grant.territory = TerritorySet.objects.get_for(territories)
    save_as(grant, by=by)
    set_targets(grant=grant, stems=stems, recordings=recordings)
    return grant


def find_unknown_stems(*, names: Collection[str]) -> list[str]:
    """Return the names that are no stem's external id."""
    known = Stem.objects.filter(external_id__in=names).values_list("external_id", flat=True)
    return sorted(set(names) - set(known))


def find_recordings(*, isrcs: Collection[str]) -> list[Recording]:
    """Return the recordings with these ISRCs.

    Raises
    ------
    InvalidIdentifier : if one is no ISRC
    UnknownStems : if one is not in the catalog
    """
    wanted = {normalize_identifier(isrc, kind=IdentifierKind.ISRC) for isrc in isrcs}
    found = list(Recording.objects.filter(isrc__in=wanted))
    if missing := wanted - {recording.isrc for recording in found}:
        raise UnknownStems(names=[str(isrc) for isrc in missing])
    return found


def set_targets(
    *, grant: Grant, stems: Collection[str] = (), recordings: Collection[Recording] = ()
) -> None:
    """Name what a draft is about, in place of what it named before.

    Raises
    ------
    UnknownStems : if a stem is not in the catalog
    """
    wanted = set(stems)
    found = dict(Stem.objects.filter(external_id__in=wanted).values_list("external_id", "id"))
    if missing := wanted - set(found):
        raise UnknownStems(names=missing)
    grant.targets.all().delete()
    GrantTarget.objects.bulk_create(
        [
            *(GrantTarget(grant=grant, stem_id=found[name]) for name in sorted(found)),
            *(GrantTarget(grant=grant, recording=recording) for recording in recordings),
        ]
    )


def add_cap(
    *,
    grant: Grant,
    limit: int,
    unit: str = CapUnit.SONG,
    period: str = CapPeriod.TOTAL,
    scope: str = CapScope.GRANT,
    on_limit: str = OnLimit.BLOCK,
    warn_at_pct: int = 80,
) -> Cap:
    """Limit a draft to a quantity."""
    cap = Cap(
        grant=grant,
        limit=limit,
        unit=unit,
        period=period,
        scope=scope,
        on_limit=on_limit,
        warn_at_pct=warn_at_pct,
    )
    cap.full_clean()
    cap.save()
    return cap


@transaction.atomic
def activate_grant(*, grant: Grant, by: User | None, now: datetime) -> Grant:
    """Put a draft in force.

    A signed draft agreement comes into force with its first grant; the grant that this one supersedes ends where this one
    starts; stems that waited in review for nothing but this permission become active. `by` None is the system itself.

    Raises
    ------
    GrantMoved : if it is no draft any more
    SamePerson : if `by` prepared it
    GrantIncomplete : with everything that is missing
    """
    grant = _lock(grant)
    if (
        GrantStatus.ACTIVE not in GRANT_TRANSITIONS[grant.status]
        or grant.status != GrantStatus.DRAFT
    ):
        raise GrantMoved(grant=grant, wanted=GrantStatus.ACTIVE)
    if by is not None and grant.prepared_by_id == by.pk:
        raise SamePerson(grant=grant)
    if problems := find_problems(grant=grant):
        raise GrantIncomplete(grant=grant, problems=problems)
    agreement = grant.agreement
    if agreement.status != AgreementStatus.ACTIVE:
        agreement.status = AgreementStatus.ACTIVE
        save_as(agreement, by=by, fields=["status"])
    grant.status = GrantStatus.ACTIVE
    grant.activated_by = by
    grant.activated_at = now
    save_as(grant, by=by, fields=["status", "activated_by", "activated_at"])
    if grant.supersedes is not None:
        _end_superseded(old=grant.supersedes, ends_on=grant.valid_from, by=by)
    activate_ready_stems(stems=list_stems(grant=grant), by=by, on=now.date())
    refresh_availability_of_grant(grant=grant)
    return grant


def find_problems(*, grant: Grant) -> list[str]:
    """Return everything that keeps a draft from being activated."""
    problems = []
    if grant.agreement.signed_on is None:
        problems.append(f"agreement {grant.agreement.number} has no date of signature")
    if grant.agreement.status in (AgreementStatus.REJECTED, AgreementStatus.INACTIVE):
        problems.append(f"agreement {grant.agreement.number} is {grant.agreement.status}")
    if not grant.targets.exists():
        problems.append("it names no stem and no recording")
    if grant.effect == GrantEffect.PERMISSION and not grant.uses:
        problems.append("it names no use")
    if not grant.sides:
        problems.append("it names no side")
    return problems


@transaction.atomic
def end_grant(*, grant: Grant, ends_on: date, by: User | None, now: datetime) -> Grant:
    """Set the first day on which a grant no longer holds.

    Raises
    ------
    GrantMoved : if the grant is a draft or over already
    EndNotEarlier : if that would lengthen its term
    """
    grant = _lock(grant)
    if grant.status not in (GrantStatus.ACTIVE, GrantStatus.SUSPENDED):
        raise GrantMoved(grant=grant, wanted=GrantStatus.ENDED)
    if ends_on < grant.valid_from or (grant.valid_until and ends_on > grant.valid_until):
        raise EndNotEarlier(grant=grant, ends_on=ends_on)
    grant.valid_until = ends_on
    if ends_on <= now.date():
        grant.status = GrantStatus.ENDED
    save_as(grant, by=by, fields=["valid_until", "status"])
    refresh_availability_of_grant(grant=grant)
    return grant


@transaction.atomic
def suspend_grant(*, grant: Grant, by: User | None, note: str = "") -> Grant:
    """Take a grant out of force until further notice; one person is enough.

    Raises
    ------
    GrantMoved : if it is not in force
    """
    return _move(_lock(grant), GrantStatus.SUSPENDED, by=by, note=note)


@transaction.atomic
def resume_grant(*, grant: Grant, by: User | None) -> Grant:
    """Put a suspended grant back in force.

    Raises
    ------
    GrantMoved : if it is not suspended
    """
    grant = _lock(grant)
    if grant.status != GrantStatus.SUSPENDED:
        raise GrantMoved(grant=grant, wanted=GrantStatus.ACTIVE)
    return _move(grant, GrantStatus.ACTIVE, by=by)


@transaction.atomic
def cancel_grant(*, grant: Grant, by: User | None, note: str = "") -> Grant:
    """Drop a draft.

    Raises
    ------
    GrantMoved : if it is no draft any more
    """
    return _move(_lock(grant), GrantStatus.CANCELLED, by=by, note=note)


@transaction.atomic
def draft_successor(
    *, grant: Grant, valid_from: date, changes: Mapping[str, Any], by: User | None
) -> Grant:
    """Return a draft with the terms of a grant, changed; when it is activated, the old grant ends where it starts.

    Raises
    ------
    TypeError : if a change is not to a term
    """
    settled = {"agreement_id", "number", "valid_from"}
    if unknown := set(changes) - (set(TERM_FIELDS) - settled | {"valid_until", "territories"}):
        raise TypeError(f"no such terms: {', '.join(sorted(unknown))}")
    terms = {name: getattr(grant, name) for name in TERM_FIELDS if name not in settled}
    territories = changes.get("territories", grant.territory.signed)
    terms["territory_id"] = TerritorySet.objects.get_for(territories).pk
    successor = Grant(
        **terms | {key: value for key, value in changes.items() if key != "territories"},
        agreement_id=grant.agreement_id,
        number=_take_number(grant.agreement),
        valid_from=valid_from,
        supersedes=grant,
        prepared_by=by,
        clause_refs=grant.clause_refs,
    )
    if "valid_until" not in changes:
        successor.valid_until = grant.valid_until
    save_as(successor, by=by)
    GrantTarget.objects.bulk_create(
        GrantTarget(grant=successor, stem_id=target.stem_id, recording_id=target.recording_id)
        for target in grant.targets.all()
    )
    for cap in grant.caps.all():
        add_cap(
            grant=successor,
            limit=cap.limit,
            unit=cap.unit,
            period=cap.period,
            scope=cap.scope,
            on_limit=cap.on_limit,
            warn_at_pct=cap.warn_at_pct,
        )
    for fee in grant.fees.all():
        add_fee(
            grant=successor,
            kind=fee.kind,
            amount=fee.amount,
            currency=fee.currency,
            payee=fee.payee,
        )
    for option in grant.options.filter(exercised_on__isnull=True):
        add_option(
            grant=successor,
            extends=option.extends,
            gives=option.gives,
            exercise_by=option.exercise_by,
            amount=option.amount,
            currency=option.currency,
        )
    return successor


def list_stems(*, grant: Grant) -> Sequence[Stem]:
    """Return the stems a grant is about, directly or through their recording."""
    return list(Stem.objects.under(grant))


def compute_file_sha256(file: File[bytes]) -> str:
    """Return the SHA-256 of an uploaded file, in hexadecimal."""
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def _end_superseded(*, old: Grant, ends_on: date, by: User | None) -> None:
    old = _lock(old)
    old.valid_until = max(old.valid_from, min(ends_on, old.valid_until or ends_on))
    old.status = GrantStatus.SUPERSEDED
    save_as(old, by=by, fields=["valid_until", "status"])
    refresh_availability_of_grant(grant=old)


def _lock(grant: Grant) -> Grant:
    """Return the grant as it is now, locked until the transaction ends."""
    return (
        Grant.objects.select_for_update(of=("self",))
        .select_related("agreement", "supersedes", "territory")
        .get(pk=grant.pk)
    )


def _move(grant: Grant, status: GrantStatus, *, by: User | None, note: str = "") -> Grant:
    if status not in GRANT_TRANSITIONS[grant.status]:
        raise GrantMoved(grant=grant, wanted=status)
    grant.status = status
    save_as(grant, by=by, fields=["status"], note=note)
    refresh_availability_of_grant(grant=grant)
    return grant


def _take_number(agreement: Agreement) -> int:
    """Return the next number under an agreement."""
    Agreement.objects.select_for_update(of=("self",)).get(pk=agreement.pk)
    highest = agreement.grants.aggregate(highest=Max("number"))["highest"]
    return (highest or 0) + 1
