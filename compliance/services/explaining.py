"""Why a song was approved or denied: what was asked, what the decision rested on that day, and the audit log's own words."""

import datetime as dt
from dataclasses import asdict, dataclass
from typing import Any

from compliance.audit import NotCanonical
from compliance.models import Approval, Clearance, Event, Submission
from compliance.queries import find_clearance, find_submission_of
from compliance.services.audit_log import is_as_written, read_entry
from compliance.services.replays import Replay, replay_clearance, replay_song

# Events in which a clearance is decided.
_CLEARANCE_DECISIONS = ("clearance.cleared", "clearance.denied", "clearance.needs_review")


class NothingToExplain(Exception):
    """There is no song, approval or clearance with this id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """An entry of the audit log; `is_intact` tells whether it still says what was sealed."""

    sequence: int | None
    at: dt.datetime
    kind: str
    actor: str
    data: dict[str, Any]
    is_intact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A decision with everything behind it."""

    outcome: str
    replay: Replay
    log: tuple[LogLine, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        replay = self.replay
        song, approval = replay.song, replay.approval
        return {
            "outcome": self.outcome,
            "clearance": replay.clearance.public_id,
            "song": song.public_id if song else None,
            "approval": {"id": approval.public_id, "status_today": approval.status}
            if approval
            else None,
            "generator": replay.clearance.generator.public_id,
            "decided_at": replay.decided_at.isoformat(),
            "decided_by": replay.decided_by,
            "uses": replay.clearance.intent["uses"],
            "territories": replay.rights["valid"]["territories"],
            "starts_on": replay.starts_on.isoformat(),
            "ends_on": replay.ends_on.isoformat(),
            "rights_policy": replay.rights_policy,
            "binding_cap": replay.binding_cap,
            "engine": replay.verification.engine_version if replay.verification else None,
            "reasons": list(replay.reasons),
            "grants": [asdict(grant) for grant in replay.grants],
            "stems": [asdict(stem) for stem in replay.stems],
            "log": [asdict(line) for line in self.log],
        }


def explain_decision(*, public_id: str) -> Explanation:
    """Return why a song, named by its own id or its approval's, or a clearance was answered as it was.

    Raises
    ------
    NothingToExplain : if there is none of this id
    """
    song = find_submission_of(public_id=public_id)
    if song is not None:
        approval = Approval.objects.filter(submission=song).first()
        return Explanation(
            outcome=song.status,
            replay=replay_song(submission=song, approval=approval),
            log=_read_log(clearance=song.clearance, song=song, approval=approval),
        )
    clearance = find_clearance(public_id=public_id)
    if clearance is None:
        raise NothingToExplain(
            f"There is no song, approval or clearance {public_id}: expected an id such as sub_..., apr_... or clr_..."
        )
    log = _read_log(clearance=clearance, song=None, approval=None)
    decided = [line.actor for line in log if line.kind in _CLEARANCE_DECISIONS]
    # The generator asks and the service decides; a person does where it is in the log.
    person = decided[-1] if decided and decided[-1].startswith("user:") else "system"
    return Explanation(
        outcome=clearance.status,
        replay=replay_clearance(clearance=clearance, decided_by=person),
        log=log,
    )


def _read_log(
    *, clearance: Clearance, song: Submission | None, approval: Approval | None
) -> tuple[LogLine, ...]:
    subjects = [clearance.cap_subject]
    subjects += [f"submission:{song.public_id}"] if song else []
    subjects += [f"approval:{approval.public_id}"] if approval else []
    return tuple(
        LogLine(
            sequence=event.sequence, at=event.created_at, kind=event.kind, actor=event.actor, data=event.data,
            is_intact=_is_intact(event),
        )
        for event in Event.objects.filter(subject__in=subjects).order_by("id")
    )  # fmt: skip


def _is_intact(event: Event) -> bool:
    """Tell whether an event says what was sealed; one that waits for its seal, whether it is as it was written."""
    if event.sequence is None:
        return is_as_written(event)
    try:
        return read_entry(event).compute_hash() == event.hash
    except NotCanonical:
        return False
