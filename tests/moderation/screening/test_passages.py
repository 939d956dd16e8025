from hypothesis import given
from hypothesis import strategies as st

from moderation.screening.categories import Kind
from moderation.screening.passages import LINES_PER_VERSE, PASSAGE_LENGTH, split_passages


def test_a_message_of_usual_length_is_one_passage():
    assert split_passages(text="I love you. Always.", kind=Kind.MESSAGE) == [(0, 19)]


def test_a_long_message_is_cut_at_sentences():
    text = "I love you so much, Mom. " * 120
    parts = [text[start:end] for start, end in split_passages(text=text, kind=Kind.MESSAGE)]
    assert len(parts) > 1
    assert all(part.endswith("Mom.") for part in parts)


def test_lyrics_are_cut_into_verses():
    text = "\n".join(f"line {i}" for i in range(10)) + "\n\n"
    parts = [text[start:end] for start, end in split_passages(text=text, kind=Kind.LYRICS)]
    assert [part.count("\n") + 1 for part in parts] == [LINES_PER_VERSE, LINES_PER_VERSE, 2]


@given(st.text(alphabet="ab .\n", min_size=1, max_size=4_000), st.sampled_from(Kind))
def test_nothing_is_left_out_and_nothing_is_too_long(text, kind):
    parts = split_passages(text=text, kind=kind)
    assert " ".join(text[a:b] for a, b in parts).split() == text.split() or any(
        b - a == PASSAGE_LENGTH for a, b in parts
    )
    assert all(0 <= a < b <= len(text) and b - a <= PASSAGE_LENGTH for a, b in parts)
