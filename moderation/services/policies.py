"""Draft policies, try them beside the live one, and put them in force; two people for that."""

import datetime as dt

from django.db import transaction
from django.db.models import Max

from moderation.models import PolicyMoved, PolicyStatus, PolicyThreshold, PolicyVersion


class OwnPolicy(Exception):
    """Whoever drafted a policy does not put it in force."""


class PolicyKept(Exception):
    """The version was tried or in force: it is kept as it is."""


@transaction.atomic
def draft_policy(*, based_on: PolicyVersion, note: str, by: str, now: dt.datetime) -> PolicyVersion:
    """Store a draft with the thresholds of another version."""
    highest = PolicyVersion.objects.aggregate(highest=Max("number"))["highest"] or 0
    draft = PolicyVersion.objects.create(
        number=highest + 1, note=note, drafted_by=by, drafted_at=now
    )
    PolicyThreshold.objects.bulk_create(
        PolicyThreshold(
            policy=draft,
            category=row.category,
            language=row.language,
            campaign=row.campaign,
            review=row.review,
            block=row.block,
        )
        for row in based_on.thresholds.all()
    )
    return draft


@transaction.atomic
def start_shadow(*, policy: PolicyVersion, now: dt.datetime) -> PolicyVersion:
    """Let a draft judge beside the live policy, without effect.

    Raises
    ------
    PolicyMoved : if it is no draft, or another version is in shadow
    InvalidPolicy : if its thresholds do not make a policy
    """
    policy.build_policy()
    other = PolicyVersion.objects.filter(status=PolicyStatus.SHADOW).first()
    if other is not None:
        raise PolicyMoved(f"{other} is in shadow; take it back first.")
    policy.transition_to(PolicyStatus.SHADOW, shadowed_at=now)
    return policy


def stop_shadow(*, policy: PolicyVersion) -> PolicyVersion:
    """Make a version in shadow a draft again, to change it.

    Raises
    ------
    PolicyMoved : if it is not in shadow
    """
    policy.transition_to(PolicyStatus.DRAFT, shadowed_at=None)
    return policy


@transaction.atomic
def publish_policy(*, policy: PolicyVersion, by: str, now: dt.datetime) -> PolicyVersion:
    """Put a version in force in the place of the one that is; the next text is decided by it.

    Raises
    ------
    OwnPolicy : if the person drafted it
    PolicyMoved : if it is not in shadow
    """
    if policy.drafted_by == by:
        raise OwnPolicy(f"You drafted {policy}: somebody else must publish it.")
    live = PolicyVersion.objects.filter(status=PolicyStatus.PUBLISHED).first()
    if live is not None:
        live.transition_to(PolicyStatus.RETIRED, retired_at=now)
    policy.transition_to(PolicyStatus.PUBLISHED, published_by=by, published_at=now)
    return policy


@transaction.atomic
def discard_draft(*, policy: PolicyVersion) -> None:
    """Delete a draft that was never tried.

    Raises
    ------
    PolicyKept : if it is no draft any more, or answers name it
    """
    if not PolicyVersion.objects.filter(pk=policy.pk, status=PolicyStatus.DRAFT).exists():
        raise PolicyKept(f"{policy} is {policy.status}.")
    policy.delete()
