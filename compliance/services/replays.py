"""Replay a decision: everything it rested on, as it was on the day, beside what has changed since."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from catalog.queries.as_of import GrantThen, StemThen, list_grants_as_of, list_stems_as_of
from catalog.rights.territories import describe_territories
from catalog.rights.wording import describe_uses
from compliance.models import Approval, Clearance, Submission, Verification
from compliance.services.actors import name_people
from compliance.services.rights_snapshots import get_evaluation


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """A decision as of its day: of a song, approved or not, or of a clearance that no song was submitted under."""

    approval: Approval | None
    song: Submission | None
    clearance: Clearance
    decided_at: dt.datetime
    decided_by: str
    uses: str
    territories: str
    starts_on: dt.date
    ends_on: dt.date
    binding_cap: dict[str, Any] | None
    rights_policy: str
    rights: Mapping[str, Any]
    stems: tuple[StemThen, ...]
    grants: tuple[GrantThen, ...]
    reasons: tuple[dict[str, Any], ...]
    verification: Verification | None


def replay_approval(*, approval: Approval) -> Replay:
    """Return what an approval rested on: the stored answers, and the catalog's rows as they were when the song was decided."""
    return replay_song(submission=approval.submission, approval=approval)


def replay_song(*, submission: Submission, approval: Approval | None) -> Replay:
    """Return what the decision about a song rested on; of one that is not decided, what it would rest on now."""
    at = submission.decided_at or (approval.created_at if approval else timezone.now())
    return _replay(
        approval=approval, song=submission, clearance=submission.clearance, at=at, decided_by=submission.decided_by,
        reasons=submission.reasons, names={placement["stem"] for placement in submission.manifest["placements"]},
        rights=get_evaluation(approval=approval) if approval else submission.clearance.rights,
    )  # fmt: skip


def replay_clearance(*, clearance: Clearance, decided_by: str) -> Replay:
    """Return what the decision about a clearance rested on."""
    return _replay(
        approval=None, song=None, clearance=clearance, at=clearance.decided_at or clearance.created_at,
        decided_by=decided_by, reasons=clearance.reasons, names=set(clearance.stems), rights=clearance.rights,
    )  # fmt: skip


def _replay(
    *,
    approval: Approval | None,
    song: Submission | None,
    clearance: Clearance,
    at: dt.datetime,
    decided_by: str,
    reasons: Sequence[dict[str, Any]],
    names: Collection[str],
    rights: Mapping[str, Any],
) -> Replay:
    return Replay(
        approval=approval,
        song=song,
        clearance=clearance,
        decided_at=at,
        decided_by=name_people(decided_by),
        uses=describe_uses(clearance.intent["uses"]),
        territories=describe_territories(rights["valid"]["territories"]),
        starts_on=dt.date.fromisoformat(clearance.intent["starts_on"]),
        ends_on=dt.date.fromisoformat(clearance.intent["ends_on"]),
        binding_cap=rights["valid"]["binding_cap"],
        rights_policy=rights["policy_version"],
        rights=rights,
        stems=list_stems_as_of(external_ids=names, at=at),
        grants=list_grants_as_of(ids=rights["grants"], at=at),
        reasons=tuple(reasons),
        # The first one: what a newer engine says of a decided song is no verification.
        verification=Verification.objects.filter(submission=song).order_by("id").first()
        if song
        else None,
    )
