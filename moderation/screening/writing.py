"""Tell how a finding is written in the original: plainly, or with letters that only look like its own."""

import re
import unicodedata

from moderation.screening.homoglyphs import TURNED, UPSIDE_DOWN
from moderation.screening.normalization import NormalizedText, strip_accents

# Controls that show a text in the other direction.
_OVERRIDES = re.compile("[\u202d\u202e]")
_CONJOINING = re.compile("[\u1100-\u11ff]")
_SYLLABLE = re.compile("[\uac00-\ud7a3]")
# A sign after a picture that asks for its color; not a disguise.
_PICTURE_STYLE = "\ufe0f"
_LAST_COMMON_LETTER = "\u017f"
_MIN_TURNED = 2


def is_written_with_lookalikes(normalized: NormalizedText, *, start: int, end: int) -> bool:
    """Tell whether normalizing did more to `text[start:end]` than small letters and composed accents.

    Hangul that comes in conjoining letters is plain where the whole text does (some systems store it so), and hidden where
    the rest is in syllables.
    """
    if normalized.original.isascii():
        return False
    first, last = normalized.locate(start=start, end=end)
    written = normalized.original[first:last].replace(_PICTURE_STYLE, "")
    plain = unicodedata.normalize("NFC", written).casefold()
    if _ignore_blanks(plain) != _ignore_blanks(normalized.text[start:end]):
        return True
    return bool(_CONJOINING.search(written) and _SYLLABLE.search(normalized.original))


def is_decorated(written: str, entry: str) -> bool:
    """Tell whether a word in normal form carries accents the entry does not: two, or one that our languages do not have.

    Phrases do not count: packs write many of them without accents.
    """
    if " " in entry:
        return False
    bare, bare_entry = strip_accents(written), strip_accents(entry)
    if written == bare or len(written) != len(bare) or len(entry) != len(bare_entry):
        return False
    added = [
        char
        for char, letter, expected in zip(written, bare, entry, strict=False)
        if char != letter and char != expected and letter == strip_accents(expected)
    ]
    return len(added) > 1 or any(char > _LAST_COMMON_LETTER for char in added)


def is_overridden(text: str) -> bool:
    """Tell whether controls show a part of the text in the other direction."""
    return _OVERRIDES.search(text) is not None


def turn_around(written: str) -> str | None:
    """Return what a word in upside-down letters says ("ʇᴉɥs" gives "shit"); None if it has none."""
    if sum(map(UPSIDE_DOWN.__contains__, written)) < _MIN_TURNED:
        return None
    upright = (UPSIDE_DOWN.get(char) or char.translate(TURNED) for char in reversed(written))
    return "".join(upright)


def _ignore_blanks(text: str) -> str:
    return "".join(text.split())
