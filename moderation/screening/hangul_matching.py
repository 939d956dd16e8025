"""Find entries written in Hangul: letter by letter, so that particles may follow, and however the letters are set apart.

An entry begins where a word begins (unless it may stand inside one) and ends where a syllable ends.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import ahocorasick

from moderation.screening.categories import Category, Severity
from moderation.screening.entry_forms import list_abbreviations
from moderation.screening.hangul import (
    is_hangul,
    is_jamo,
    is_loose_consonant,
    is_syllable,
    split_syllable,
    to_initials,
    to_jamo,
)
from moderation.screening.language_pack import Term
from moderation.screening.tokens import Disguise, Word, find_spaced_hangul

SEPARATOR = "\x1f"
_FIRST_VOWEL = "\u314f"
# Laughter, which people set between syllables.
_LAUGHTER = frozenset("ㅋㅎ")
_LONGEST_ABBREVIATION = 4
# Categories whose entries are known by their first consonants alone: single words, not phrases.
_ABBREVIATED = frozenset({Category.HARASSMENT, Category.HATE, Category.PROFANITY, Category.SEXUAL})


@dataclass(frozen=True, slots=True)
class HangulHit:
    """An entry (the code of a language for an allowed phrase) at an interval of the text."""

    entry: Term | str
    start: int
    end: int
    disguise: Disguise | None


class HangulMatcher:
    """The Hangul entries of several packs, ready to be searched."""

    def __init__(self) -> None:
        """Start empty."""
        self._patterns: dict[str, list[Term | str]] = defaultdict(list)
        self._abbreviations: dict[str, list[Term]] = defaultdict(list)
        self._initials: dict[str, list[Term]] = defaultdict(list)
        self._allowed: set[str] = set()
        self._automaton = ahocorasick.Automaton()

    def add(self, entry: Term | str, folded: str, *, inside: bool) -> None:
        """Take an entry in normal form, or an allowed phrase with the code of its language."""
        body = SEPARATOR.join(to_jamo(part) for part in folded.rstrip("*").split())
        self._patterns[body if inside else SEPARATOR + body].append(entry)
        if isinstance(entry, str):
            self._allowed |= list_abbreviations(folded)

    def add_short_forms(self, term: Term, compact: str) -> None:
        """Take the forms of an entry without blanks in which syllables are cut to their first consonants."""
        for form in list_abbreviations(compact):
            self._abbreviations[form].append(term)
        if len(compact) > 2 and term.severity >= Severity.STRONG and term.category in _ABBREVIATED:
            self._initials[to_initials(compact)].append(term)
        if all(map(is_jamo, compact)):
            self._initials[compact].append(term)

    def finish(self) -> None:
        """Make the automaton; nothing can be added after it."""
        for pattern, entries in self._patterns.items():
            self._automaton.add_word(pattern, (len(pattern), entries))
        self._automaton.make_automaton()

    def find(self, text: str, words: Sequence[Word], *, is_overridden: bool) -> Iterator[HangulHit]:
        """Yield the entries in a normalized text.

        is_overridden : the original holds controls that show it in the other direction.
        """
        written = [word for word in words if any(map(is_hangul, word.text))]
        if not written:
            return
        plain = list(self._scan(text, written))
        yield from plain
        for word in written:
            yield from self._find_short(word)
        for run, start, end in (*_read_across(text), *find_spaced_hangul(text)):
            yield from self._match_run(run, start, end, Disguise.SPACED)
        for run, start, end in _read_without_fillers(written):
            for hit in self._match_run(run, start, end, Disguise.JAMO):
                # What stands there plainly is not hidden by what follows it ("병신이라고").
                if not any(hit.entry is p.entry and start <= p.start < end for p in plain):
                    yield hit
        if is_overridden:
            for word in written:
                yield from self._match_run(word.text[::-1], word.start, word.end, Disguise.REVERSED)

    def _scan(self, text: str, words: Sequence[Word]) -> Iterator[HangulHit]:
        joined, places = _spell(text, [(word.start, word.start + len(word.text)) for word in words])
        for last, (length, entries) in self._automaton.iter(joined):
            first = last - length + 1
            while first < last and places[first] is None:
                first += 1
            while last > first and places[last] is None:
                last -= 1
            start, end = places[first], places[last]
            if start is None or end is None or _ends_inside_syllable(text, places, last):
                continue
            if is_loose_consonant(text[end]) and _goes_on(text, start, end + 1):
                continue
            for entry in entries:
                disguise = None
                if isinstance(entry, Term):
                    disguise = _find_disguise(text[start : end + 1], entry.text)
                yield HangulHit(entry, start, end + 1, disguise)

    def _find_short(self, word: Word) -> Iterator[HangulHit]:
        if not any(map(is_jamo, word.text)):
            return
        if all(map(is_jamo, word.text)):
            for term in self._initials.get(word.text, ()):
                yield HangulHit(term, word.start, word.end, Disguise.INITIALS)
            return
        lengths = range(2, min(len(word.text), _LONGEST_ABBREVIATION) + 1)
        if any(word.text[:length] in self._allowed for length in lengths):
            return
        for length in lengths:
            for term in self._abbreviations.get(word.text[:length], ()):
                yield HangulHit(term, word.start, word.start + length, Disguise.JAMO)

    def _match_run(self, run: str, start: int, end: int, disguise: Disguise) -> Iterator[HangulHit]:
        """Yield the entries in letters that stand apart in the text; none if an allowed phrase is among them."""
        for term in self._initials.get(run, ()):
            yield HangulHit(term, start, end, Disguise.INITIALS)
        joined, places = _spell(run, [(0, len(run))])
        found = [
            entry
            for last, (_, entries) in self._automaton.iter(joined)
            if places[last] is None or not _ends_inside_syllable(run, places, last)
            for entry in entries
        ]
        if any(isinstance(entry, str) for entry in found):
            return
        for entry in found:
            if isinstance(entry, Term) and entry.severity >= Severity.REVIEW and not entry.literal:
                yield HangulHit(entry, start, end, disguise)


def _read_across(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield Hangul read across the signs between its letters."""
    for match in re.finditer(r"\S+", text):
        chunk = match[0]
        hangul = [i for i, char in enumerate(chunk) if is_hangul(char)]
        if len(hangul) > 1 and hangul[-1] - hangul[0] + 1 > len(hangul):
            run = "".join(chunk[i] for i in hangul)
            yield run, match.start() + hangul[0], match.start() + hangul[-1] + 1


def _read_without_fillers(words: Sequence[Word]) -> Iterator[tuple[str, int, int]]:
    """Yield words without what draws them out: loose vowels and laughter (썅ㅣ년, 씨ㅋㅋ발), syllables said again (씨이발)."""
    for word in words:
        kept = [
            char
            for i, char in enumerate(word.text)
            if i == 0 or not _draws_out(char, word.text[i - 1])
        ]
        if 1 < len(kept) < len(word.text) and any(map(is_syllable, kept)):
            yield "".join(kept), word.start, word.end


def _draws_out(char: str, before: str) -> bool:
    """Tell whether a character says nothing new: a loose vowel, laughter, the syllable or only the vowel before it."""
    if not is_syllable(char):
        return char in _LAUGHTER or (is_jamo(char) and char >= _FIRST_VOWEL)
    if char == before:
        return True
    letters = split_syllable(char)
    return len(letters) == 2 and letters[0] == "ㅇ" and letters[1] == split_syllable(before)[1:2]


def _find_disguise(written: str, entry: str) -> Disguise | None:
    """Tell whether an entry is written otherwise than in whole syllables, each once."""
    letters = "".join(written.split())
    if all(map(is_loose_consonant, letters)):
        return Disguise.INITIALS
    if not all(map(is_syllable, letters)):
        return Disguise.JAMO
    return None if letters == "".join(entry.split()) else Disguise.REPEAT


def _ends_inside_syllable(text: str, places: Sequence[int | None], last: int) -> bool:
    end = places[last]
    following = places[last + 1] if last + 1 < len(places) else None
    return end is not None and following == end and is_syllable(text[end])


def _goes_on(text: str, start: int, end: int) -> bool:
    """Tell whether first consonants are only the beginning of more of them ("ㅅㅂ" in "ㅅㅂㅈ"), laughter aside."""
    following = text[end : end + 1]
    return (
        is_loose_consonant(following)
        and following not in _LAUGHTER
        and all(map(is_loose_consonant, text[start:end]))
        and not text.startswith(text[start:end], end)
    )


def _spell(text: str, intervals: Sequence[tuple[int, int]]) -> tuple[str, list[int | None]]:
    """Return the letters of the intervals between separators, and the text position behind each.

    A vowel stretched over loose letters (씨ㅣㅣㅣ발) and syllables repeated three times or more are one.
    """
    letters: list[str] = [SEPARATOR]
    places: list[int | None] = [None]
    for start, end in intervals:
        for position in range(start, end):
            char = text[position]
            if position > start and _stretches(char, text[position - 1]):
                continue
            if start + 1 < position and char == text[position - 1] == text[position - 2]:
                continue
            for letter in split_syllable(char):
                letters.append(letter)
                places.append(position)
        letters.append(SEPARATOR)
        places.append(None)
    return "".join(letters), places


def _stretches(char: str, before: str) -> bool:
    """Tell whether a loose vowel only draws out the one before it (씨ㅣㅣㅣ발, 병ㅕㅕㅕ신)."""
    return is_jamo(char) and char >= _FIRST_VOWEL and char in split_syllable(before)
