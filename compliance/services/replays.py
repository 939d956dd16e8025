"""Replay an approval: everything it rested on, as it was on the day, beside what has changed since."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from catalog.queries.as_of import GrantThen, StemThen, list_grants_as_of, list_stems_as_of
from catalog.rights.territories import describe_territories
from catalog.rights.wording import describe_uses
from compliance.models import Approval, Verification
from compliance.services.actors import name_people


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """An approval as of its day."""

    approval: Approval
    decided_at: dt.datetime
    decided_by: str
    uses: str
    territories: str
    starts_on: dt.date
    ends_on: dt.date
    binding_cap: dict[str, Any] | None
    rights_policy: str
    stems: tuple[StemThen, ...]
    grants: tuple[GrantThen, ...]
    reasons: tuple[dict[str, Any], ...]
    verification: Verification | None


def replay_approval(*, approval: Approval) -> Replay:
    """Return what an approval rested on: the stored answers, and the catalog's rows as they were when the song was decided."""
    submission = approval.submission
    clearance = submission.clearance
    at = submission.decided_at or approval.created_at
    names = {placement["stem"] for placement in submission.manifest["placements"]}
    return Replay(
        approval=approval,
        decided_at=at,
        decided_by=name_people(submission.decided_by),
        uses=describe_uses(clearance.intent["uses"]),
        territories=describe_territories(clearance.rights["valid"]["territories"]),
        starts_on=dt.date.fromisoformat(clearance.intent["starts_on"]),
        ends_on=dt.date.fromisoformat(clearance.intent["ends_on"]),
        binding_cap=clearance.rights["valid"]["binding_cap"],
        rights_policy=clearance.rights["policy_version"],
        stems=list_stems_as_of(external_ids=names, at=at),
        grants=list_grants_as_of(ids=clearance.rights["grants"], at=at),
        reasons=tuple(submission.reasons),
        verification=Verification.objects.filter(submission=submission, created_at__lte=at).first(),
    )
