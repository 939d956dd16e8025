# ruff: noqa: RUF001 - look-alike letters are the subject
"""Letters of other scripts that pass for Latin ones.

The pairs are those of Unicode Technical Standard #39 (confusables.txt, revision 26) whose target is a
basic Latin letter and whose source is in everyday fonts: Cyrillic, Greek, Armenian, Cherokee, small
capitals and phonetic letters. Both cases are listed because folding happens after lower-casing too.
"""

_PAIRS = {
    "a": "аɑαᴀаӑ∂⍺",
    "b": "ьƅбвʙҍ",
    "c": "сϲᴄⅽςϛҫⲥ",
    "d": "ԁɗđⅾᏧժ",
    "e": "еєεɛҽℯ℮ǝәэ",
    "f": "ғƒꞙϝք",
    "g": "ɡցɢԍƍ",
    "h": "һнհʜҺᏂ",
    "i": "іιɩıɪӏⅰἱ",
    "j": "јϳʝյ",
    "k": "кκĸᴋқҝ",
    "l": "ⅼʟⵏǀӀ",
    "m": "мᴍⅿ₥",
    "n": "пηռոɴпи",
    "o": "оοσօᴏ๐ഠө",
    "p": "рρƿᴘ⍴",
    "q": "ԛգզ",
    "r": "гᴦʀяɼ",
    "s": "ѕꜱʂ",
    "t": "тτᴛŧ",
    "u": "υսʋᴜцµ",
    "v": "ѵνᴠⅴ∨",
    "w": "ԝωѡաᴡшщ",
    "x": "хχⅹ",
    "y": "уγүʏყ",
    "z": "ᴢʐƶ",
}

# Letters in dark circles and squares, which NFKC leaves alone. Regional indicators are flags: left out.
_EMOJI_LETTERS = {
    **{chr(0x1F150 + i): chr(ord("a") + i) for i in range(26)},  # negative circled
    **{chr(0x1F170 + i): chr(ord("a") + i) for i in range(26)},  # negative squared
}

# Source letter -> basic Latin letter, all lower case.
HOMOGLYPHS: dict[str, str] = {
    **{source: target for target, sources in _PAIRS.items() for source in sources},
    **_EMOJI_LETTERS,
}
