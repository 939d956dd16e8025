"""Take Hangul apart: syllables to letters (jamo), letters to Latin keys and to Latin spelling.

Letters are the compatibility jamo (U+3131..U+318E), which never merge by themselves; double finals are
written as two letters (ㄳ is ㄱㅅ), so a text typed letter by letter has the same letters as the syllables.
"""

INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
MEDIALS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
FINALS: tuple[str, ...] = ("", *"ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ")
_DOUBLE = {
    "ㄳ": "ㄱㅅ", "ㄵ": "ㄴㅈ", "ㄶ": "ㄴㅎ", "ㄺ": "ㄹㄱ", "ㄻ": "ㄹㅁ", "ㄼ": "ㄹㅂ",
    "ㄽ": "ㄹㅅ", "ㄾ": "ㄹㅌ", "ㄿ": "ㄹㅍ", "ㅀ": "ㄹㅎ", "ㅄ": "ㅂㅅ",
}  # fmt: skip
_FIRST_SYLLABLE, _LAST_SYLLABLE = 0xAC00, 0xD7A3

# Conjoining letters left alone by NFKC -> compatibility letters.
LOOSE_JAMO: dict[int, str] = {
    **{0x1100 + i: char for i, char in enumerate(INITIALS)},
    **{0x1161 + i: char for i, char in enumerate(MEDIALS)},
    **{0x11A8 + i: char for i, char in enumerate(FINALS[1:])},
}

# Two-set keyboard: the Latin key under each letter (typing Korean with the keyboard left in English).
_KEYS = dict(
    zip(
        "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎㅏㅐㅑㅒㅓㅔㅕㅖㅗㅛㅜㅠㅡㅣ",
        "rRseEfaqQtTdwWczxvgkoiOjpuPhynbml",
        strict=True,
    )
) | {"ㅘ": "hk", "ㅙ": "ho", "ㅚ": "hl", "ㅝ": "nj", "ㅞ": "np", "ㅟ": "nl", "ㅢ": "ml"}

# Revised Romanization, letter by letter (no assimilation, as people type it).
_ROMAN_INITIALS = "g kk n d tt r m b pp s ss - j jj ch k t p h".split()  # noqa: SIM905 - as in a table
_ROMAN_MEDIALS = "a ae ya yae eo e yeo ye o wa wae oe yo u wo we wi yu eu ui i".split()  # noqa: SIM905
# How a final consonant is written when the next syllable begins with a vowel.
_FINAL_SOUNDS = "g kk d r b s ss j ch k t p".split()  # noqa: SIM905
_BEFORE_VOWEL = dict(zip("ㄱㄲㄷㄹㅂㅅㅆㅈㅊㅋㅌㅍ", _FINAL_SOUNDS, strict=True))
_ROMAN_FINALS = ["", *"k k k n n n t l k m l l l p l m p p t t ng t t k t p t".split()]  # noqa: SIM905


def is_syllable(char: str) -> bool:
    """Tell whether the character is a whole Hangul syllable."""
    return "\uac00" <= char <= "\ud7a3"


def is_jamo(char: str) -> bool:
    """Tell whether the character is a loose Hangul letter."""
    return "\u3131" <= char <= "\u3163"


def is_loose_consonant(char: str) -> bool:
    """Tell whether the character is a loose Hangul consonant."""
    return "\u3131" <= char <= "\u314e"


def is_hangul(char: str) -> bool:
    """Tell whether the character is Hangul, a syllable or a letter."""
    return "\u3131" <= char <= "\ud7a3" and (is_syllable(char) or is_jamo(char))


def split_syllable(char: str) -> str:
    """Return the letters of one Hangul character; any other character as it is."""
    if is_syllable(char):
        code = ord(char) - _FIRST_SYLLABLE
        final = FINALS[code % 28]
        return INITIALS[code // 588] + MEDIALS[code % 588 // 28] + _DOUBLE.get(final, final)
    return _DOUBLE.get(char, char)


def to_jamo(text: str) -> str:
    """Return the letters of a text, as typed one by one."""
    return "".join(map(split_syllable, text))


def to_initials(text: str) -> str:
    """Return the first consonant of each syllable ("씨발" gives "ㅆㅂ")."""
    return "".join(
        INITIALS[(ord(char) - _FIRST_SYLLABLE) // 588] if is_syllable(char) else char
        for char in text
    )


def to_keys(text: str) -> str:
    """Return the Latin keys a Korean typist presses for the text, in lower case."""
    return "".join(_KEYS.get(letter, letter) for letter in to_jamo(text)).lower()


def to_roman(text: str) -> str:
    """Return the text in Latin letters, syllable by syllable, by Revised Romanization."""
    pieces: list[str] = []
    final_before = letter_before = ""
    for char in text:
        if not is_syllable(char):
            pieces.append(final_before + char)
            final_before = letter_before = ""
            continue
        code = ord(char) - _FIRST_SYLLABLE
        initial = _ROMAN_INITIALS[code // 588]
        if final_before == "l" and initial == "r":
            initial = "l"
        if initial == "-":
            initial, final_before = "", _BEFORE_VOWEL.get(letter_before, final_before)
        pieces.append(final_before + initial + _ROMAN_MEDIALS[code % 588 // 28])
        final_before, letter_before = _ROMAN_FINALS[code % 28], FINALS[code % 28]
    return "".join([*pieces, final_before])
