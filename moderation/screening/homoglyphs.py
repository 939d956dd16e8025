# ruff: noqa: RUF001, RUF003 - look-alike letters are the subject
"""Letters of other scripts that pass for Latin ones.

The pairs are those of Unicode Technical Standard #39 (confusables.txt), from the package `confusable-homoglyphs`, as far as
the look-alike is a letter and stands for one basic Latin letter. The standard asks for near identity; people who hide a word
also take letters that are merely similar, which are listed here.
"""

import unicodedata
from string import ascii_lowercase

from confusable_homoglyphs.confusables import confusables_data

# Similar letters that the standard leaves out, for being less than confusable.
_SIMILAR = {
    "a": "ӑ∂ɐ",
    "b": "ьƅбвҍ",
    "c": "ςϛҫɔ",
    "d": "ɗđժ",
    "e": "єεɛǝәэ",
    "f": "ғƒϝɟ",
    "g": "ԍƃ",
    "h": "нҺɥ",
    "i": "ἱᴉ",
    "j": "ʝյɾ",
    "k": "кκĸқҝʞ",
    "m": "мⅿ₥ɯ",
    "n": "пηи",
    "o": "ө",
    "p": "ƿ",
    "q": "ǫ",
    "r": "яɼɹ",
    "s": "ʂ",
    "t": "тτŧʇ",
    "u": "цµ",
    "v": "ʌ",
    "w": "ωшщʍ",
    "x": "χ",
    "y": "ʎ",
    "z": "ʐƶ",
}
# Letters turned upside down, and what they are the right way up.
UPSIDE_DOWN = dict(zip("ɐɔǝɟƃɥᴉɾʞɯɹʇʌʍʎ", "acefghijkmrtvwy", strict=True))
# Upright letters that are others upside down.
TURNED = str.maketrans("bdpqnu", "qpdbun")

# Small capitals; of some letters there is none.
_SMALL_CAPITALS = {
    char: letter
    for char in map(chr, (*range(0x0250, 0x02B0), *range(0x1D00, 0x1D80), *range(0xA700, 0xA800)))
    for letter in ascii_lowercase
    if unicodedata.name(char, "") == f"LATIN LETTER SMALL CAPITAL {letter.upper()}"
}
# Letters in dark circles and squares, which NFKC leaves alone. Regional indicators are flags: left out.
_EMOJI_LETTERS = {
    chr(first + i): letter
    for first in (0x1F150, 0x1F170)
    for i, letter in enumerate(ascii_lowercase)
}

# Look-alike -> basic Latin letter in lower case. Capitals are listed too: "Η" looks like H, and "η", its small letter, like n.
HOMOGLYPHS: dict[str, str] = {
    **{
        pair["c"]: letter
        for letter in ascii_lowercase
        for written in (letter, letter.upper())
        for pair in confusables_data.get(written, ())
        if len(pair["c"]) == 1 and pair["c"].isalpha() and not pair["c"].isascii()
    },
    **{source: target for target, sources in _SIMILAR.items() for source in sources},
    **_SMALL_CAPITALS,
    **_EMOJI_LETTERS,
}
