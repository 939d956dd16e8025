"""Find lexicon entries in a normalized text: whole words and phrases, plain or disguised.

One Aho-Corasick automaton reads the words of the text, each between separators, so an entry never matches
in the middle of a word ("class" does not hold "ass"). A second one reads Hangul letter by letter. What was
disguised is looked up whole in tables made from the entries.
"""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache

import ahocorasick

from moderation.screening.categories import Severity
from moderation.screening.entry_forms import (
    cross_vowels,
    drop_vowels,
    keep_consonants,
    list_romanizations,
)
from moderation.screening.hangul import is_hangul
from moderation.screening.hangul_matching import SEPARATOR, HangulMatcher
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
    find_words,
    read_chunk,
    squeeze,
    to_skeleton,
)
from moderation.screening.writing import (
    is_decorated,
    is_overridden,
    is_written_with_lookalikes,
    turn_around,
)

# Shortest entry that is looked for with letters left out or starred out; shorter ones meet everyday words.
_MIN_MASKED_LENGTH = 3
# Shortest entry that is looked for backwards, or cut in two by a blank.
_MIN_TURNED_LENGTH = 5
_MIN_CUT_LENGTH = 5
# Longest pieces of a word that is cut into more than two.
_MAX_CUT_PIECE = 3
# Shortest form without vowels that counts in another language than its own: short ones are abbreviations somewhere.
_MIN_FOREIGN_DROPPED = 4
# Entries of word lists that are disguised themselves ("sh!+"); the plain ones find them.
_DISGUISED_ENTRY = re.compile(r"[@$!+*|]")
# Signs that stand for letters, and up to which length what they cut off is no word ("ass*ssin").
_MASKED_AFTER = re.compile(r"[*#%@$•●■█]{1,10}[^\W_]")
_MASKED_BEFORE = re.compile(r"[^\W_][*#%@$•●■█]{1,10}$")
_LONGEST_CUT_OFF = 3
# Shortest entry of another language that counts in a message of this one.
_MIN_FOREIGN_LENGTH = 5


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
    crossed: dict[str, list[Term]] = field(default_factory=lambda: defaultdict(list))
    turned: dict[str, list[Term]] = field(default_factory=lambda: defaultdict(list))
    roman: dict[str, list[Term]] = field(default_factory=lambda: defaultdict(list))
    by_length: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))


class Lexicon:
    """The entries of several packs, ready to be searched."""

    def __init__(
        self, packs: Collection[LanguagePack], *, common_words: Mapping[str, Collection[str]]
    ) -> None:
        """Index the packs; `common_words` are the everyday words of each language."""
        self._words = ahocorasick.Automaton()
        self._hangul = HangulMatcher()
        self._tables = _Tables()
        self._own = {(term.language, term.text) for pack in packs for term in pack.terms}
        self._common_of = {code: frozenset(words) for code, words in common_words.items()}
        self._common_together: dict[tuple[str, ...], frozenset[str]] = {}
        self._lengths: dict[tuple[int, int], list[str]] = {}
        self._common = frozenset[str]().union(*self._common_of.values())
        entries: dict[str, list[Term | str]] = defaultdict(list)
        for pack in packs:
            for term in pack.terms:
                folded = "".join(map(fold_cluster, term.text))
                if _DISGUISED_ENTRY.search(folded):
                    continue
                self._add(term, folded, entries, prefix=term.prefix, inside=term.inside)
                self._index_term(term, folded)
            for phrase in pack.allowed:
                folded = "".join(map(fold_cluster, phrase))
                self._add(pack.code, folded, entries, prefix=phrase.endswith("*"), inside=False)
        for pattern, terms in entries.items():
            self._words.add_word(pattern, (len(pattern), terms))
        self._words.make_automaton()
        self._hangul.finish()
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
        for found in self._hangul.find(
            text, words, is_overridden=is_overridden(normalized.original)
        ):
            if isinstance(found.entry, Term):
                hits.append(
                    Hit(
                        term=found.entry,
                        start=found.start,
                        end=found.end,
                        disguise=found.disguise,
                    )
                )
            elif found.entry in languages:
                allowed.append((found.start, found.end))
        for entry, start, end, disguise in self._scan(words):
            if isinstance(entry, Term):
                if end - start <= _LONGEST_CUT_OFF and _is_cut_off(text, start, end):
                    continue
                hits.append(Hit(term=entry, start=start, end=end, disguise=disguise))
            elif entry in languages:
                allowed.append((start, end))
        common = self._find_common(languages)
        hits.extend(self._find_in_reading(text, common, languages))
        hits.extend(self._find_disguised(normalized, words, common, primary))
        kept = [
            _mark_lookalikes(hit, normalized)
            for hit in hits
            if not any(start <= hit.start and hit.end <= end for start, end in allowed)
            and self._counts(hit, text=text, primary=primary, languages=languages)
        ]
        return _without_duplicates(kept)

    def _add(
        self,
        entry: Term | str,
        folded: str,
        entries: dict[str, list[Term | str]],
        *,
        prefix: bool,
        inside: bool,
    ) -> None:
        """Take an entry in normal form, or an allowed phrase with the code of its language."""
        if any(map(is_hangul, folded)):
            self._hangul.add(entry, folded, inside=inside)
        else:
            entries[_pattern_of(folded, prefix=prefix, inside=inside)].append(entry)

    def _index_term(self, term: Term, folded: str) -> None:
        compact = re.sub(r"[\W_]", "", strip_accents(folded))
        if term.literal or not compact:
            return
        tables = self._tables
        if any(map(is_hangul, compact)):
            if term.severity >= Severity.REVIEW:
                for form in list_romanizations(compact):
                    tables.roman[form].append(term)
                self._hangul.add_short_forms(term, compact)
            return
        tables.exact[compact].append(term)
        tables.skeleton[to_skeleton(compact)].append(term)
        tables.squeezed[squeeze(compact)].append(term)
        if term.severity < Severity.REVIEW:
            return
        if len(compact) >= _MIN_MASKED_LENGTH:
            tables.by_length[len(compact)].append(compact)
        dropped = drop_vowels(compact)
        if compact.isascii() and " " not in folded:
            dropped |= keep_consonants(compact)
            self._index_forms(tables.crossed, cross_vowels(compact), term)
            if len(compact) >= _MIN_TURNED_LENGTH and compact[::-1] != compact:
                self._index_forms(tables.turned, {compact[::-1]}, term)
        self._index_forms(tables.dropped, dropped, term)

    def _index_forms(
        self, table: dict[str, list[Term]], forms: Collection[str], term: Term
    ) -> None:
        """Take forms of an entry that are no everyday words."""
        for form in forms:
            if form not in self._common:
                table[form].append(term)

    def _scan(
        self, words: Sequence[Word]
    ) -> Iterator[tuple[Term | str, int, int, Disguise | None]]:
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
            written = " ".join(word.text for word in words[first_word : last_word + 1])
            for term in terms:
                if isinstance(term, str):
                    yield term, start, end, None
                    continue
                entry = _fold_entry(term.text)
                if not term.accented or written.startswith(entry):
                    disguise = Disguise.LOOKALIKE if is_decorated(written, entry) else None
                    yield term, start, end, disguise

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
        for options in find_chunks(text):
            for chunk, start, end in options:
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
                    break
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

    def _find_in_reading(
        self, text: str, common: frozenset[str], languages: Collection[str]
    ) -> Iterator[Hit]:
        """Yield entries, phrases above all, that only show when disguised words are read."""
        reading = self._read(text, common)
        if reading is None:
            return
        found = list(self._scan(find_words(reading.text)))
        allowed = [(first, last) for entry, first, last, _ in found if entry in languages]
        for entry, first, last, _ in found:
            start, end = reading.locate(start=first, end=last)
            if (
                isinstance(entry, Term)
                and reading.text[first:last] != text[start:end]
                and not any(a <= first and last <= b for a, b in allowed)
            ):
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
        self,
        normalized: NormalizedText,
        words: Sequence[Word],
        common: frozenset[str],
        primary: str,
    ) -> Iterator[Hit]:
        tables = self._tables
        text = normalized.text
        for word in words:
            if word.bare in common:
                continue
            for table, disguise in (
                (tables.dropped, Disguise.VOWELS),
                (tables.crossed, Disguise.MASK),
                (tables.turned, Disguise.REVERSED),
                (tables.roman, Disguise.ROMAN),
            ):
                for term in table.get(word.bare, ()):
                    yield Hit(term=term, start=word.start, end=word.end, disguise=disguise)
        for guess in find_guesses(text):
            for term in self._look_up(guess, common):
                yield Hit(term=term, start=guess.start, end=guess.end, disguise=guess.disguise)
        yield from self._find_cut(text, words, primary)
        if not normalized.original.isascii():
            yield from self._find_upside_down(normalized, words)

    def _find_cut(self, text: str, words: Sequence[Word], primary: str) -> Iterator[Hit]:
        """Yield entries of the text's language cut by single blanks ("wan ker", "ba st ar d"), if a piece is no word."""
        known = self._common
        for first, word in enumerate(words):
            joined, is_known = word.bare, word.bare in known
            for last in range(first + 1, len(words)):
                piece = words[last]
                if text[words[last - 1].end : piece.start] != " ":
                    break
                joined += piece.bare
                is_known = is_known and piece.bare in known
                if not is_known and len(joined) >= _MIN_CUT_LENGTH and joined not in known:
                    for term in self._tables.exact.get(joined, ()):
                        if (
                            term.language == primary
                            and term.severity >= Severity.STRONG
                            and " " not in term.text
                        ):
                            yield Hit(
                                term=term,
                                start=word.start,
                                end=piece.end,
                                disguise=Disguise.SPACED,
                            )
                if max(len(word.bare), len(piece.bare)) > _MAX_CUT_PIECE:
                    break

    def _find_upside_down(self, normalized: NormalizedText, words: Sequence[Word]) -> Iterator[Hit]:
        for word in words:
            start, end = normalized.locate(start=word.start, end=word.end)
            upright = turn_around(normalized.original[start:end].casefold())
            for term in self._tables.exact.get(upright or "", ()):
                yield Hit(term=term, start=word.start, end=word.end, disguise=Disguise.LOOKALIKE)

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

    def _counts(self, hit: Hit, *, text: str, primary: str, languages: Collection[str]) -> bool:
        """Tell whether an entry counts in a message of these languages."""
        term = hit.term
        if term.language == primary:
            return True
        if (primary, term.text) in self._own:  # its own pack says how bad it is
            return False
        if hit.disguise is Disguise.VOWELS and hit.end - hit.start < _MIN_FOREIGN_DROPPED:
            return False
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


def _is_cut_off(text: str, start: int, end: int) -> bool:
    """Tell whether a piece is what a mask left of a longer word."""
    return bool(_MASKED_AFTER.match(text, end) or _MASKED_BEFORE.search(text[:start]))


def _pattern_of(text: str, *, prefix: bool, inside: bool) -> str:
    """Return the automaton pattern of an entry in normal form."""
    text = text.rstrip("*")
    words = [word.bare for word in find_words(text)] or [text]
    body = SEPARATOR.join(words)
    left = "" if inside else SEPARATOR
    return left + body + ("" if prefix else SEPARATOR)


@lru_cache(maxsize=8_192)
def _fold_entry(text: str) -> str:
    """Return an entry in normal form, its words with accents and one blank between them."""
    folded = "".join(map(fold_cluster, text))
    return " ".join(word.text for word in find_words(folded))


def _mark_lookalikes(hit: Hit, normalized: NormalizedText) -> Hit:
    """Return the finding, marked as hidden if letters of it are others in the original."""
    if hit.disguise is None and is_written_with_lookalikes(
        normalized, start=hit.start, end=hit.end
    ):
        return replace(hit, disguise=Disguise.LOOKALIKE)
    return hit


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
