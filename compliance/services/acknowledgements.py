"""Acknowledgements: what a generator says it did with recalled songs, many in one message, safe to send again."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F

from compliance.models import (
    Generator,
    Recall,
    RecallNotice,
    RecallSong,
    RecallStatus,
    SongOutcome,
)
from compliance.services.actors import SYSTEM, Actor
from compliance.services.bulk_updates import update_each
from compliance.services.events import record_event
from compliance.services.recalls import UnknownRecall, close_recall


class NotRecalled(Exception):
    """Some approvals of the message are not among the generator's songs in the recall."""

    def __init__(self, *, recall: str, missing: Mapping[int, str]) -> None:
        super().__init__(f"Not among your songs in {recall}: {', '.join(missing.values())}.")
        self.missing = missing


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """What was done with one song, and when; `evidence_url` may show it."""

    approval: str
    action: str
    at: dt.datetime
    evidence_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgementResult:
    """What became of one message: songs acknowledged now, songs corrected, songs that said the same before."""

    n_accepted: int
    n_corrected: int
    n_unchanged: int
    notice: RecallNotice


@transaction.atomic
def acknowledge_songs(
    *,
    recall_id: str,
    generator: Generator,
    items: Sequence[Acknowledgement],
    actor: Actor,
    now: dt.datetime,
) -> AcknowledgementResult:
    """Note what a generator did with songs of a recall: all of the message, or nothing.

    The same again changes nothing; something else about a song corrects what was said, and both stay in the log. When the
    last song is acknowledged the recall is closed.

    Raises
    ------
    NotAllowed : if the actor may not
    UnknownRecall : if no song of the generator is in such a recall
    NotRecalled : if an approval is none of those
    """
    actor.require("recall.acknowledge")
    recall = Recall.objects.select_for_update(of=("self",)).filter(public_id=recall_id).first()
    notice = RecallNotice.objects.filter(recall=recall, generator=generator).first()
    if recall is None or notice is None:
        raise UnknownRecall(f"You have no recall {recall_id}.")
    songs = {
        song.approval.public_id: song
        for song in RecallSong.objects.filter(
            recall=recall, generator=generator, outcome=SongOutcome.MOVED,
            approval__public_id__in=[item.approval for item in items],
        ).select_related("approval")
    }  # fmt: skip
    missing = {i: item.approval for i, item in enumerate(items) if item.approval not in songs}
    if missing:
        raise NotRecalled(recall=recall_id, missing=missing)
    changed = [item for item in items if _differs(songs[item.approval], item)]
    n_accepted = sum(not songs[item.approval].done for item in changed)
    for item in changed:
        song = songs[item.approval]
        song.done, song.done_at, song.evidence_url = item.action, item.at, item.evidence_url
        song.acknowledged_at = now
    update_each(
        [songs[item.approval] for item in changed], ["done", "done_at", "evidence_url", "acknowledged_at"]
    )  # fmt: skip
    RecallNotice.objects.filter(pk=notice.pk).update(
        n_acknowledged=F("n_acknowledged") + n_accepted
    )
    notice.refresh_from_db()
    if changed:
        _record(recall, generator, changed, by=actor.label)
    close_if_acknowledged(recall=recall, now=now)
    return AcknowledgementResult(
        n_accepted=n_accepted, n_corrected=len(changed) - n_accepted,
        n_unchanged=len(items) - len(changed), notice=notice,
    )  # fmt: skip


def close_if_acknowledged(*, recall: Recall, now: dt.datetime) -> None:
    """Close an open recall of which every song is acknowledged; call with the recall locked."""
    outstanding = RecallNotice.objects.filter(recall=recall).exclude(n_acknowledged=F("n_songs"))
    if recall.status == RecallStatus.OPEN and not outstanding.exists():
        close_recall(recall=recall, actor=SYSTEM, now=now)


def _differs(song: RecallSong, item: Acknowledgement) -> bool:
    return (song.done, song.done_at, song.evidence_url) != (item.action, item.at, item.evidence_url)


def _record(
    recall: Recall, generator: Generator, items: Sequence[Acknowledgement], *, by: str
) -> None:
    record_event(
        kind="recall.acknowledged", subject=recall.subject, actor=by, generator=generator.public_id,
        data={
            "songs": [
                {"approval": i.approval, "action": i.action, "at": i.at.isoformat(), "evidence_url": i.evidence_url}
                for i in items
            ]
        },
    )  # fmt: skip
