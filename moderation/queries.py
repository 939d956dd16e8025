"""Read what moderation keeps; a client only ever sees its own."""

import datetime as dt

from django.db.models import Q

from moderation.models import (
    SCREENING_SUBJECT,
    LexiconOverride,
    OverrideAction,
    ReviewCase,
    Screening,
)
from moderation.screening.categories import Category, Severity
from moderation.screening.language_pack import Term
from moderation.screening.overrides import LexiconOverrides


class UnknownScreening(Exception):
    """The client has no such screening."""


def get_screening(*, public_id: str, client: str) -> Screening:
    """Return a screening of the client.

    Raises
    ------
    UnknownScreening : if the client has no screening of this id
    """
    screening = Screening.objects.filter(public_id=public_id, client=client).first()
    if screening is None:
        raise UnknownScreening(f"There is no screening {public_id}.")
    return screening


def find_case_of_screening(screening: Screening) -> ReviewCase | None:
    """Return the newest review case about a screening, open or decided; None if it never needed one."""
    return (
        ReviewCase.objects.filter(subject_kind=SCREENING_SUBJECT, subject_id=screening.public_id)
        .order_by("-id")
        .first()
    )


def get_overrides(*, now: dt.datetime) -> LexiconOverrides:
    """Return the overrides of the lexicons that are in force."""
    rows = LexiconOverride.objects.filter(Q(expires_at=None) | Q(expires_at__gt=now)).order_by("id")
    return LexiconOverrides(
        added=tuple(
            Term(
                text=row.text,
                language=row.language,
                category=Category(row.category),
                severity=Severity(row.severity),
                decreed=True,
            )
            for row in rows
            if row.action == OverrideAction.ADD
        ),
        silenced=frozenset(
            (row.language, row.text) for row in rows if row.action == OverrideAction.SILENCE
        ),
    )
