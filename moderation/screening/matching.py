"""Find lexicon entries in a normalized text: whole words and phrases, plain or disguised.

One Aho-Corasick automaton reads the words of the text, each between separators, so an entry never matches
in the middle of a word ("class" does not hold "ass"). A second one reads Hangul letter by letter. What was
disguised is looked up whole in tables made from the entries.
"""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import ahocorasick

from moderation.screening.categories import Severity
from moderation.screening.hangul import (
    is_hangul,
    is_jamo,
    is_syllable,
    split_syllable,
    to_initials,
    to_jamo,
    to_keys,
    to_roman,
)
from moderation.screening.language_pack import (
    LanguagePack,
    Term,
    load_common_words,
    load_language_pack,
)
from moderation.screening.languages import LANGUAGES
from moderation.screening.normalization import NormalizedText, fold_cluster, strip_accents
from moderation.screening.tokens import (
    Disguise,
    Guess,
    Word,
    find_chunks,
    find_guesses,
    find_spaced_hangul,
    find_words,
    read_chunk,
    squeeze,
    to_skeleton,
)

SEPARATOR = "\x1f"
# Shortest entry that is looked for with letters left out or starred out; shorter ones meet everyday words.
_MIN_MASKED_LENGTH = 3
_MIN_DROPPED_LENGTH = 3
# Shortest entry of another language that counts in a message of this one.
_MIN_FOREIGN_LENGTH = 5
_VOWELS = "aeiou"
_LONE_NEIGHBORS = frozenset(_VOWELS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A lexicon entry found in the text; start, end : offsets in the normalized text."""

    term: Term
    start: int
    end: int
    disguise: Disguise | None = None


@dataclass(slots=True)
class _Tables:
    """Entries by what a disguised word may look like."""

    exact: dict[str, list[Term]] = field(default_factory=lambda: defaultdict(list))
    skeleton: dict[str, list[Term]] = field(default_factory=lambda: defaultdict(list))
    squeezed: dict[str, list[Term]] = field(default_factory=lambda: defaultdict(list))
    dropped: dict[str, list[Term]] = field(default_factory=lambda: defaultdict(list))
    roman: dict[str, list[Term]] = field(default_factory=lambda: defaultdict(list))
    initials: dict[str, list[Term]] = field(default_factory=lambda: defaultdict(list))
    by_length: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))


class Lexicon:
    """The entries of several packs, ready to be searched."""

    def __init__(
        self, packs: Collection[LanguagePack], *, common_words: Mapping[str, Collection[str]]
    ) -> None:
        """Index the packs; `common_words` are the everyday words of each language."""
        self._words = ahocorasick.Automaton()
        self._hangul = ahocorasick.Automaton()
        self._tables = _Tables()
        self._common_of = {code: frozenset(words) for code, words in common_words.items()}
        self._common_together: dict[tuple[str, ...], frozenset[str]] = {}
        self._lengths: dict[tuple[int, int], list[str]] = {}
        self._common = frozenset[str]().union(*self._common_of.values())
        entries: dict[tuple[bool, str], list[Term | str]] = defaultdict(list)
        for pack in packs:
            for term in pack.terms:
                self._index_term(term, entries)
            for phrase in pack.allowed:
                folded = "".join(map(fold_cluster, phrase))
                key = _pattern_of(folded, prefix=phrase.endswith("*"), inside=False)
                entries[key].append(pack.code)
        for (hangul, pattern), terms in entries.items():
            automaton = self._hangul if hangul else self._words
            automaton.add_word(pattern, (len(pattern), terms))
        self._words.make_automaton()
        self._hangul.make_automaton()
        self._mask_lists = {
            length: "\n".join(sorted(set(forms)))
            for length, forms in self._tables.by_length.items()
        }

    def find(
        self, normalized: NormalizedText, *, primary: str, languages: Collection[str]
    ) -> list[Hit]:
        """Return the entries in the text, by position.

        primary : the language of the text. languages : those it may be in, whose entries all count; of others only
        what is unmistakable does.
        """
        text = normalized.text
        words = find_words(text)
        hits: list[Hit] = []
        allowed: list[tuple[int, int]] = []
        for entry, start, end in (*self._scan(words), *self._scan_hangul(text, words)):
            if isinstance(entry, Term):
                hits.append(Hit(term=entry, start=start, end=end))
            elif entry in languages:
                allowed.append((start, end))
        common = self._find_common(languages)
        hits.extend(self._find_in_reading(text, common))
        hits.extend(self._find_disguised(text, words, common))
        kept = [
            hit
            for hit in hits
            if not any(start <= hit.start and hit.end <= end for start, end in allowed)
            and self._counts(hit, text=text, primary=primary, languages=languages)
        ]
        return _without_duplicates(kept)

    def _index_term(self, term: Term, entries: dict[tuple[bool, str], list[Term | str]]) -> None:
        folded = "".join(map(fold_cluster, term.text))
        entries[_pattern_of(folded, prefix=term.prefix, inside=term.inside)].append(term)
        compact = re.sub(r"[\W_]", "", strip_accents(folded))
        if term.literal or not compact:
            return
        tables = self._tables
        if any(map(is_hangul, compact)):
            if term.severity >= Severity.REVIEW:
                for form in _romanizations(compact):
                    tables.roman[form].append(term)
                if len(compact) > 2 and term.severity >= Severity.STRONG:
                    tables.initials[to_initials(compact)].append(term)
                if all(map(is_jamo, compact)):
                    tables.initials[compact].append(term)
            return
        tables.exact[compact].append(term)
        tables.skeleton[to_skeleton(compact)].append(term)
        tables.squeezed[squeeze(compact)].append(term)
        if term.severity >= Severity.REVIEW:
            if len(compact) >= _MIN_MASKED_LENGTH:
                tables.by_length[len(compact)].append(compact)
            for form in _drop_vowels(compact):
                if form not in self._common:
                    tables.dropped[form].append(term)

    def _scan(self, words: Sequence[Word]) -> Iterator[tuple[Term | str, int, int]]:
        """Yield entries (the language's code for an allowed phrase) matched on whole words."""
        if not words:
            return
        starts, position = [], 1
        for word in words:
            starts.append(position)
            position += len(word.bare) + 1
        joined = SEPARATOR + SEPARATOR.join(word.bare for word in words) + SEPARATOR
        for last, (length, terms) in self._words.iter(joined):
            first_word = bisect_right(starts, last - length + 2) - 1
            last_word = bisect_right(starts, last) - 1
            start, end = words[first_word].start, words[last_word].end
            for term in terms:
                if (
                    isinstance(term, str)
                    or not term.accented
                    or _has_accents(term, words[first_word : last_word + 1])
                ):
                    yield term, start, end

    def _scan_hangul(
        self, text: str, words: Sequence[Word]
    ) -> Iterator[tuple[Term | str, int, int]]:
        """Yield entries matched on Hangul letters, ending where a syllable ends."""
        runs = [(word.text, word.start, None) for word in words if any(map(is_hangul, word.text))]
        if not runs:
            return
        joined, places = _spell_hangul(text, [(start, start + len(run)) for run, start, _ in runs])
        for last, (length, terms) in self._hangul.iter(joined):
            first = last - length + 1
            while first < last and places[first] is None:
                first += 1
            while last > first and places[last] is None:
                last -= 1
            start, end = places[first], places[last]
            if start is None or end is None:
                continue
            following = places[last + 1] if last + 1 < len(places) else None
            if following == end and is_syllable(text[end]):
                continue  # the entry ends inside a syllable
            for term in terms:
                yield term, start, end + 1

    def reveal(self, text: str, *, languages: Collection[str]) -> str:
        """Return a normalized text with its disguised words as they were meant, where that is sure."""
        reading = self._read(text, self._find_common(languages))
        return text if reading is None else reading.text

    def _read(self, text: str, common: frozenset[str]) -> NormalizedText | None:
        """Return the text as meant, each character with its place in the text; None if nothing is disguised."""
        pieces: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        done = 0
        for chunk, start, end in find_chunks(text):
            word = (
                read_chunk(chunk, common)
                or read_chunk(chunk, self._tables.exact)
                or self._read_mask(chunk, common)
            )
            if word is not None:
                pieces += [text[done:start], word]
                starts += [*range(done, start), *[start] * len(word)]
                ends += [*range(done + 1, start + 1), *[end] * len(word)]
                done = end
        if not pieces:
            return None
        return NormalizedText(
            original=text,
            text="".join([*pieces, text[done:]]),
            starts=[*starts, *range(done, len(text))],
            ends=[*ends, *range(done + 1, len(text) + 1)],
        )

    def _read_mask(self, chunk: str, common: frozenset[str]) -> str | None:
        """Return the everyday word behind the first mask, if there is one and no entry fits."""
        guess = next((g for g in find_guesses(chunk) if g.disguise is Disguise.MASK), None)
        if guess is None or self._look_up(guess, common):
            return None
        pattern = re.compile(re.escape(guess.form).replace(r"\.", "[a-z]"))
        words = self._common_by_length(common, len(guess.form))
        return next((word for word in words if pattern.fullmatch(word)), None)

    def _common_by_length(self, common: frozenset[str], length: int) -> Sequence[str]:
        key = (id(common), length)
        if key not in self._lengths:
            self._lengths[key] = sorted(word for word in common if len(word) == length)
        return self._lengths[key]

    def _find_in_reading(self, text: str, common: frozenset[str]) -> Iterator[Hit]:
        """Yield entries, phrases above all, that only show when disguised words are read."""
        reading = self._read(text, common)
        if reading is None:
            return
        for entry, first, last in self._scan(find_words(reading.text)):
            start, end = reading.locate(start=first, end=last)
            if isinstance(entry, Term) and reading.text[first:last] != text[start:end]:
                yield Hit(term=entry, start=start, end=end, disguise=Disguise.LEET)

    def _find_common(self, languages: Collection[str]) -> frozenset[str]:
        """Return the everyday words of the languages together."""
        key = tuple(sorted(languages))
        if key not in self._common_together:
            of = self._common_of
            self._common_together[key] = frozenset[str]().union(
                *(of[code] for code in key if code in of)
            )
        return self._common_together[key]

    def _find_disguised(
        self, text: str, words: Sequence[Word], common: frozenset[str]
    ) -> Iterator[Hit]:
        tables = self._tables
        for word in words:
            if word.bare in common:
                continue
            for table, disguise in (
                (tables.dropped, Disguise.VOWELS),
                (tables.roman, Disguise.ROMAN),
            ):
                for term in table.get(word.bare, ()):
                    yield Hit(term=term, start=word.start, end=word.end, disguise=disguise)
            if all(map(is_jamo, word.text)):
                for term in tables.initials.get(word.text, ()):
                    yield Hit(term=term, start=word.start, end=word.end, disguise=Disguise.INITIALS)
        for guess in find_guesses(text):
            for term in self._look_up(guess, common):
                yield Hit(term=term, start=guess.start, end=guess.end, disguise=guess.disguise)
        for run, start, end in self._hangul_runs(text):
            for term in self._match_hangul_run(run):
                yield Hit(term=term, start=start, end=end, disguise=Disguise.SPACED)

    def _look_up(self, guess: Guess, common: frozenset[str]) -> Collection[Term]:
        tables = self._tables
        if guess.disguise is Disguise.LEET:
            return tables.skeleton.get(guess.form, ())
        if guess.disguise is Disguise.MASK:
            candidates = self._mask_lists.get(len(guess.form), "")
            pattern = re.escape(guess.form).replace(r"\.", "[a-z]")
            return [
                term
                for form in re.findall(rf"^{pattern}$", candidates, re.MULTILINE)
                for term in tables.exact[form]
                if term.severity >= Severity.REVIEW
            ]
        if guess.form in common:
            return ()
        found = tables.exact.get(guess.form, ())
        if not found and guess.disguise in {Disguise.REPEAT, Disguise.SPACED}:
            found = tables.squeezed.get(guess.form, ())
        return found

    def _hangul_runs(self, text: str) -> Iterator[tuple[str, int, int]]:
        """Yield Hangul read across the signs between its letters."""
        if not any(map(is_hangul, text)):
            return
        for match in re.finditer(r"\S+", text):
            chunk = match[0]
            hangul = [i for i, char in enumerate(chunk) if is_hangul(char)]
            if len(hangul) > 1 and hangul[-1] - hangul[0] + 1 > len(hangul):
                first, last = hangul[0], hangul[-1]
                run = "".join(chunk[i] for i in hangul)
                yield run, match.start() + first, match.start() + last + 1
        yield from find_spaced_hangul(text)

    def _match_hangul_run(self, run: str) -> Iterator[Term]:
        joined, places = _spell_hangul(run, [(0, len(run))])
        for last, (length, terms) in self._hangul.iter(joined):
            del length
            if any(isinstance(term, str) for term in terms):
                return
            end = places[last]
            following = places[last + 1] if last + 1 < len(places) else None
            if end is None or following != end or not is_syllable(run[end]):
                yield from (term for term in terms if term.severity >= Severity.REVIEW)

    def _counts(self, hit: Hit, *, text: str, primary: str, languages: Collection[str]) -> bool:
        """Tell whether an entry counts in a message of these languages."""
        term = hit.term
        if term.language == primary:
            return True
        written = strip_accents(text[hit.start : hit.end])
        if written in self._common_of.get(primary, ()):
            return False
        if term.language in languages or term.everywhere:
            return True
        if term.language == "ko":
            return hit.disguise is not Disguise.ROMAN or term.severity >= Severity.STRONG
        return (
            term.severity >= Severity.STRONG
            and hit.end - hit.start >= _MIN_FOREIGN_LENGTH
            and hit.disguise not in {Disguise.VOWELS, Disguise.MASK}
            and written not in self._common
        )


def _pattern_of(text: str, *, prefix: bool, inside: bool) -> tuple[bool, str]:
    """Return (is Hangul, automaton pattern) of an entry in normal form."""
    text = text.rstrip("*")
    if any(map(is_hangul, text)):
        body = SEPARATOR.join(to_jamo(part) for part in text.split())
        return True, body if inside else SEPARATOR + body
    words = [word.bare for word in find_words(text)] or [text]
    body = SEPARATOR.join(words)
    left = "" if inside else SEPARATOR
    return False, left + body + ("" if prefix else SEPARATOR)


def _spell_hangul(text: str, intervals: Sequence[tuple[int, int]]) -> tuple[str, list[int | None]]:
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
    return is_jamo(char) and char >= "\u314f" and char in split_syllable(before)


def _romanizations(word: str) -> set[str]:
    """Return the ways a Korean entry is typed in Latin letters."""
    roman = to_roman(word)
    forms = {roman, to_keys(word)}
    for old, new in (
        ("si", "shi"),
        ("ae", "e"),
        ("eo", "u"),
        ("eu", "u"),
        ("kk", "k"),
        ("ss", "s"),
    ):
        forms |= {form.replace(old, new) for form in set(forms)}
    return {form for form in forms if len(form) > 4 and form.isascii()}


def _drop_vowels(word: str) -> set[str]:
    """Return the word with one vowel left out, or all of them; never the last letter or half of a double vowel."""
    lone = [
        i
        for i, char in enumerate(word[:-1])
        if char in _VOWELS and word[i - 1 : i] not in _LONE_NEIGHBORS and word[i + 1] not in _VOWELS
    ]
    forms = {word[:i] + word[i + 1 :] for i in lone}
    forms.add("".join(char for i, char in enumerate(word) if i not in lone))
    return {form for form in forms if len(form) >= _MIN_DROPPED_LENGTH and form != word}


def _has_accents(term: Term, words: Sequence[Word]) -> bool:
    folded = "".join(map(fold_cluster, term.text))
    return " ".join(word.text for word in words).startswith(
        " ".join(word.text for word in find_words(folded))
    )


def _without_duplicates(hits: list[Hit]) -> list[Hit]:
    """Keep one hit for each category and place: the worst, a plain one before a disguised one."""
    best: dict[tuple[int, int, str], Hit] = {}
    for hit in sorted(hits, key=lambda hit: (hit.start, hit.end, hit.disguise or "")):
        key = (hit.start, hit.end, hit.term.category)
        held = best.get(key)
        if held is None or held.term.severity < hit.term.severity:
            best[key] = hit
    return list(best.values())


@cache
def load_lexicon() -> Lexicon:
    """Return the lexicon of all languages, built once for each process."""
    packs = [load_language_pack(code) for code in LANGUAGES]
    return Lexicon(packs, common_words=load_common_words())
