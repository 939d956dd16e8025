"""The approved songs that use a stem. The catalog knows no songs; the project names a function that finds them."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from django.utils.module_loading import import_string

# Name of the setting that holds the dotted path of that function.
APPROVED_SONGS_SETTING: Final = "CATALOG_FIND_APPROVED_SONGS"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedSong:
    """A song with an approval, as legal staff want to see it; `url` leads to what it was approved on."""

    id: str
    generator: str
    status: str
    approved_at: datetime
    valid_until: datetime
    url: str


FindApprovedSongs = Callable[[Collection[str]], Sequence[ApprovedSong]]


def find_approved_songs(stems: Collection[str]) -> tuple[ApprovedSong, ...]:
    """Return the songs with an approval that use any of the stems; none if the project does not say how to find them."""
    path = getattr(settings, APPROVED_SONGS_SETTING, "")
    if not path or not stems:
        return ()
    find: FindApprovedSongs = import_string(path)
    return tuple(find(stems))


def count_by_status(songs: Collection[ApprovedSong]) -> str:
    """Return how many songs there are of each status: `3 live, 1 revoked`."""
    counts = Counter(song.status for song in songs)
    return ", ".join(f"{count} {status}" for status, count in counts.most_common())
