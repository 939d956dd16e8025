"""Version 1 of the policy: the thresholds the service comes with; made when the database is migrated."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from moderation.models import PolicyStatus, PolicyThreshold, PolicyVersion
from moderation.screening.policy import BUILT_IN_POLICY


@transaction.atomic
def seed_built_in_policy(*, using: str, **_options: Any) -> None:
    """Put the built-in thresholds in force as version 1 where there is no version yet."""
    if PolicyVersion.objects.using(using).exists():
        return
    now = timezone.now()
    policy = PolicyVersion.objects.using(using).create(
        number=1, note="The thresholds the service came with.", drafted_by="built in", drafted_at=now
    )  # fmt: skip
    PolicyThreshold.objects.using(using).bulk_create(
        PolicyThreshold(
            policy=policy,
            category=threshold.category,
            language="",
            campaign="",
            review=threshold.review,
            block=threshold.block,
        )
        for threshold in BUILT_IN_POLICY.thresholds
    )
    # Last: the database takes no threshold for a version in force.
    PolicyVersion.objects.using(using).filter(pk=policy.pk).update(
        status=PolicyStatus.PUBLISHED, shadowed_at=now, published_by="release", published_at=now
    )
