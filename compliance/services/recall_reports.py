"""What a licensor gets to see of a recall: every song, what became of it, and what its generator says it did."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from compliance.models import Recall, RecallSong

HEADS = (
    "recall", "source", "generator", "approval", "audio_sha256", "outcome", "state_before", "state_after", "moved_at",
    "required_action", "deadline_at", "acknowledged_action", "done_at", "acknowledged_at", "evidence_url",
)  # fmt: skip
CHUNK = 1000


@dataclass(slots=True)
class _Line:
    """A file of one line, which a CSV writer fills."""

    text: str = ""

    def write(self, text: str) -> None:
        """Keep the line."""
        self.text = text


def write_report(*, recall: Recall, source: str) -> Iterator[str]:
    """Yield the lines of the report as CSV, however many songs there are."""
    line = _Line()
    writer = csv.writer(line)
    writer.writerow(HEADS)
    yield line.text
    songs = (
        RecallSong.objects.filter(recall=recall)
        .select_related("approval__submission", "generator")
        .defer("approval__certificate", "approval__submission__manifest")
        .order_by("id")
    )
    for song in songs.iterator(chunk_size=CHUNK):
        writer.writerow([_defuse(cell) for cell in _list_cells(recall, song, source=source)])
        yield line.text


def _list_cells(recall: Recall, song: RecallSong, *, source: str) -> list[Any]:
    return [
        recall.public_id, source, song.generator.name, song.approval.public_id, song.approval.submission.audio_sha256,
        song.outcome, song.from_status, song.to_status, song.moved_at.isoformat(), recall.required_action,
        recall.deadline_at.isoformat(), song.done, song.done_at.isoformat() if song.done_at else "",
        song.acknowledged_at.isoformat() if song.acknowledged_at else "", song.evidence_url,
    ]  # fmt: skip


def _defuse(cell: Any) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    text = str(cell)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
