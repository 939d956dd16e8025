"""What ends soon, and what has lapsed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from django.db.models import Exists, Model, OuterRef, Q

from catalog.models import Grant, Option, Stem, UseApproval, VoiceConsent
from catalog.models.agreements import STATUSES_ON_RECORD, GrantStatus
from catalog.rights.terms import ApprovalOfUse

# Days before the end at which legal staff want to hear of it. Source: issue 3, point 6.
BANDS_DAYS: Final = (1, 7, 30, 90)
# Lines of one band that a page shows.
ENDINGS_SHOWN: Final = 200
IN_FORCE: Final = (GrantStatus.ACTIVE, GrantStatus.SUSPENDED)


class EndingKind(StrEnum):
    """What is over after the day, or must be done by it."""

    GRANT = "Grant ends"
    OPTION = "Option lapses"
    APPROVAL = "Approval of use is due"
    CONSENT = "Voice consent ends"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """One line of the calendar. `row` is what it is about, `party` whom to talk to, `then` what follows or is to do."""

    day: date
    kind: EndingKind
    row: Model
    label: str
    party: str
    territory: str
    then: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndingBand:
    """What ends within so many days, and not within the band before; `n_more` lines were left out."""

    days: int
    endings: tuple[Ending, ...]
    n_more: int = 0

    @property
    def count(self) -> int:
        """Return how many there are, those left out included."""
        return len(self.endings) + self.n_more


def list_endings(*, on: date) -> tuple[EndingBand, ...]:
    """Return what ends or is due within 1, 7, 30 and 90 days, each once: grants, options, approvals of use, consents.

    A day in the first band may have come: an approval is due from the day its grant starts until it is on record.
    """
    last = on + timedelta(days=BANDS_DAYS[-1])
    found = sorted(
        [
            *_list_grants(on=on, last=last),
            *_list_options(on=on, last=last),
            *_list_approvals(on=on, last=last),
            *_list_consents(on=on, last=last),
        ],
        key=lambda ending: (ending.day, ending.kind, ending.label),
    )
    bands = []
    after = date.min
    for days in BANDS_DAYS:
        until = on + timedelta(days=days)
        endings = tuple(ending for ending in found if after < ending.day <= until)
        bands.append(
            EndingBand(
                days=days,
                endings=endings[:ENDINGS_SHOWN],
                n_more=max(0, len(endings) - ENDINGS_SHOWN),
            )
        )
        after = until
    return tuple(bands)


def _list_grants(*, on: date, last: date) -> Iterator[Ending]:
    rows = Grant.objects.filter(status__in=IN_FORCE, valid_until__gt=on, valid_until__lte=last)
    for grant in rows.select_related("agreement__licensor", "territory"):
        assert grant.valid_until is not None  # the filter  # noqa: S101
        yield _describe(grant, grant, EndingKind.GRANT, grant.valid_until, grant.get_tail_display())


def _list_options(*, on: date, last: date) -> Iterator[Ending]:
    rows = Option.objects.filter(
        grant__status__in=IN_FORCE,
        exercised_on__isnull=True,
        exercise_by__gte=on,
        exercise_by__lte=last,
    )
    for option in rows.select_related("grant__agreement__licensor", "grant__territory"):
        then = f"Exercise it or lose it: {option.gives} (fee: {option.fee})"
        yield _describe(option, option.grant, EndingKind.OPTION, option.exercise_by, then)


def _list_approvals(*, on: date, last: date) -> Iterator[Ending]:
    """List the grants that ask for written approval of each use and have none on record for their campaign."""
    rows = Grant.objects.filter(
        Q(valid_until__isnull=True) | Q(valid_until__gt=on),
        ~Exists(
            UseApproval.objects.filter(
                Q(campaign="") | Q(campaign=OuterRef("campaign")), grant=OuterRef("pk")
            )
        ),
        status__in=IN_FORCE,
        effect="permission",
        approval_of_use=ApprovalOfUse.PRIOR_WRITTEN,
        valid_from__lte=last,
    )
    for grant in rows.select_related("agreement__licensor", "territory"):
        then = "No song can use it before the approval is entered on its page"
        day = max(grant.valid_from, on)
        yield _describe(grant, grant, EndingKind.APPROVAL, day, then)


def _list_consents(*, on: date, last: date) -> Iterator[Ending]:
    rows = VoiceConsent.objects.filter(
        revoked_on__isnull=True, valid_until__gt=on, valid_until__lte=last
    )
    for consent in rows.select_related("performer", "territory"):
        assert consent.valid_until is not None  # the filter  # noqa: S101
        yield Ending(
            day=consent.valid_until,
            kind=EndingKind.CONSENT,
            row=consent,
            label=str(consent),
            party=str(consent.performer),
            territory=str(consent.territory),
            then="No use of the voice where a grant asks for it",
        )


def _describe(row: Model, grant: Grant, kind: EndingKind, day: date, then: str) -> Ending:
    return Ending(
        day=day,
        kind=kind,
        row=row,
        label=grant.label,
        party=str(grant.agreement.licensor),
        territory=str(grant.territory),
        then=then,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LapsedGrant:
    """A grant that stopped holding: why, from which day on, and what its contract says of songs made before.

    `tail` is what becomes of those songs, `sunset_days` how long after the end they may stay (None: the contract is silent).
    """

    id: int
    label: str
    why: GrantStatus
    ended_on: date
    tail: str
    sunset_days: int | None
    stems: tuple[str, ...]


def list_lapsed_grants(*, since: datetime, now: datetime) -> tuple[LapsedGrant, ...]:
    """Return the permissions that stopped holding after `since`: their day came, or somebody ended or suspended them.

    A superseded grant is among them: whether its successor licenses the same is for an evaluation to say.
    """
    changed = Grant.history.filter(history_date__gt=since, history_date__lte=now).values("id")
    rows = (
        Grant.objects.filter(
            Q(id__in=changed) | Q(valid_until__gt=since.date(), valid_until__lte=now.date()),
            Q(valid_until__lte=now.date()) | Q(status=GrantStatus.SUSPENDED),
            status__in=STATUSES_ON_RECORD,
            effect="permission",
        )
        .select_related("agreement")
        .order_by("id")
    )
    return tuple(_describe_lapsed(grant, now=now) for grant in rows)


def _describe_lapsed(grant: Grant, *, now: datetime) -> LapsedGrant:
    is_over = grant.valid_until is not None and grant.valid_until <= now.date()
    why = GrantStatus(grant.status)
    stems = Stem.objects.under(grant).order_by("external_id")
    return LapsedGrant(
        id=grant.pk,
        label=grant.label,
        why=GrantStatus.ENDED if why == GrantStatus.ACTIVE else why,
        ended_on=grant.valid_until if is_over and grant.valid_until else now.date(),
        tail=grant.tail,
        sunset_days=grant.sunset_days,
        stems=tuple(stems.values_list("external_id", flat=True)),
    )
