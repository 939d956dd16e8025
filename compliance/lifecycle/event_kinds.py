"""Every kind of event: what happened, to what, and which of its facts a generator is told with it."""

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class EventKind:
    """One kind that generators are told of. `told` names the facts that stand in a message; all others stay in the log."""

    kind: str
    means: str
    told: tuple[str, ...] = ()


def _make_kinds(*rows: tuple[str, str] | tuple[str, str, tuple[str, ...]]) -> tuple[EventKind, ...]:
    return tuple(
        EventKind(kind=row[0], means=row[1], told=row[2] if len(row) > 2 else ()) for row in rows
    )


FOR_GENERATORS: Final = _make_kinds(
    ("clearance.cleared", "a clearance was given; its caps are held"),
    ("clearance.denied", "a clearance was denied"),
    ("clearance.needs_review", "a person reads the message of a clearance"),
    ("clearance.expiring", "the hold of a clearance ends soon: extend it, or submit"),
    ("clearance.extended", "the caps of a clearance are held longer"),
    ("clearance.expired", "the hold of a clearance ran out"),
    ("clearance.cancelled", "a clearance was given back"),
    ("submission.received", "a song was accepted for verification"),
    ("submission.in_review", "a person listens to a song"),
    ("submission.approved", "a song was approved"),
    ("submission.rejected", "a song was rejected"),
    ("approval.approved", "an approval was made, with its certificate"),
    ("approval.suspended", "a song is not to be used for now"),
    ("approval.reinstated", "a suspension was lifted: the song may be used again"),
    ("approval.revoked", "a song is not to be used any more"),
    ("approval.superseded", "another approval took the place of this one"),
    ("approval.sunset", "the time of an approval is over"),
    (
        "recall.opened",
        "songs of yours are recalled: read them, act, acknowledge",
        ("cause", "deadline_at"),
    ),
    ("recall.acknowledged", "you acknowledged songs of a recall"),
    (
        "recall.deadline_near",
        "a recall's deadline is within a day and songs are not acknowledged",
        ("deadline_at",),
    ),
    ("recall.closed", "a recall is closed"),
    (
        "cap.warning",
        "a cap that your songs count against is nearly used up",
        ("grant", "unit", "limit", "taken"),
    ),
    (
        "cap.exhausted",
        "a cap that your songs count against is used up",
        ("grant", "unit", "limit", "taken"),
    ),
    (
        "license.expiring",
        "a grant that your songs rest on ends in 90, 30, 7 days or 1 day",
        ("ends_on", "days"),
    ),
    ("webhook_endpoint.created", "an endpoint was registered"),
    ("webhook_endpoint.changed", "an endpoint was changed"),
    ("webhook_endpoint.disabled", "an endpoint is disabled: it answered 410"),
    ("webhook_endpoint.deleted", "an endpoint was deleted"),
    ("webhook_endpoint.secret_rotated", "the secret of an endpoint was replaced"),
    ("webhook_endpoint.test", "the test that you asked for"),
)
# What else is in the log: of these nobody outside is told, unless a kind stands above.
INSIDE_AREAS: Final = (
    "api_key",
    "generator",
    "index",
    "recall",
    "request",
    "reverification",
    "usage",
    "usage_report",
)
KINDS: Final = {kind.kind: kind for kind in FOR_GENERATORS}
KINDS_TABLE: Final = re.compile(r"(?<=<!-- kinds -->\n).*?(?=<!-- end of kinds -->)", re.DOTALL)


def describe_kinds() -> str:
    """Return the table of docs/webhooks.md."""
    lines = ["| kind | when | beside `object` and `id` |", "|---|---|---|"]
    lines += [
        f"| `{kind.kind}` | {kind.means} | {', '.join(f'`{name}`' for name in kind.told)} |"
        for kind in FOR_GENERATORS
    ]
    return "\n" + "\n".join(lines) + "\n\n"


def replace_kinds_table(text: str) -> str:
    """Return a text with the table between its marks made current."""
    return KINDS_TABLE.sub(lambda _: describe_kinds(), text)
