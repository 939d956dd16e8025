"""List the everyday words of each language: words in which no disguise is read.

`python -m moderation.training.common_words` rewrites `languages/<code>/common.txt` from the harmless rows of the
training data. A word is everyday if two rows hold it, or one of a source that never curses, and it is no lexicon
entry of its language.
"""

import re
from collections import Counter

from moderation.screening.categories import Severity
from moderation.screening.hangul import is_hangul
from moderation.screening.language_pack import LANGUAGES_DIR, load_language_pack
from moderation.screening.languages import LANGUAGES
from moderation.screening.normalization import normalize_text, strip_accents
from moderation.training.dedications import Split, load_authored
from moderation.training.sources import read_public_rows

MIN_ROWS = 2
MIN_LETTERS = 3
MIN_SYLLABLES = 2
# Sources whose harmless rows still curse.
_ROUGH_SOURCES = frozenset({"davidson", "stormfront", "curse2runo", "beep", "hatemojibuild"})
# Sources without a bad word: one of their rows is enough.
_KIND_SOURCES = ("tatoeba", "fortunes")
_WORD = re.compile(r"[^\W\d_]+")


def list_common_words(language: str) -> list[str]:
    """Return the everyday words of a language, without accents, sorted."""
    kind: list[str] = []
    mixed: list[str] = []
    for row in read_public_rows(language=language, split=Split.TRAIN):
        if not row.violating and row.source not in _ROUGH_SOURCES:
            (kind if row.source.startswith(_KIND_SOURCES) else mixed).append(row.text)
    kind += [
        row.text
        for row in load_authored(language)
        if not row.violating and row.split is Split.TRAIN
    ]
    counts: Counter[str] = Counter()
    for texts, worth in ((kind, MIN_ROWS), (mixed, 1)):
        for text in texts:
            for word in set(_WORD.findall(strip_accents(normalize_text(text).text))):
                counts[word] += worth
    entries = {
        strip_accents(normalize_text(term.text).text)
        for term in load_language_pack(language).terms
        if term.severity >= Severity.REVIEW
    }
    return sorted(
        word
        for word, rows in counts.items()
        if rows >= MIN_ROWS
        and (word.isascii() if language != "ko" else all(map(is_hangul, word)))
        and len(word) >= (MIN_LETTERS if language != "ko" else MIN_SYLLABLES)
        and word not in entries
    )


def main() -> None:
    """Rewrite the lists."""
    for language in LANGUAGES:
        words = list_common_words(language)
        path = LANGUAGES_DIR / language / "common.txt"
        path.write_text("\n".join(words) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
