from dataclasses import replace

import pytest

from compliance.audio.evidence import MatchEvidence, MatchKind
from compliance.audio.siblings import add_known_siblings
from compliance.verdict import decide_verdict
from tests.compliance.audio.values import EVIDENCE

FOUND = MatchEvidence(
    kind=MatchKind.RAW, key="stem:twin", start_s=2.0, end_s=18.0, source_start_s=0.0, score=500.0,
    confirmation_z=60.0,
)  # fmt: skip


def judge(match, **kin):
    evidence = replace(EVIDENCE, matches=(match,))
    joined = add_known_siblings(evidence, **{"copies": {}, "sharing": {}} | kin)
    return joined.matches[0].siblings, decide_verdict(joined).outcome


def test_a_stem_that_shares_sounds_with_a_declared_one_is_explained_in_the_song():
    declared = f"stem:{EVIDENCE.placements[0].stem}"
    assert judge(FOUND) == ((), "rejected")
    assert judge(FOUND, sharing={"stem:twin": {declared}}) == ((declared,), "approved")
    assert judge(FOUND, copies={"stem:twin": {declared}}) == ((declared,), "approved")


@pytest.mark.parametrize("kind", [MatchKind.RESIDUAL, MatchKind.VOCAL])
def test_in_what_is_left_only_a_copy_explains(kind):
    declared = f"stem:{EVIDENCE.placements[0].stem}"
    match = replace(FOUND, kind=kind)
    assert judge(match, sharing={"stem:twin": {declared}}) == ((), "rejected")
    assert judge(match, copies={"stem:twin": {declared}}) == ((declared,), "approved")


def test_siblings_found_beside_it_stay_and_none_is_its_own():
    match = replace(FOUND, siblings=("stem:beside",))
    kin = {"stem:twin": {"stem:twin", "stem:other"}}
    assert judge(match, copies=kin)[0] == ("stem:beside", "stem:other")
