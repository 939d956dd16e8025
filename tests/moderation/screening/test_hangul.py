import pytest

from moderation.screening.hangul import split_syllable, to_initials, to_jamo, to_keys, to_roman


@pytest.mark.parametrize(
    ("word", "roman", "keys", "initials", "jamo"),
    [
        ("씨발", "ssibal", "tlqkf", "ㅆㅂ", "ㅆㅣㅂㅏㄹ"),
        ("병신", "byeongsin", "qudtls", "ㅂㅅ", "ㅂㅕㅇㅅㅣㄴ"),
        ("닥쳐", "dakchyeo", "ekrcu", "ㄷㅊ", "ㄷㅏㄱㅊㅕ"),
        ("걸레년", "geollenyeon", "rjffpsus", "ㄱㄹㄴ", "ㄱㅓㄹㄹㅔㄴㅕㄴ"),
        ("꽃이", "kkochi", "rhcdl", "ㄲㅇ", "ㄲㅗㅊㅇㅣ"),
    ],
    ids=["ssibal", "byeongsin", "final k", "double l", "final before a vowel"],
)
def test_a_word_is_spelled_the_ways_people_type_it(word, roman, keys, initials, jamo):
    assert (to_roman(word), to_keys(word), to_initials(word), to_jamo(word)) == (
        roman, keys, initials, jamo,
    )  # fmt: skip


def test_double_finals_are_two_letters():
    assert split_syllable("값") == "ㄱㅏㅂㅅ"
    assert split_syllable("ㅄ") == "ㅂㅅ"
