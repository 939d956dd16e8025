# ruff: noqa: RUF001, RUF003 - signs that look like others are the subject
"""Cut a normalized text into words, and undo the ways in which words are disguised.

A word is a run of letters and digits. A disguised form is a guess at the word somebody meant, with the
interval it was read from; guesses are only looked up whole in the lexicon, so a wrong guess finds nothing.
"""

import re
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice, product, takewhile

from moderation.screening.hangul import is_hangul
from moderation.screening.normalization import strip_accents


class Disguise(StrEnum):
    """How a word was hidden."""

    LEET = "leet"  # digits and signs for letters: sh1t, a$$
    MASK = "mask"  # letters starred out: f*ck
    SPLIT = "split"  # signs between letters: s.h.i.t, sh-it, sh🎵it
    SPACED = "spaced"  # letters apart: s h i t
    REPEAT = "repeat"  # letters repeated: shiiiit
    VOWELS = "vowels"  # vowels left out: sht
    INITIALS = "initials"  # first consonants only: ㅅㅂ
    ROMAN = "roman"  # Korean in Latin letters: ssibal
    JAMO = (
        "jamo"  # Hangul letter by letter, with fillers, or partly abbreviated: ㅆㅣ발, 씨ㅋ발, 병ㅅ
    )
    LOOKALIKE = "lookalike"  # letters that are others, decorated or invisible: ѕһіt, ｓｈｉｔ, ṣḥịṭ
    REVERSED = "reversed"  # from the last letter to the first: tihs


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the text.

    text : in normal form, with accents. bare : without. start, end : offsets in the normalized text.
    """

    text: str
    bare: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Guess:
    """A word somebody may have meant.

    form : without accents; for masks a pattern in which `.` is one unknown letter.
    """

    form: str
    disguise: Disguise
    start: int
    end: int


# A picture sign is a word of its own (🖕).
_WORD = re.compile(r"[^\W_]+|[\U0001f300-\U0001faff]")
_CHUNK = re.compile(r"\S+")
_EDGES = ".,;:!?\"'()[]{}…¡¿«»“”‘’„`´-–—~/\\<>|&^=+*#_"
# What ends a word and never stands for a letter of it.
_ENDS = ".,;:?)\"'"
# Signs read as letters. `1`, `!`, `|` and `l` are one class, because each stands for i and for l.
_LEET_SIGNS = "0134567892@$!|+€£¥(<"
_TO_SKELETON = str.maketrans("0134567892@$!|+€£¥(<lv", "oieasgtbgzasiiteiycciu")
# The same signs as letters: `1`, `!` and `|` once as i, once as l.
_TO_LETTERS = (
    str.maketrans("0134567892@$!|+€£¥(<", "oieasgtbgzasiiteiycc"),
    str.maketrans("0134567892@$!|+€£¥(<", "oleasgtbgzaslltelycc"),
)
_MIN_READ_LENGTH = 3
_LETTER = r"[^\W\d_]"
_HAS_LEET = re.compile(rf"[{re.escape(_LEET_SIGNS)}]")
_MASK = re.compile(r"[*#%•●■□▪★☆?_°^×~✱✻∗]")
_LONG_RUN = re.compile(r"(.)\1{2,}", re.DOTALL)
_ANY_RUN = re.compile(r"(.)\1+", re.DOTALL)
# Single letters, each followed by one to three signs or blanks, at least three of them.
_SPACED = re.compile(r"(?<![^\W_])(?:(?:ss|[^\W_])(?:\W|_){1,3}){2,}(?:ss|[^\W_])(?![^\W_])")
_SPACED_LETTER = re.compile(r"ss|[^\W_]")
_SPACED_HANGUL = re.compile(
    r"(?<![^\W_])(?:[\u3131-\u3163\uac00-\ud7a3](?:\W|_|\d){1,3})+[\u3131-\u3163\uac00-\ud7a3](?![^\W_])"
)
# Words of one letter, which may stand before and after a spelled one ("u s h i t", "p u t a y"), and how many of them.
_ONE_LETTER_WORDS = frozenset("aàáeéiouóyru")
_MOST_ONE_LETTER_WORDS = 2
# Letters as flags are made of them, three or more.
_FLAG_LETTERS = re.compile(r"[\U0001f1e6-\U0001f1ff](?:\W{0,2}[\U0001f1e6-\U0001f1ff]){2,}")
_FIRST_FLAG_LETTER = 0x1F1E6
# Every letter twice.
_DOUBLED = re.compile(r"(?:([^\W\d_])\1){3,}")
# A sign or a digit between letters; Hangul touching Latin letters or digits on both sides of a syllable.
_ODD = re.compile(r"[^\W\d_][0134567892@$!|€£¥*#%+]+[^\W\d_]")
_MIXED = re.compile(
    r"[\u3131-\u318e\uac00-\ud7a3][a-z\d@!*.]+[\u3131-\u318e\uac00-\ud7a3]|[\u3131-\u318e][a-z]"
)
_WIDE_GAP = re.compile(r"(?:\W|_){2,}")
_DOTS = re.compile(r"\.{3,}")
# Most letters a mask may hide, and fewest it must show.
_MAX_MASKED = 8
_MIN_SHOWN = 2


def find_words(text: str) -> list[Word]:
    """Return the words of a normalized text, in order."""
    if text.isascii():
        return [Word(m[0], m[0], m.start(), m.end()) for m in _WORD.finditer(text)]
    return [Word(m[0], strip_accents(m[0]), m.start(), m.end()) for m in _WORD.finditer(text)]


def to_skeleton(form: str) -> str:
    """Return the form with letters and the signs that stand for them folded together."""
    return form.translate(_TO_SKELETON)


def squeeze(form: str) -> str:
    """Return the form with every repeated letter once."""
    return _ANY_RUN.sub(r"\1", form)


def find_guesses(text: str) -> Iterator[Guess]:
    """Yield the words that may be hidden in a normalized text (Latin letters; Hangul has its own way)."""
    for match in _CHUNK.finditer(text):
        chunk = match[0]
        if chunk.isalpha() and not _LONG_RUN.search(chunk) and not _DOUBLED.fullmatch(chunk):
            continue
        yield from _guess_chunk(chunk, match.start())
    for match in _SPACED.finditer(text):
        yield from _guess_spaced(match[0], match.start())
    for match in _FLAG_LETTERS.finditer(text):
        letters = (ord(char) - _FIRST_FLAG_LETTER for char in match[0] if char >= "\U0001f1e6")
        form = "".join(chr(ord("a") + letter) for letter in letters)
        yield Guess(form, Disguise.LOOKALIKE, match.start(), match.end())


def _guess_chunk(chunk: str, offset: int) -> Iterator[Guess]:
    left = len(chunk) - len(chunk.lstrip(_EDGES))
    core = chunk.strip(_EDGES)
    bare = strip_accents(core)
    if len(bare) != len(core):  # a ligature: offsets would slip, so offer the whole chunk
        left, core = 0, bare
    start, end = offset + left, min(offset + left + len(core), offset + len(chunk))
    if any(is_hangul(char) for char in core):
        return
    letters = re.sub(rf"(?!{_LETTER}).", "", bare)
    ended = len(chunk.rstrip(_ENDS))
    whole = strip_accents(chunk[:ended])
    if _HAS_LEET.search(whole) and (letters or "@" in whole or "$" in whole):
        for candidate in {bare, whole, whole.rstrip("!")}:
            if len(candidate) > 2 and _HAS_LEET.search(candidate):
                skeleton = to_skeleton(re.sub(r"[^\w@$!|+€£¥(<]|_", "", candidate))
                yield Guess(skeleton, Disguise.LEET, start, offset + ended)
    if not letters:
        return
    if not bare.isalnum():
        yield Guess(re.sub(r"[\W_]", "", bare), Disguise.SPLIT, start, end)
        if letters != re.sub(r"[\W_]", "", bare):
            yield Guess(letters, Disguise.SPLIT, start, end)
        yield from _guess_masks(chunk, offset)
    elif letters != bare:
        yield Guess(letters, Disguise.SPLIT, start, end)
    if _DOUBLED.fullmatch(letters):
        yield Guess(letters[::2], Disguise.REPEAT, start, end)
    if _LONG_RUN.search(letters):
        yield Guess(_LONG_RUN.sub(r"\1", letters), Disguise.REPEAT, start, end)
        yield Guess(_LONG_RUN.sub(r"\1\1", letters), Disguise.REPEAT, start, end)
        yield Guess(squeeze(letters), Disguise.REPEAT, start, end)


def _guess_masks(chunk: str, offset: int) -> Iterator[Guess]:
    shown = strip_accents(chunk.strip(".,;:!\"'()¡¿«»“”…-"))
    if shown[:1] == shown[-1:] and _MASK.match(shown):  # *emphasis*
        return
    start = offset + chunk.find(shown[0])
    for piece in re.split(r"['’/]", shown):
        pattern = re.sub(r"[^\w]|_|\d", ".", re.sub(r"[\ufe0f\u200d]", "", piece))
        at = start + shown.find(piece)
        # Dots in a row leave open how many letters they stand for ("f...k").
        for form in dict.fromkeys(
            (pattern, _DOTS.sub(".", pattern) if "..." in piece else pattern)
        ):
            hidden = form.count(".")
            if 0 < hidden <= _MAX_MASKED and len(form) - hidden >= _MIN_SHOWN:
                yield Guess(form, Disguise.MASK, at, at + len(piece))


def _guess_spaced(run: str, offset: int) -> Iterator[Guess]:
    for signs, start, end in _list_spelled(run, offset):
        letters = strip_accents(re.sub(r"[\W_]", "", signs))
        yield Guess(letters, Disguise.SPACED, start, end)
        # "a a s s" is a word of one letter before one that begins alike, not a double letter.
        if letters[0] != letters[1] or letters[0] not in _ONE_LETTER_WORDS:
            yield Guess(squeeze(letters), Disguise.SPACED, start, end)
        joined = re.sub(r"[\s._-]", "", signs)
        if _HAS_LEET.search(joined):
            yield Guess(to_skeleton(joined), Disguise.LEET, start, end)


def _list_spelled(run: str, offset: int) -> Iterator[tuple[str, int, int]]:
    """Yield the words that letters standing apart may spell, with their intervals: the longest first.

    A wide gap may part two words, and words of one letter may stand before and after a spelled one.
    """
    gaps = [gap.span() for gap in _WIDE_GAP.finditer(run)]
    starts = [0, *(end for _, end in gaps)]
    ends = [*(start for start, _ in gaps), len(run)]
    for first, last in dict.fromkeys([(0, len(run)), *zip(starts, ends, strict=True)]):
        letters = [(m[0], m.start(), m.end()) for m in _SPACED_LETTER.finditer(run, first, last)]
        before = _count_one_letter_words(letter for letter, _, _ in letters)
        after = _count_one_letter_words(letter for letter, _, _ in reversed(letters))
        for n_before, n_after in product(range(before + 1), range(after + 1)):
            spelled = letters[n_before : len(letters) - n_after]
            if len(spelled) > 2:
                start, end = spelled[0][1], spelled[-1][2]
                yield run[start:end], offset + start, offset + end


def _count_one_letter_words(letters: Iterable[str]) -> int:
    """Return how many of the first letters may be words of their own."""
    first = islice(letters, _MOST_ONE_LETTER_WORDS)
    return sum(1 for _ in takewhile(_ONE_LETTER_WORDS.__contains__, first))


def read_chunk(chunk: str, known: Container[str]) -> str | None:
    """Return what a chunk with signs or repeats in it was meant to say, if that is a known word; else None."""
    bare = strip_accents(chunk).strip(_EDGES)
    if len(bare) < _MIN_READ_LENGTH or not re.search(_LETTER, bare):
        return None
    candidates = [_LONG_RUN.sub(r"\1", bare), _LONG_RUN.sub(r"\1\1", bare)]
    for table in _TO_LETTERS:
        read = re.sub(r"[\W_]", "", bare.translate(table))
        candidates += [read, _LONG_RUN.sub(r"\1", read)]
    letters = re.sub(r"[\W\d_]", "", bare)
    candidates.append(letters)
    return next((word for word in candidates if word != bare and word in known), None)


def find_chunks(text: str) -> Iterator[tuple[tuple[str, int, int], ...]]:
    """Yield what may hide a word, with its interval: runs that are more than letters, and letters standing apart.

    Of letters standing apart all words that they may spell are given together.
    """
    apart = [(match.start(), match.end()) for match in _SPACED.finditer(text)]
    chunks = [(run,) for run in _find_runs(text) if not any(a <= run[1] < b for a, b in apart)]
    if not apart:
        yield from chunks
        return
    spelled = [tuple(_list_spelled(text[start:end], start)) for start, end in apart]
    yield from sorted([*chunks, *filter(None, spelled)], key=lambda options: options[0][1])


def _find_runs(text: str) -> Iterator[tuple[str, int, int]]:
    for match in _CHUNK.finditer(text):
        run = match[0].rstrip(_ENDS)
        if run and (not run.isalpha() or _LONG_RUN.search(run)):
            yield run, match.start(), match.start() + len(run)


def count_odd_words(text: str) -> int:
    """Return how many runs between blanks hold signs between letters, or Hangul beside Latin letters."""
    return sum(
        1
        for match in _CHUNK.finditer(text)
        if not match[0].isalpha() and (_ODD.search(match[0]) or _MIXED.search(match[0]))
    )


def has_spaced_letters(text: str) -> bool:
    """Tell whether letters stand apart."""
    return _SPACED.search(text) is not None


def find_spaced_hangul(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield runs of Hangul characters standing apart, joined, with their interval."""
    for match in _SPACED_HANGUL.finditer(text):
        yield "".join(filter(is_hangul, match[0])), match.start(), match.end()
