"""What happens to a stem: activation, suspension, withdrawal."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q

from catalog.models import Grant, GrantTarget, Stem, StemTwin
from catalog.models.agreements import AgreementStatus, GrantEffect, GrantStatus
from catalog.models.music import STEM_TRANSITIONS, StemStatus
from catalog.models.twins import BLOCKING_KINDS, TwinVerdict
from catalog.rights.terms import Side
from catalog.services.availability import refresh_availability
from catalog.services.history import save_as


class StemNotReady(Exception):
    """The stem may not become active yet."""

    def __init__(self, *, external_id: str, missing: Collection[str]) -> None:
        """Keep what is missing."""
        super().__init__(f"stem {external_id} cannot become active: {'; '.join(missing)}")
        self.external_id = external_id
        self.missing = tuple(missing)


class StemMoved(Exception):
    """The stem's status does not allow this step."""

    def __init__(self, *, external_id: str, status: str, wanted: str) -> None:
        """Keep where the stem stands and where it was to go."""
        super().__init__(f"stem {external_id} is {status}: it cannot become {wanted}")
        self.external_id = external_id
        self.status = status
        self.wanted = wanted


def find_missing(*, stem: Stem, on: date) -> list[str]:
    """Return what a stem lacks to be active: verified audio, and a permission running on every required side."""
    return _list_missing(
        stem,
        licensed=load_licensed_sides(stems=[stem], on=on)[stem.pk],
        has_twin=stem.pk in find_stems_with_open_twin(stems=[stem]),
    )


def find_stems_with_open_twin(*, stems: Collection[Stem]) -> set[int]:
    """Return the primary keys of the stems that wait for somebody to settle which of two recordings counts."""
    open_twins = StemTwin.objects.filter(
        stem__in=[stem.pk for stem in stems], verdict=TwinVerdict.OPEN, kind__in=BLOCKING_KINDS
    )
    return set(open_twins.order_by().values_list("stem_id", flat=True))


def load_licensed_sides(*, stems: Collection[Stem], on: date) -> dict[int, set[str]]:
    """Return the sides of each stem on which a permission is running, by the stem's primary key."""
    recordings = {stem.recording_id for stem in stems if stem.recording_id is not None}
    # Targets first, grants by their keys then: SQLite would otherwise begin with every grant in force.
    named = GrantTarget.objects.filter(
        Q(stem_id__in=[stem.pk for stem in stems]) | Q(recording_id__in=recordings)
    ).values_list("stem_id", "recording_id", "grant_id")
    targets = list(named.order_by())
    running = Grant.objects.filter(
        Q(valid_until__isnull=True) | Q(valid_until__gt=on),
        pk__in={grant_id for _, _, grant_id in targets},
        effect=GrantEffect.PERMISSION,
        status=GrantStatus.ACTIVE,
        agreement__status=AgreementStatus.ACTIVE,
    )
    sides = dict(running.order_by().values_list("pk", "sides"))
    of_stem: dict[int, set[str]] = defaultdict(set)
    of_recording: dict[int, set[str]] = defaultdict(set)
    for stem_id, recording_id, grant_id in targets:
        licensed = of_stem[stem_id] if stem_id else of_recording[recording_id or 0]
        licensed.update(sides.get(grant_id, ()))
    return {stem.pk: of_stem[stem.pk] | of_recording[stem.recording_id or 0] for stem in stems}


def _list_missing(stem: Stem, *, licensed: Collection[str], has_twin: bool) -> list[str]:
    missing = [] if stem.audio_sha256 else ["its audio has not been verified"]
    if has_twin:
        missing.append("it sounds like another recording; settle which one counts")
    sides = [Side.MASTER, Side.PUBLISHING, *([Side.VOICE] if stem.has_voice else [])]
    missing += [f"no active grant covers its {side}" for side in sides if side not in licensed]
    return missing


@transaction.atomic
def activate_stem(*, external_id: str, by: User | None, now: datetime, note: str = "") -> Stem:
    """Make a stem available for clearances.

    Raises
    ------
    StemNotReady : if a required side has no permission, or the audio is not verified
    StemMoved : if the stem is withdrawn
    """
    stem = Stem.objects.select_for_update(of=("self",)).get(external_id=external_id)
    if missing := find_missing(stem=stem, on=now.date()):
        raise StemNotReady(external_id=external_id, missing=missing)
    return _move(stem, StemStatus.ACTIVE, by=by, note=note)


@transaction.atomic
def save_stem(*, stem: Stem, by: User | None) -> Stem:
    """Save what somebody typed about a stem."""
    save_as(stem, by=by)
    refresh_availability(stem_ids=[stem.pk])
    return stem


@transaction.atomic
def suspend_stem(*, external_id: str, by: User | None, note: str) -> Stem:
    """Take a stem out of use until further notice.

    Raises
    ------
    StemMoved : if the stem is not active
    """
    stem = Stem.objects.select_for_update(of=("self",)).get(external_id=external_id)
    return _move(stem, StemStatus.SUSPENDED, by=by, note=note)


@transaction.atomic
def withdraw_stem(*, external_id: str, by: User | None, note: str) -> Stem:
    """Take a stem out of use for good.

    Raises
    ------
    StemMoved : if it is withdrawn already
    """
    stem = Stem.objects.select_for_update(of=("self",)).get(external_id=external_id)
    return _move(stem, StemStatus.WITHDRAWN, by=by, note=note)


def activate_ready_stems(*, stems: Collection[Stem], by: User | None, on: date) -> list[Stem]:
    """Make those stems active that waited in review for nothing but a permission; return them."""
    waiting = [stem for stem in stems if stem.status == StemStatus.IN_REVIEW]
    licensed = load_licensed_sides(stems=waiting, on=on)
    with_twin = find_stems_with_open_twin(stems=waiting)
    ready = [
        stem
        for stem in waiting
        if not _list_missing(stem, licensed=licensed[stem.pk], has_twin=stem.pk in with_twin)
    ]
    for stem in ready:
        _move(stem, StemStatus.ACTIVE, by=by, note="", refresh=False)
    refresh_availability(stem_ids=[stem.pk for stem in ready])
    return ready


def _move(
    stem: Stem, status: StemStatus, *, by: User | None, note: str, refresh: bool = True
) -> Stem:
    if status not in STEM_TRANSITIONS[stem.status]:
        raise StemMoved(external_id=stem.external_id, status=stem.status, wanted=status)
    stem.status = status
    stem.status_note = note
    save_as(stem, by=by, fields=["status", "status_note"])
    if refresh:
        refresh_availability(stem_ids=[stem.pk])
    return stem
