"""Disguise words the ways people do, so that training sees hidden insults and hidden kind words alike."""

import random
from collections.abc import Callable, Mapping

_LEET = str.maketrans({"a": "4", "e": "3", "i": "1", "o": "0", "s": "5", "t": "7"})
_SIGNS = str.maketrans({"a": "@", "i": "!", "s": "$"})
_VOWELS = "aeiou"
_PICTURES = "❤🔥😂🎵✨"


def _mask(word: str, rng: random.Random) -> str:
    places = [i for i, char in enumerate(word) if i and char in _VOWELS] or [len(word) // 2]
    place = rng.choice(places)
    return f"{word[:place]}*{word[place + 1 :]}"


def _repeat(word: str, rng: random.Random) -> str:
    place = rng.randrange(len(word))
    return word[:place] + word[place] * rng.randint(3, 6) + word[place + 1 :]


def _insert(word: str, rng: random.Random) -> str:
    place = rng.randint(1, max(1, len(word) - 1))
    return word[:place] + rng.choice(_PICTURES) + word[place:]


def _change_case(word: str, rng: random.Random) -> str:
    return "".join(char.upper() if rng.random() < 0.5 else char for char in word)


WAYS: Mapping[str, Callable[[str, random.Random], str]] = {
    "plain": lambda word, _: word,
    "case": _change_case,
    "spaced": lambda word, _: " ".join(word),
    "dotted": lambda word, rng: rng.choice("._-").join(word),
    "leet": lambda word, _: word.translate(_LEET),
    "signs": lambda word, _: word.translate(_SIGNS),
    "mask": _mask,
    "repeat": _repeat,
    "picture": _insert,
}


def disguise(word: str, rng: random.Random) -> str:
    """Return the word, plain half of the time, else hidden in one of the ways."""
    if rng.random() < 0.5:
        return word
    return WAYS[rng.choice(sorted(WAYS))](word, rng)
