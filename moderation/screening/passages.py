"""Cut long texts into passages that are judged one by one, so that a threat does not drown in a long letter."""

import re
from collections.abc import Iterator

from moderation.screening.categories import Kind

# Lyrics are judged by verses of so many lines.
LINES_PER_VERSE = 4
# A message up to this long is one passage; a longer one is cut at sentences into passages about this long. Unit: code
# points; three times the longest dedication the model was trained on.
PASSAGE_LENGTH = 1_200

_LINES = re.compile(r"[^\n]*\S[^\n]*")
_SENTENCES = re.compile(r"\S.*?(?:[.!?…。]+(?=\s)|\n|$)", re.DOTALL)


def split_passages(*, text: str, kind: Kind) -> list[tuple[int, int]]:
    """Return the intervals of the passages, in order, at least one for a text that is not blank."""
    if kind is Kind.LYRICS:
        lines = [match.span() for match in _LINES.finditer(text)]
        verses = [lines[i : i + LINES_PER_VERSE] for i in range(0, len(lines), LINES_PER_VERSE)]
        return [part for verse in verses for part in _cut(verse[0][0], verse[-1][1])]
    if len(text) <= PASSAGE_LENGTH:
        return [(0, len(text))]
    return list(_join_sentences(text))


def split_lines(text: str, *, start: int, end: int) -> list[tuple[int, int]]:
    """Return the intervals of the lines of a passage that hold anything."""
    return [match.span() for match in _LINES.finditer(text, start, end)]


def _join_sentences(text: str) -> Iterator[tuple[int, int]]:
    start = end = 0
    for match in _SENTENCES.finditer(text):
        if end > start and match.end() - start > PASSAGE_LENGTH:
            yield from _cut(start, end)
            start = match.start()
        end = match.end()
    yield from _cut(start, end)


def _cut(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut an interval that has no place to cut at."""
    for first in range(start, end, PASSAGE_LENGTH):
        yield first, min(end, first + PASSAGE_LENGTH)
