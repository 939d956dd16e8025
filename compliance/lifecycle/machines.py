"""The statuses of a clearance, a song, an approval, a recall and a request, and every move between them.

The models read `transitions` from here, triggers in the database keep to the same moves, docs/life-cycle.md draws them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One arrow: from where to where, and by which action of `DUTIES`."""

    source: str
    target: str
    action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Every status of one kind of thing, the first one first, and the moves between them."""

    name: str
    states: Mapping[str, str]
    moves: tuple[Move, ...]

    @property
    def transitions(self) -> dict[str, frozenset[str]]:
        """Return where a thing may go from each status; a final one is left out."""
        return {
            state: targets
            for state in self.states
            if (targets := frozenset(move.target for move in self.moves if move.source == state))
        }

    @property
    def initial(self) -> str:
        """Return the status everything begins with."""
        return next(iter(self.states))


def _make_moves(*rows: tuple[str, str, str]) -> tuple[Move, ...]:
    return tuple(
        Move(source=source, target=target, action=action) for source, target, action in rows
    )


CLEARANCE: Final = Machine(
    name="clearance",
    states={
        "received": "asked; decided in the same transaction",
        "cleared": "the caps are held until `expires_at`",
        "denied": "with every reason",
        "needs_review": "the rights hold; a person reads the message; no cap is held",
        "expired": "the hold ran out, or nobody decided in time",
        "cancelled": "given back",
    },
    moves=_make_moves(
        ("received", "cleared", "clearance.request"),
        ("received", "denied", "clearance.request"),
        ("received", "needs_review", "clearance.request"),
        ("needs_review", "cleared", "clearance.decide"),
        ("needs_review", "denied", "clearance.decide"),
        ("needs_review", "expired", "clearance.expire"),
        ("needs_review", "cancelled", "clearance.cancel"),
        ("cleared", "expired", "clearance.expire"),
        ("cleared", "cancelled", "clearance.cancel"),
    ),
)
SUBMISSION: Final = Machine(
    name="submission",
    states={
        "received": "waits for its verification",
        "approved": "has an approval",
        "rejected": "with every reason",
        "in_review": "a person listens",
    },
    moves=_make_moves(
        ("received", "approved", "submission.verify"),
        ("received", "rejected", "submission.verify"),
        ("received", "in_review", "submission.verify"),
        ("in_review", "approved", "submission.approve"),
        ("in_review", "approved", "submission.approve_unexplained"),
        ("in_review", "rejected", "submission.reject"),
    ),
)
APPROVAL: Final = Machine(
    name="approval",
    states={
        "live": "the song may be used as certified",
        "suspended": "not to be used for now",
        "revoked": "not to be used any more",
        "superseded": "another approval took its place",
        "sunset": "its time is over; what exists stays or is archived",
    },
    moves=_make_moves(
        ("live", "suspended", "approval.suspend"),
        ("live", "suspended", "approval.suspend_reviewed"),
        ("live", "revoked", "approval.revoke"),
        ("live", "superseded", "approval.supersede"),
        ("live", "sunset", "approval.sunset"),
        ("suspended", "live", "approval.reinstate"),
        ("suspended", "revoked", "approval.revoke"),
        ("suspended", "superseded", "approval.supersede"),
        ("suspended", "sunset", "approval.sunset"),
    ),
)
RECALL: Final = Machine(
    name="recall",
    states={
        "proposed": "waits for another person",
        "scheduled": "decided; begins at its date",
        "applying": "song after song is moved",
        "open": "every song is moved; acknowledgements come in",
        "closed": "acknowledged, or closed by a person",
        "cancelled": "stopped; songs that were moved stay as they are",
    },
    moves=_make_moves(
        ("proposed", "scheduled", "recall.open_large"),
        ("proposed", "cancelled", "recall.cancel"),
        ("scheduled", "applying", "recall.apply"),
        ("scheduled", "cancelled", "recall.cancel"),
        ("applying", "open", "recall.apply"),
        ("applying", "cancelled", "recall.cancel"),
        ("open", "closed", "recall.close"),
    ),
)
REQUEST: Final = Machine(
    name="request for a second person",
    states={
        "waiting": "for somebody else than who asked",
        "agreed": "done in the same transaction",
        "refused": "nothing was done",
        "withdrawn": "taken back by who asked",
    },
    moves=_make_moves(
        ("waiting", "agreed", "request.agree"),
        ("waiting", "refused", "request.refuse"),
        ("waiting", "withdrawn", "request.withdraw"),
    ),
)
MACHINES: Final = (CLEARANCE, SUBMISSION, APPROVAL, RECALL, REQUEST)
