"""Say what a lexicon entry may look like when somebody hides it by changing its letters."""

from itertools import product

from moderation.screening.hangul import is_syllable, to_initials, to_keys, to_roman

_MIN_DROPPED_LENGTH = 3
# Fewest consonants by which an entry is told without any vowel; with three, everyday abbreviations are met.
_MIN_BARE_CONSONANTS = 4
_MIN_CROSSED_LENGTH = 4
# Longest Korean entry that is looked for with some syllables as first consonants; all ways of it are listed.
_MAX_ABBREVIATED_LENGTH = 4
# First consonants that stand for laughter and silence at the end of a word ("사랑해ㅋ").
_LAUGHING = frozenset("ㅋㅎㅇ")
_VOWELS = "aeiou"
_LONE_NEIGHBORS = frozenset(_VOWELS)
# Spellings of a sound in Latin letters beside the official one.
_OTHER_SPELLINGS = (
    ("si", "shi"),
    ("ae", "e"),
    ("eo", "u"),
    ("eu", "u"),
    ("kk", "k"),
    ("ss", "s"),
)


def list_romanizations(word: str) -> set[str]:
    """Return the ways a Korean entry is typed in Latin letters."""
    forms = {to_roman(word), to_keys(word)}
    for old, new in _OTHER_SPELLINGS:
        forms |= {form.replace(old, new) for form in set(forms)}
    return {form for form in forms if len(form) > 4 and form.isascii()}


def list_abbreviations(word: str) -> set[str]:
    """Return a Korean entry with some of its syllables, not all, as their first consonants ("병신" gives "병ㅅ", "ㅂ신")."""
    if not 1 < len(word) <= _MAX_ABBREVIATED_LENGTH or not all(map(is_syllable, word)):
        return set()
    ways = product(*zip(word, to_initials(word), strict=True))
    forms = {"".join(way) for way in ways} - {word, to_initials(word)}
    return {form for form in forms if form[-1] not in _LAUGHING}


def drop_vowels(word: str) -> set[str]:
    """Return the word with one vowel left out, or all of them; never the last letter or half of a double vowel."""
    lone = [
        i
        for i, char in enumerate(word[:-1])
        if char in _VOWELS and word[i - 1 : i] not in _LONE_NEIGHBORS and word[i + 1] not in _VOWELS
    ]
    forms = {word[:i] + word[i + 1 :] for i in lone}
    forms.add("".join(char for i, char in enumerate(word) if i not in lone))
    return {form for form in forms if len(form) >= _MIN_DROPPED_LENGTH and form != word}


def keep_consonants(word: str) -> set[str]:
    """Return the word without any vowel, and with its first letter whatever that is."""
    bare = "".join(char for char in word[1:] if char not in _VOWELS)
    forms = {word[0] + bare, bare if word[0] in _VOWELS else word[0] + bare}
    return {form for form in forms if len(form) >= _MIN_BARE_CONSONANTS and form != word}


def cross_vowels(word: str) -> set[str]:
    """Return the word with one vowel crossed out by an x ("bxtch")."""
    if len(word) < _MIN_CROSSED_LENGTH:
        return set()
    return {f"{word[:i]}x{word[i + 1 :]}" for i, char in enumerate(word) if i and char in _VOWELS}
