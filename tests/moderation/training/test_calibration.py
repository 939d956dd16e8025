import dataclasses

import numpy as np
import pytest

from moderation.screening.languages import LANGUAGES
from moderation.training.calibration import (
    HIGH_SCORE,
    MAX_GOOD_FLAGGED,
    MAX_GOOD_HIGH,
    Votes,
    find_best_threshold,
    fit_calibration,
    join_votes,
)

N = 600


def make_votes(language, *, kind="authored", comment=0.0, shift=0.0):
    """Votes that separate good from violating rows but for noise; `shift` moves all of them."""
    rng = np.random.default_rng(language)
    labels = (np.arange(N) % 2).astype(float)
    return Votes(
        linear=labels * 2 + shift + rng.normal(size=N),
        head=labels * 3 + shift + rng.normal(size=N),
        comment=np.full(N, comment),
        tiers=np.zeros(N, dtype=int),
        labels=labels,
        languages=np.full(N, language),
        kinds=np.full(N, kind),
        are_comments=np.full(N, kind != "authored"),
    )


def make_all(**kind):
    return [make_votes(language, shift=language, **kind) for language in range(len(LANGUAGES))]


@pytest.fixture(scope="module")
def fitted():
    votes = join_votes([*make_all(), *make_all(kind="forum", comment=1.0)])
    return votes, fit_calibration(votes)


@pytest.mark.parametrize("language", range(len(LANGUAGES)), ids=LANGUAGES)
def test_as_many_good_messages_are_flagged_as_may_be(fitted, language):
    votes, arrays = fitted
    rows = (votes.languages == language) & (votes.kinds == "authored") & (votes.labels == 0)
    linear, head, none, *_ = arrays["message_weights"][language]
    sums = votes.linear * linear + votes.head * head + none
    flagged = sums[rows] > arrays["message_threshold"][language]
    assert flagged.mean() == pytest.approx(MAX_GOOD_FLAGGED, abs=0.005)


@pytest.mark.parametrize("moved", [0.0, 5.0], ids=["as they are", "all votes moved"])
@pytest.mark.parametrize("factor", [0.2, 1.0, 5.0], ids=["flat", "as they are", "steep"])
def test_a_high_score_is_as_rare_among_good_messages_however_sure_the_votes_are(moved, factor):
    parts = [*make_all(), *make_all(kind="forum", comment=1.0)]
    votes = join_votes(
        [
            dataclasses.replace(
                part, linear=part.linear * factor + moved, head=part.head * factor + moved
            )
            for part in parts
        ]
    )
    arrays = fit_calibration(votes)
    for language in range(len(LANGUAGES)):
        rows = (votes.languages == language) & (votes.kinds == "authored") & (votes.labels == 0)
        linear, head, none, *_ = arrays["message_weights"][language]
        beyond = votes.linear * linear + votes.head * head + none
        beyond -= arrays["message_threshold"][language]
        high = 1 / (1 + np.exp(-beyond[rows])) >= HIGH_SCORE
        assert high.mean() == pytest.approx(MAX_GOOD_HIGH, abs=0.004)


def test_the_threshold_for_messages_allows_for_those_that_read_like_comments():
    plain = fit_calibration(join_votes([*make_all(), *make_all(kind="forum", comment=1.0)]))
    mixed = fit_calibration(
        join_votes([*make_all(comment=0.5), *make_all(kind="forum", comment=1.0)])
    )
    assert (mixed["message_threshold"] > plain["message_threshold"]).all()


def test_a_language_without_violating_comments_has_its_threshold_on_functional_sentences():
    parts = make_all(kind="forum", comment=1.0)
    sentences = make_votes(1, kind="functional", comment=1.0, shift=1)
    with_public = fit_calibration(join_votes([*make_all(), *parts, sentences]))
    parts[1] = sentences
    without = fit_calibration(join_votes([*make_all(), *parts]))
    assert without["comment_threshold"][1] == pytest.approx(
        with_public["comment_threshold"][1], abs=1.5
    )


def test_kind_lines_that_read_like_comments_raise_the_threshold_for_comments():
    parts = make_all(kind="forum", comment=1.0)
    before = fit_calibration(join_votes([*make_all(), *parts]))["comment_threshold"]
    kind = make_votes(0, kind="fortunes_xx", comment=1.0, shift=3)
    kind = dataclasses.replace(kind, labels=np.zeros(N), are_comments=np.zeros(N, dtype=bool))
    after = fit_calibration(join_votes([*make_all(), *parts, kind]))["comment_threshold"]
    assert after[0] > before[0] + 1
    assert after[1:] == pytest.approx(before[1:])


def test_the_best_threshold_separates_what_can_be_separated():
    sums = np.array([0.1, 0.2, 0.9, 0.8])
    threshold = find_best_threshold(sums, np.array([0.0, 0.0, 1.0, 1.0]))
    assert ((sums >= threshold) == np.array([False, False, True, True])).all()
