"""Cut a text into pieces with and without findings, for a page that marks them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A piece of a text; labels : what was found in it, empty for plain text."""

    text: str
    labels: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """What was found, for people."""
        return ", ".join(self.labels)


def mark_text(*, text: str, spans: Iterable[Mapping[str, Any]]) -> list[Piece]:
    """Return the text in pieces; a piece inside several spans carries all their labels.

    Spans that reach outside the text are cut to it.
    """
    found = [(max(0, span["start"]), min(len(text), span["end"]), _label(span)) for span in spans]
    cuts = sorted({0, len(text), *(start for start, _, _ in found), *(end for _, end, _ in found)})
    return [
        Piece(
            text=text[start:end],
            labels=tuple(
                dict.fromkeys(
                    label for first, last, label in found if first <= start and end <= last
                )
            ),
        )
        for start, end in pairwise(cuts)
    ]


def _label(span: Mapping[str, Any]) -> str:
    return f"{span['category']}: {span['term']}" if span.get("term") else str(span["category"])
