import dataclasses

import numpy as np
import pytest

from moderation.screening.classifier import (
    COMMENT_MIDPOINT,
    LOOK_SCORE,
    N_TIERS,
    SHORT_ALLOWANCE,
    Classifier,
    HeadVotes,
    find_allowance,
    find_tier,
    judge_input,
    load_classifier,
    share_comment,
)
from moderation.screening.embedding import EMBEDDING_DIM, load_encoder
from moderation.screening.features import N_BUCKETS, hash_pieces
from moderation.screening.model_input import read_model_input

needs_encoder = pytest.mark.skipif(load_encoder() is None, reason="the encoder is not installed")


def read(text, language="en"):
    return read_model_input(text=text, language=language)


def test_pieces_are_places_each_once_and_the_same_on_every_machine():
    places = hash_pieces("i love you")
    assert len(set(places.tolist())) == len(places)
    assert places.min() >= 0
    assert places.max() < N_BUCKETS
    # The first places, so that a change of the hash cannot go unnoticed: weights would no longer fit.
    assert places[:4].tolist() == [2598, 2712, 12483, 21050]


@pytest.mark.parametrize(
    ("text", "tier"),
    [
        ("I love you, Mom", 0),
        ("holy moly what a shit day", 1),
        ("you bastard", 2),
        ("you b*stard", 3),
    ],
    ids=["nothing", "profanity", "strong", "disguised"],
)
def test_the_tier_says_how_much_the_lexicon_found(text, tier):
    assert find_tier(read(text)) == tier


@pytest.mark.parametrize(
    ("comment", "expected"), [(0.0, 1.0), (1.0, 3.0), (0.25, 1.5), (None, 7.0)],
    ids=["message", "comment", "between", "no encoder"],
)  # fmt: skip
def test_a_text_is_judged_on_the_scale_it_reads_like(comment, expected):
    # Each scale takes its own threshold from votes that come to 10.
    thresholds = {"message": 9.0, "comment": 7.0, "alone": 3.0}
    arrays = {f"{scale}_threshold": np.array([value]) for scale, value in thresholds.items()}
    arrays |= {f"{scale}_weights": np.eye(1, 2 + N_TIERS) for scale in thresholds}
    head = None if comment is None else HeadVotes(violating=99.0, comment=comment)
    classifier = Classifier(version="test", arrays=arrays)
    assert classifier.calibrate(10.0, head, tier=0, language=0) == expected


def test_the_share_of_a_comment_is_steep_around_its_middle():
    low, middle, high = share_comment(np.array([-3.0, COMMENT_MIDPOINT, 1.0]))
    assert low < 0.01
    assert middle == pytest.approx(0.5)
    assert high > 0.99


def test_an_insult_scores_above_a_loving_message():
    loving = judge_input(read("Happy birthday Mom, thank you for every pancake, I love you"))
    insult = judge_input(read("You are a worthless piece of garbage and everyone hates you"))
    assert loving.score < 0.5 < insult.score


def test_a_lexicon_entry_alone_sends_a_short_text_to_a_person_and_no_further():
    given = read("벽지 보면 엄마가 우리 둘 다 죽일 거야 ㅋㅋ", language="ko")
    assert find_allowance(given) == SHORT_ALLOWANCE
    assert judge_input(given).score == LOOK_SCORE


def test_the_model_answers_without_an_embedding():
    judgement = load_classifier().judge(read("I love you, Mom"), embedding=None)
    assert 0 <= judgement.score < 0.5
    assert sum(judgement.shares.values()) == pytest.approx(1)


def test_a_judgement_depends_on_the_text_alone():
    given = read("You will be sorry, I promise")
    assert judge_input(given) == judge_input(dataclasses.replace(given))


@needs_encoder
def test_an_embedding_does_not_depend_on_its_neighbors():
    encoder = load_encoder()
    texts = ["I love you", "Te quiero mucho, abuela", "사랑해 엄마", "I love you"]
    together = encoder.embed_together(texts)
    assert together.shape == (4, EMBEDDING_DIM)
    np.testing.assert_allclose(together, encoder.embed(texts), atol=1e-4)
    np.testing.assert_array_equal(encoder.embed(texts)[0], encoder.embed(texts)[3])
