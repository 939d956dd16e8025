"""Read what moderation keeps; a client only ever sees its own."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db.models import Q

from moderation.models import (
    SCREENING_SUBJECT,
    LexiconOverride,
    OverrideAction,
    PolicyStatus,
    PolicyThreshold,
    PolicyVersion,
    ReviewCase,
    Screening,
)
from moderation.screening.categories import Category, Severity
from moderation.screening.language_pack import Term
from moderation.screening.overrides import LexiconOverrides
from moderation.screening.policy import BUILT_IN_POLICY, Policy

_THRESHOLD = ("category", "language", "campaign", "review", "block")


class UnknownScreening(Exception):
    """The client has no such screening."""


class UnknownPolicy(Exception):
    """There is no such version of the policy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """The policy that decides, and the draft that is tried beside it, if there is one."""

    live: Policy
    shadow: Policy | None = None


def get_policies() -> Policies:
    """Return the policies that judge the next text; the built-in one where none was published."""
    rows = (
        PolicyVersion.objects.filter(status__in=(PolicyStatus.PUBLISHED, PolicyStatus.SHADOW))
        .order_by("thresholds__category", "thresholds__language", "thresholds__campaign")
        .values_list("status", "number", *(f"thresholds__{name}" for name in _THRESHOLD))
    )
    found: dict[tuple[str, int], list[tuple[Any, ...]]] = defaultdict(list)
    for status, number, *threshold in rows:
        found[status, number].append(tuple(threshold))
    built = {
        status: _build_policy(number, tuple(thresholds))
        for (status, number), thresholds in found.items()
    }
    return Policies(
        live=built.get(PolicyStatus.PUBLISHED.value, BUILT_IN_POLICY),
        shadow=built.get(PolicyStatus.SHADOW.value),
    )


@lru_cache(maxsize=8)
def _build_policy(number: int, thresholds: tuple[tuple[Any, ...], ...]) -> Policy:
    """Return the policy that these rows make; every text is judged by one, few are ever different."""
    rows = (
        PolicyThreshold(**dict(zip(_THRESHOLD, row, strict=True)))
        for row in thresholds
        if row[0] is not None  # a version without thresholds
    )
    return Policy(
        version=PolicyVersion(number=number).version,
        thresholds=tuple(row.build_threshold() for row in rows),
    )


def get_policy(*, version: str) -> Policy:
    """Return a version of the policy by the name that answers give it ("policy-3").

    Raises
    ------
    UnknownPolicy : if there is none
    """
    number = version.removeprefix("policy-")
    row = PolicyVersion.objects.filter(number=int(number)).first() if number.isdecimal() else None
    if row is not None:
        return row.build_policy()
    if version == BUILT_IN_POLICY.version:
        return BUILT_IN_POLICY
    raise UnknownPolicy(f"There is no policy {version!r}.")


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
