import dataclasses
import json

import pytest

from compliance.audio.check import CheckFinding, Severity
from compliance.audio.evidence import AlignmentProblem, MatchKind, Refusal
from compliance.verdict import Outcome, VerdictLimits, decide_verdict
from tests.compliance.audio.values import CURVE, EVIDENCE, MATCH, PLACEMENT

replace = dataclasses.replace


def judge(**changes):
    return decide_verdict(replace(EVIDENCE, **changes))


def list_codes(verdict):
    return [reason.code for reason in verdict.reasons]


def test_a_fully_explained_song_is_approved_without_reasons():
    verdict = judge()
    assert (verdict.outcome, verdict.reasons) == (Outcome.APPROVED, ())


def test_a_refused_file_is_rejected_with_the_decoder_code():
    verdict = judge(refusal=Refusal(code="audio.too_long", text="longer than 900 s"))
    assert verdict.outcome is Outcome.REJECTED
    assert list_codes(verdict) == ["audio.too_long"]


def test_a_named_recording_rejects_with_its_interval():
    verdict = judge(matches=(MATCH,))
    (reason,) = verdict.reasons
    assert verdict.outcome is Outcome.REJECTED
    assert (reason.code, reason.reference) == ("audio.reference_match", "song-x")
    assert (reason.start_s, reason.end_s, reason.source_start_s) == (8.0, 20.0, 33.0)


@pytest.mark.parametrize(
    ("changes", "counts"),
    [
        pytest.param({"score": 60, "confirmation_z": None}, True, id="strong without audio"),
        pytest.param({"score": 19, "confirmation_z": None}, False, id="weak without audio"),
        pytest.param({"score": 5, "confirmation_z": 30}, True, id="weak but confirmed"),
        pytest.param({"score": 60, "confirmation_z": 5}, False, id="strong but contradicted"),
        pytest.param(
            {"score": 5, "confirmation_z": 30, "end_s": 9.0}, False, id="weak and one note long"
        ),
        pytest.param({"score": 20, "end_s": 9.0}, True, id="strong and one note long"),
        pytest.param({"kind": MatchKind.RAW, "score": 59}, False, id="raw below its limit"),
        pytest.param({"kind": MatchKind.RAW, "score": 61}, True, id="raw above its limit"),
        pytest.param(
            {"kind": MatchKind.IDENTITY, "score": 0.97, "end_s": 17.9}, False, id="short identity"
        ),
        pytest.param({"kind": MatchKind.IDENTITY, "score": 0.97}, True, id="identity"),
        pytest.param(
            {"kind": MatchKind.WARPED, "confirmation_z": None}, True, id="changed recording"
        ),
    ],
)
def test_matches_count_from_their_limits_on(changes, counts):
    assert (judge(matches=(replace(MATCH, **changes),)).outcome is Outcome.REJECTED) == counts


@pytest.mark.parametrize(
    ("pitch_ratio", "time_ratio", "told"),
    [
        (1.05, 1.05, "It was changed: its pitch by +5.0%, its speed by +5.0%."),
        (1.0, 0.9775, "It was changed: its speed by -2.2%."),
        (1.0, 1.0, "is heard from 8.0 to 20.0 s."),
    ],
)
def test_a_reason_says_what_was_changed_and_nothing_else(pitch_ratio, time_ratio, told):
    warped = replace(
        MATCH,
        kind=MatchKind.WARPED,
        confirmation_z=None,
        pitch_ratio=pitch_ratio,
        time_ratio=time_ratio,
    )
    (reason,) = judge(matches=(warped,)).reasons
    assert reason.text.endswith(told)


def test_a_present_placement_explains_its_own_match_and_its_siblings():
    own = replace(MATCH, key="stem:drums")
    sibling = replace(MATCH, key="stem:drums-2", siblings=("stem:drums",))
    assert judge(matches=(own, sibling)).outcome is Outcome.APPROVED


def test_an_absent_placement_explains_nothing():
    own = replace(MATCH, key="stem:drums")
    verdict = judge(matches=(own,), placements=(replace(PLACEMENT, share=0.01),))
    assert sorted(list_codes(verdict)) == ["audio.declared_absent", "audio.undeclared_stem"]


def test_a_declared_stem_elsewhere_in_the_song_is_undeclared_there():
    verdict = judge(
        matches=(replace(MATCH, key="stem:drums", start_s=22.0, end_s=30.0),),
        placements=(replace(PLACEMENT, end_s=10.0),),
    )
    assert list_codes(verdict) == ["audio.undeclared_stem"]


def test_siblings_are_reported_once_as_a_set():
    first = replace(MATCH, key="stem:a", siblings=("stem:b",))
    second = replace(MATCH, key="stem:b", siblings=("stem:a",), score=50.0)
    (reason,) = judge(matches=(first, second)).reasons
    assert (reason.stem, reason.siblings) == ("a", ("stem:b",))


def test_a_weak_stem_match_where_nothing_is_unexplained_is_a_leftover():
    weak = replace(MATCH, key="stem:other", score=12.0)
    loud = replace(CURVE, mid_db=(20.0,) * 28)
    assert judge(matches=(weak,)).outcome is Outcome.APPROVED
    assert "audio.undeclared_stem" in list_codes(judge(matches=(weak,), excess=loud))


@pytest.mark.parametrize("channel", ["mid_db", "side_db", "band_db"])
def test_unexplained_sound_without_a_name_goes_to_review_with_its_interval(channel):
    values = (0.0,) * 10 + (11.0,) * 5 + (0.0,) * 13
    verdict = judge(excess=replace(CURVE, **{channel: values}))
    (reason,) = verdict.reasons
    assert verdict.outcome is Outcome.NEEDS_REVIEW
    assert reason.code == "audio.unexplained"
    assert (reason.start_s, reason.end_s) == (10.2, 16.32)
    assert (reason.score, reason.unit) == (11.0, "dB")


def test_lossless_files_have_their_own_limit():
    limits = VerdictLimits()
    between = limits.excess_db + limits.lossless_excess_db / 2
    curve = replace(CURVE, mid_db=(between,) * 28)
    assert judge(excess=curve).outcome is Outcome.NEEDS_REVIEW
    assert judge(excess=replace(curve, is_lossless=True)).outcome is Outcome.APPROVED


def test_aac_files_have_their_own_limit():
    limits = VerdictLimits()
    between = limits.band_excess_db + limits.aac_excess_db / 2
    curve = replace(CURVE, band_db=(between,) * 28)
    assert judge(excess=curve).outcome is Outcome.NEEDS_REVIEW
    assert judge(excess=replace(curve, codec="aac")).outcome is Outcome.APPROVED


def test_without_a_vocal_the_review_says_it_may_be_the_voice():
    verdict = judge(has_vocal=False, excess=replace(CURVE, mid_db=(9.0,) * 28))
    assert "may be the voice" in verdict.reasons[0].text


@pytest.mark.parametrize("problem", list(AlignmentProblem))
def test_a_placement_that_cannot_be_checked_goes_to_review(problem):
    verdict = judge(placements=(replace(PLACEMENT, problem=problem, share=None),))
    assert verdict.outcome is Outcome.NEEDS_REVIEW
    assert verdict.reasons[0].stem == "drums"


@pytest.mark.parametrize(
    ("severity", "outcome"),
    [
        (Severity.REJECT, Outcome.REJECTED),
        (Severity.REVIEW, Outcome.NEEDS_REVIEW),
        (Severity.NOTE, Outcome.APPROVED),
    ],
)
def test_findings_of_checks_become_reasons(severity, outcome):
    finding = CheckFinding(
        code="audio.clipping", severity=severity, value=0.2, limit=0.1, unit="share", text="clipped"
    )
    verdict = judge(findings=(finding,))
    assert verdict.outcome is outcome
    assert verdict.reasons[0].text == "Clipped."


def test_a_song_from_which_nothing_was_subtracted_is_never_approved():
    assert list_codes(judge(excess=None)) == ["audio.nothing_subtracted"]


def test_the_gravest_reason_comes_first():
    verdict = judge(matches=(MATCH,), excess=replace(CURVE, mid_db=(9.0,) * 28))
    assert [reason.outcome for reason in verdict.reasons] == ["rejected", "needs_review"]


def test_the_report_is_json_and_leaves_out_what_is_not_known():
    report = json.loads(json.dumps(judge(matches=(MATCH,)).to_json()))
    assert report["outcome"] == "rejected"
    assert "stem" not in report["reasons"][0]
    assert report["limits"]["match_score"] == VerdictLimits().match_score


@pytest.mark.parametrize(("score", "is_excused"), [(11.0, False), (19.0, True)])
def test_a_foreign_recording_in_the_rest_is_excused_only_by_a_stem_that_matches_as_well(
    score, is_excused
):
    foreign = replace(
        MATCH, key="reference:hit", score=20.0, confirmation_z=92.0, siblings=("stem:drums",)
    )
    leftover = replace(
        MATCH, key="stem:drums", score=score, confirmation_z=10.5, siblings=("reference:hit",)
    )
    verdict = judge(matches=(foreign, leftover))
    assert (verdict.outcome is Outcome.APPROVED) == is_excused
    known = judge(matches=(foreign,))  # the sibling is known from the catalog, not found here
    assert known.outcome is Outcome.APPROVED
