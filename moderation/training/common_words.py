"""List the everyday words of each language: words in which no disguise is read.

`python -m moderation.training.common_words` rewrites `languages/<code>/common.txt` from the harmless rows of the
training data. A word is everyday if at least two rows hold it and it is no lexicon entry of its language.
"""

import re
from collections import Counter

from moderation.screening.categories import Severity
from moderation.screening.language_pack import LANGUAGES_DIR, load_language_pack
from moderation.screening.languages import LANGUAGES
from moderation.screening.normalization import normalize_text, strip_accents
from moderation.training.dedications import Split, load_dedications
from moderation.training.sources import read_public_rows

MIN_ROWS = 2
MIN_LETTERS = 3
# Sources whose harmless rows still curse.
_ROUGH_SOURCES = frozenset({"davidson", "stormfront", "curse2runo", "beep", "hatemojibuild"})
_WORD = re.compile(r"[^\W\d_]+")


def list_common_words(language: str) -> list[str]:
    """Return the everyday words of a language, without accents, sorted."""
    texts = [
        row.text
        for row in read_public_rows(language=language, split=Split.TRAIN)
        if not row.violating and row.source not in _ROUGH_SOURCES
    ]
    texts += [
        row.text
        for row in load_dedications(language)
        if not row.violating and row.split is Split.TRAIN
    ]
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(set(_WORD.findall(strip_accents(normalize_text(text).text))))
    entries = {
        strip_accents(normalize_text(term.text).text)
        for term in load_language_pack(language).terms
        if term.severity >= Severity.REVIEW
    }
    return sorted(
        word
        for word, rows in counts.items()
        if rows >= MIN_ROWS and len(word) >= MIN_LETTERS and word.isascii() and word not in entries
    )


def main() -> None:
    """Rewrite the lists."""
    for language in LANGUAGES:
        words = list_common_words(language)
        path = LANGUAGES_DIR / language / "common.txt"
        path.write_text("\n".join(words) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
