"""What follows when the songs of a recall are moved: an event of each, and messages to its generator.

The songs come first: a certificate says what became of its song as soon as its chunk is committed, and 100,000 events take
longer than that may wait. What is owed stands in `RecallSong` from the same transaction on; `told_cursor` of the recall moves
with the events or not at all, so that each song is told of once, whoever is killed.
"""

import datetime as dt

from django.db import transaction

from compliance.models import Measure, Recall, RecallSong, SongOutcome
from compliance.services.bulk_events import EventDraft, record_events

# Songs told of in one transaction: SQLite has one writer at a time.
CHUNK = 500


@transaction.atomic
def tell_chunk(*, recall_id: int, now: dt.datetime, size: int = CHUNK) -> int:
    """Tell of the next songs that a recall moved, a cancelled one's too; return how many were looked at, 0 at the end."""
    recall = Recall.objects.select_for_update(of=("self",)).get(pk=recall_id)
    songs = list(
        RecallSong.objects.filter(recall=recall, pk__gt=recall.told_cursor or 0)
        .order_by("pk")
        .values_list(
            "pk", "outcome", "approval__public_id", "approval__submission__public_id", "generator__public_id"
        )[:size]
    )  # fmt: skip
    if not songs:
        return 0
    kind = "reinstated" if recall.measure == Measure.REINSTATE else recall.target_status.value
    n_before = recall.n_told or 0
    drafts = [
        EventDraft(
            kind=f"approval.{kind}", subject=f"approval:{approval}", actor=recall.opened_by, generator=generator,
            data={"recall": recall.public_id, "submission": submission},
        )
        for _, outcome, approval, submission, generator in songs
        if outcome == SongOutcome.MOVED
    ]  # fmt: skip
    record_events(drafts, now=now, n_before=n_before)
    recall.n_told = n_before + len(drafts)
    recall.told_cursor = songs[-1][0]
    recall.save(update_fields=["told_cursor", "n_told"])
    return len(songs)
