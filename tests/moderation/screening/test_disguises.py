# ruff: noqa: RUF001 - letters that look like others are the subject
"""Every way of hiding a word that docs/screening.md lists, on entries of each language, beside kind words written alike."""

import unicodedata
from collections.abc import Callable

import pytest

from moderation.screening.hangul import to_initials, to_jamo
from moderation.screening.language_id import identify_language
from moderation.screening.matching import load_lexicon
from moderation.screening.normalization import normalize_text

SENTENCES = {
    "en": "For my neighbor on his last day, what a {} you were all these years",
    "es": "Para mi vecino en su último día, eres {} y toda la familia lo sabe",
    "pt": "Para o meu vizinho no último dia, você é {} e toda a família sabe",
    "fr": "Pour mon voisin lors de son dernier jour, tu es {} et toute la famille le sait",
    "de": "Für meinen Nachbarn an seinem letzten Tag, du bist {} und alle wissen es",
    "ko": "마지막 출근날을 맞은 우리 이웃 정말 {} 우리 가족 모두가 다 알고 있어",
}
HIDDEN = {
    "en": ["bastard", "motherfucker", "wanker"],
    "es": ["pendejo", "gilipollas"],
    "pt": ["arrombado", "babaca"],
    "fr": ["connard", "salope"],
    "de": ["arschloch", "wichser"],
}
KIND = {
    "en": ["darling", "birthday", "wonderful"],
    "es": ["corazon", "familia"],
    "pt": ["saudade", "familia"],
    "fr": ["bonheur", "merveille"],
    "de": ["freundin", "schatz"],
}
LEET = str.maketrans("aeiost", "431057")
CYRILLIC = str.maketrans("aceiopsxyh", "асеіорѕхуһ")
GREEK = str.maketrans("aeiknoptuvx", "αεικηορτυνχ")
SMALL_CAPITALS = str.maketrans("abcdefghijklmnoprtuvwz", "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀᴛᴜᴠᴡᴢ")
UPSIDE_DOWN = str.maketrans("abcdefghijkmnpqrtuvwy", "ɐqɔpǝɟƃɥᴉɾʞɯudbɹʇnʌʍʎ")


def shift(first: int) -> Callable[[str], str]:
    return lambda word: "".join(chr(first + ord(char) - ord("a")) for char in word)


def mask(sign: str) -> Callable[[str], str]:
    """Put the sign for the first vowel after the first letter."""

    def hide(word: str) -> str:
        place = next(i for i, char in enumerate(word) if i and char in "aeiou")
        return word[:place] + sign + word[place + 1 :]

    return hide


WAYS: dict[str, Callable[[str], str]] = {
    "leet": lambda word: word.translate(LEET),
    "spaced": " ".join,
    "spaced leet": lambda word: " ".join(word.translate(LEET)),
    "dots": ".".join,
    "hyphens": "-".join,
    "pictures": "🌸".join,
    "one below the other": "\n".join,
    "cut in two": lambda word: f"{word[:4]} {word[4:]}",
    "zero width": "\u200b".join,
    "soft hyphens": "\u00ad".join,
    "joiners": "\u034f".join,
    "right to left": lambda word: f"\u202e{word[::-1]}\u202c",
    "cyrillic": lambda word: word.translate(CYRILLIC),
    "greek": lambda word: word.translate(GREEK),
    "small capitals": lambda word: word.translate(SMALL_CAPITALS),
    "upside down": lambda word: word.translate(UPSIDE_DOWN)[::-1],
    "fullwidth": lambda word: "".join(chr(ord(char) + 0xFEE0) for char in word),
    "circled": shift(0x24D0),
    "squared": shift(0x1F170),
    "flags": shift(0x1F1E6),
    "bold": shift(0x1D41A),
    "struck through": lambda word: "".join(char + "\u0336" for char in word),
    "dots below": lambda word: "".join(char + "\u0323" for char in word),
    "repeats": lambda word: word[:2] + word[1] * 4 + word[2:],
    "doubled": lambda word: "".join(char * 2 for char in word),
    "star": mask("*"),
    "block": mask("█"),
    "peach": mask("🍑"),
    "ellipsis": mask("…"),
    "crossed vowel": mask("x"),
    "dropped vowel": mask(""),
    "backwards": lambda word: word[::-1],
}
HANGUL_WAYS: dict[str, Callable[[str], str]] = {
    "letters": to_jamo,
    "conjoining letters": lambda word: unicodedata.normalize("NFD", word),
    "first syllable in letters": lambda word: to_jamo(word[0]) + word[1:],
    "last syllable in letters": lambda word: word[:-1] + to_jamo(word[-1]),
    "first consonant": lambda word: to_initials(word[0]) + word[1:],
    "last consonant": lambda word: word[:-1] + to_initials(word[-1]),
    "first consonants": to_initials,
    "vowel filler": lambda word: f"{word[0]}ㅣ{word[1:]}",
    "invisible filler": "\u3164".join,
    "laughter": lambda word: f"{word[0]}ㅋㅋ{word[1:]}",
    "digit": lambda word: f"{word[0]}1{word[1:]}",
    "heart": "♡".join,
    "spaced": " ".join,
    "one below the other": "\n".join,
    "zero width": "\u200b".join,
    "right to left": lambda word: f"\u202e{word[::-1]}\u202c",
    "repeats": lambda word: "".join(char * 3 for char in word),
}
CASES = [(code, way, word) for code, words in HIDDEN.items() for way in WAYS for word in words] + [
    ("ko", way, word) for way in HANGUL_WAYS for word in ("씨발", "병신")
]
# A word that begins like an entry is told from it as long as it is whole.
WHOLE = ("letters", "vowel filler", "digit", "heart", "spaced", "zero width")
KIND_CASES = [
    *((code, way, word) for code, words in KIND.items() for way in WAYS for word in words),
    *(("ko", way, word) for way in HANGUL_WAYS for word in ("사랑", "강아지")),
    *(("ko", way, "시발점") for way in WHOLE),
]


def find_hits(text: str, code: str):
    normalized = normalize_text(text)
    plausible = identify_language(text, prior=code).plausible
    hits = load_lexicon().find(normalized, primary=code, languages=plausible)
    return normalized, [hit for hit in hits if hit.term.severity > 1]


def write(code: str, way: str, word: str) -> tuple[str, str]:
    hidden = (HANGUL_WAYS if code == "ko" else WAYS)[way](word)
    return SENTENCES[code].format(hidden), hidden


@pytest.mark.parametrize(("code", "way", "word"), CASES)
def test_a_hidden_word_is_found_where_it_stands_and_known_to_be_hidden(code, way, word):
    text, hidden = write(code, way, word)
    normalized, hits = find_hits(text, code)
    assert [hit for hit in hits if hit.disguise is not None], hidden
    places = [normalized.locate(start=hit.start, end=hit.end) for hit in hits]
    first = text.index(hidden)
    assert all(first <= start and end <= first + len(hidden) for start, end in places)


@pytest.mark.parametrize(("code", "way", "word"), KIND_CASES)
def test_a_kind_word_written_alike_is_not_taken_for_another(code, way, word):
    text, hidden = write(code, way, word)
    _, hits = find_hits(text, code)
    assert not hits, (hidden, hits)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("en", "sh, the baby is asleep, h-e-l-l-o little one"),
        ("en", "Lana, Noel and Nomad, you are stars, drat it was late"),
        ("en", "so... me and you, a k a the dream team, U S A 🇺🇸🇫🇷🇩🇪"),
        ("fr", "Slt ma belle, bcp de bisous dans le salon, ta salopette te va bien"),
        ("es", "tqm, a y o, eres mi todo, la r e i n a y la jefa"),
        ("de", "Oma, o p a und e i n h u n d"),
        ("ko", "축하해ㅋㅋㅋ 사랑해ㅠㅠ 고마워ㅎㅎ ㅅㄹㅎ ㄱㅅㄱㅅ ㅊㅋㅊㅋ"),
        ("ko", "수술한 지 이 년, 언니가 있어서 버텼어"),
        ("en", "Put on the kettle. Put on the radio. Dance."),
        ("fr", "T'as swipé à droite par erreur, et nous voilà mariés"),
        ("pt", "Sou trans e minha avó me chama pelo meu nome"),
        ("ko", "ㅋ강아지 아이이쁘다 시작이야 오오 우와아 신병 훈련 잘 다녀와"),
        ("ko", unicodedata.normalize("NFD", "언니야 생일 축하해 사랑해")),
    ],
)
def test_everyday_writing_hides_nothing(code, text):
    assert not find_hits(text, code)[1]


def test_text_stored_in_conjoining_letters_hides_nothing_by_that():
    text = unicodedata.normalize("NFD", SENTENCES["ko"].format("씨발"))
    assert [hit.disguise for hit in find_hits(text, "ko")[1]] == [None]


@pytest.mark.parametrize("text", ["maricón", "CABRÓN", "Straßenköter, pédé, enculé"])
def test_accents_of_the_language_are_no_decoration(text):
    for code in ("es", "fr", "de"):
        assert all(hit.disguise is None for hit in find_hits(text, code)[1])


def test_a_word_of_two_packs_is_as_bad_as_the_texts_own_says():
    hits = find_hits("you are such a bitch, Karen, and everybody says so", "en")[1]
    assert {(hit.term.language, int(hit.term.severity)) for hit in hits} == {("en", 2)}


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("ko", "병신이라고 놀림받던 다리로 시상대에 올랐네"),
        ("es", "Tus días están contados, soltero"),
        ("pt", "Não conta pra sua mãe, mas a gente está chegando"),
    ],
    ids=["particle", "phrase", "phrase with more accents"],
)
def test_what_is_written_plainly_is_not_taken_for_hidden(code, text):
    assert all(hit.disguise is None for hit in find_hits(text, code)[1])
