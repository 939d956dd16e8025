import dataclasses

import numpy as np
import pytest

from moderation.screening.classifier import find_tier, judge_input, load_classifier
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


def test_an_insult_scores_above_a_loving_message():
    loving = judge_input(read("Happy birthday Mom, thank you for every pancake, I love you"))
    insult = judge_input(read("You are a worthless piece of garbage and everyone hates you"))
    assert loving.score < 0.5 < insult.score


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
