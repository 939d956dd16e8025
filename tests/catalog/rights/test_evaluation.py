from dataclasses import replace
from datetime import date

import pytest

from catalog.rights.evaluation import evaluate
from catalog.rights.intended_use import IntendedUse, InvalidIntendedUse
from catalog.rights.reasons import LEGAL_MENDS, RightsCode
from catalog.rights.terms import (
    ApprovalOfUse,
    CapPeriod,
    CapScope,
    CapTerms,
    CapUnit,
    ConsentTerms,
    EditLimits,
    Effect,
    RightType,
    ShareSet,
    Side,
    StemEdit,
    StemState,
    VoiceReplica,
)
from catalog.rights.territories import ALL_TERRITORIES
from tests.catalog.rights.facts import (
    ENDS_ON,
    SHARE_SETS,
    STARTS_ON,
    make_grant,
    make_intent,
    make_share,
    make_stem,
)


def ask(*stems, intent=None, names=None):
    return evaluate(
        stems=names or [stem.external_id for stem in stems],
        facts={stem.external_id: stem for stem in stems},
        intent=intent or make_intent(),
    )


def get_codes(evaluation):
    return {reason.code for reason in evaluation.reasons}


def make_cap(**changes):
    fields = {
        "id": 1,
        "unit": CapUnit.SONG,
        "limit": 10,
        "period": CapPeriod.TOTAL,
        "remaining": {"": 10},
        **changes,
    }
    return CapTerms(**fields)


def test_a_licensed_and_owned_stem_is_cleared():
    evaluation = ask(make_stem())
    assert evaluation.cleared
    assert evaluation.territories == ("DE", "US")
    assert evaluation.valid_until == date(2028, 1, 1)
    assert evaluation.grants == (1,)


def test_a_stem_nobody_knows_is_denied():
    evaluation = ask(make_stem(), names=["drums", "ghost"])
    (reason,) = evaluation.reasons
    assert (reason.code, reason.stem) == (RightsCode.UNKNOWN_STEM, "ghost")
    assert evaluation.territories == ()


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (StemState.DRAFT, RightsCode.NOT_ACTIVE),
        (StemState.IN_REVIEW, RightsCode.NOT_ACTIVE),
        (StemState.SUSPENDED, RightsCode.SUSPENDED),
        (StemState.WITHDRAWN, RightsCode.WITHDRAWN),
    ],
)
def test_a_stem_that_is_not_active_is_denied(state, code):
    evaluation = ask(make_stem(state=state))
    assert get_codes(evaluation) == {code}
    assert evaluation.territories == ()


def test_every_required_side_needs_a_permission():
    evaluation = ask(make_stem("vox", make_grant(sides=frozenset({Side.MASTER})), has_voice=True))
    assert [(reason.code, reason.side) for reason in evaluation.reasons] == [
        (RightsCode.NO_GRANT, Side.PUBLISHING),
        (RightsCode.NO_GRANT, Side.VOICE),
    ]


@pytest.mark.parametrize(
    ("grant", "intent", "code"),
    [
        (make_grant(), make_intent(uses=frozenset({"broadcast"})), RightsCode.USE),
        (make_grant(territories=frozenset({"DE"})), make_intent(), RightsCode.TERRITORY),
        (make_grant(ends_on=date(2026, 12, 31)), make_intent(), RightsCode.TERM),
        (make_grant(starts_on=date(2026, 12, 2)), make_intent(), RightsCode.TERM),
        (make_grant(ends_on=STARTS_ON), make_intent(), RightsCode.EXPIRED),
        (make_grant(media=frozenset({"web"})), make_intent(), RightsCode.MEDIA),
        (
            make_grant(media=frozenset({"web"})),
            make_intent(media=frozenset({"web", "tv"})),
            RightsCode.MEDIA,
        ),
        (
            make_grant(languages=frozenset({"de"})),
            make_intent(languages=frozenset({"en"})),
            RightsCode.LANGUAGE,
        ),
        (make_grant(campaign="spring"), make_intent(), RightsCode.CAMPAIGN),
        (make_grant(campaign="spring"), make_intent(campaign="fall"), RightsCode.CAMPAIGN),
        (make_grant(brand="Acme"), make_intent(brand="Other"), RightsCode.BRAND),
        (
            make_grant(product_category="food"),
            make_intent(product_category="cars"),
            RightsCode.PRODUCT_CATEGORY,
        ),
        (
            make_grant(model_versions=frozenset({"m1"})),
            make_intent(model_version="m2"),
            RightsCode.MODEL_VERSION,
        ),
        (
            make_grant(moral_terms=frozenset({"alcohol"})),
            make_intent(themes=frozenset({"alcohol", "love"})),
            RightsCode.MORAL,
        ),
        (
            make_grant(edit_limits=EditLimits(max_pitch_cents=100)),
            make_intent(edits={"drums": StemEdit(pitch_cents=-150)}),
            RightsCode.EDIT_LIMIT,
        ),
        (
            make_grant(edit_limits=EditLimits(max_stretch_pct=4, may_loop=False, may_cut=False)),
            make_intent(edits={"drums": StemEdit(stretch_pct=5, loop=True, cut=True)}),
            RightsCode.EDIT_LIMIT,
        ),
        (
            make_grant(approval_of_use=ApprovalOfUse.PRIOR_WRITTEN),
            make_intent(campaign="spring"),
            RightsCode.APPROVAL_PENDING,
        ),
        (
            make_grant(in_force=False, not_in_force_because="it is suspended"),
            make_intent(),
            RightsCode.GRANT_NOT_IN_FORCE,
        ),
        (make_grant(caps=(make_cap(remaining={"": 0}),)), make_intent(), RightsCode.CAP_EXHAUSTED),
        (make_grant(caps=(make_cap(unit=CapUnit.PLAY),)), make_intent(), RightsCode.CAP_QUANTITY),
        (
            make_grant(caps=(make_cap(unit=CapUnit.PLAY),)),
            make_intent(plays=11),
            RightsCode.CAP_EXHAUSTED,
        ),
        (
            make_grant(caps=(make_cap(period=CapPeriod.CAMPAIGN),)),
            make_intent(),
            RightsCode.CAP_QUANTITY,
        ),
    ],
    ids=[
        "use",
        "territory",
        "ends_early",
        "starts_late",
        "expired",
        "media_not_stated",
        "media_in_part",
        "language",
        "campaign_not_stated",
        "other_campaign",
        "brand",
        "product_category",
        "model_version",
        "moral",
        "pitch",
        "stretch_cut_loop",
        "approval",
        "suspended",
        "cap_used_up",
        "plays_not_stated",
        "plays_beyond_cap",
        "cap_by_campaign",
    ],
)
def test_a_term_that_does_not_admit_the_use_denies_on_each_side(grant, intent, code):
    evaluation = ask(make_stem("drums", grant), intent=intent)
    assert get_codes(evaluation) == {code}
    assert {reason.side for reason in evaluation.reasons} == {Side.MASTER, Side.PUBLISHING}
    assert all(reason.grant == "AGR/1" and reason.text for reason in evaluation.reasons)


@pytest.mark.parametrize(
    ("grant", "intent"),
    [
        (make_grant(media=frozenset({"web"})), make_intent(media=frozenset({"web"}))),
        (make_grant(campaign="spring"), make_intent(campaign="spring")),
        (
            make_grant(
                approval_of_use=ApprovalOfUse.PRIOR_WRITTEN,
                approved_campaigns=frozenset({"spring"}),
            ),
            make_intent(campaign="spring"),
        ),
        (make_grant(approval_of_use=ApprovalOfUse.NOTIFY), make_intent()),
        (
            make_grant(edit_limits=EditLimits(max_pitch_cents=100)),
            make_intent(edits={"drums": StemEdit(pitch_cents=100)}),
        ),
        (make_grant(caps=(make_cap(unit=CapUnit.PLAY),)), make_intent(plays=10)),
        (make_grant(caps=(make_cap(remaining={"": 0}, blocks=False),)), make_intent()),
        (make_grant(ends_on=None), make_intent()),
    ],
)
def test_a_term_that_is_met_does_not_stand_in_the_way(grant, intent):
    assert ask(make_stem("drums", grant), intent=intent).cleared


def test_every_failing_term_of_the_closest_grant_is_named():
    grant = make_grant(uses=frozenset({"event"}), ends_on=date(2026, 6, 1), campaign="spring")
    evaluation = ask(make_stem("drums", grant))
    master = [reason.code for reason in evaluation.reasons if reason.side == Side.MASTER]
    assert sorted(master) == sorted([RightsCode.USE, RightsCode.EXPIRED, RightsCode.CAMPAIGN])


def test_a_use_in_one_grant_and_a_territory_in_another_do_not_add_up():
    here = make_grant(1, uses=frozenset({"event"}))
    there = make_grant(2, territories=frozenset({"DE"}))
    evaluation = ask(make_stem("drums", here, there))
    assert not evaluation.cleared
    assert evaluation.territories == ("DE",)


def test_grants_cover_territories_together():
    grants = [
        make_grant(1, territories=frozenset({"DE"})),
        make_grant(2, territories=frozenset({"US"})),
    ]
    evaluation = ask(make_stem("drums", *grants))
    assert evaluation.cleared
    assert evaluation.grants == (1, 2)


def test_grants_cover_the_interval_together_if_there_is_no_day_between_them():
    change = date(2026, 12, 15)
    joined = [make_grant(1, ends_on=change), make_grant(2, starts_on=change)]
    assert ask(make_stem("drums", *joined)).cleared
    apart = [make_grant(1, ends_on=change), make_grant(2, starts_on=date(2026, 12, 16))]
    evaluation = ask(make_stem("drums", *apart))
    assert get_codes(evaluation) == {RightsCode.TERM}
    assert {(r.starts_on, r.ends_on) for r in evaluation.reasons} == {(change, date(2026, 12, 16))}


def test_the_territory_that_is_missing_is_named():
    evaluation = ask(make_stem("drums", make_grant(territories=ALL_TERRITORIES - {"US"})))
    assert {reason.territories for reason in evaluation.reasons} == {("US",)}
    assert evaluation.territories == ("DE",)


def test_a_prohibition_beats_a_permission_where_it_applies():
    no = make_grant(
        2, effect=Effect.PROHIBITION, territories=frozenset({"US"}), uses=frozenset({"download"})
    )
    evaluation = ask(make_stem("drums", make_grant(1), no))
    assert get_codes(evaluation) == {RightsCode.PROHIBITED}
    assert evaluation.territories == ("DE",)
    assert ask(
        make_stem("drums", make_grant(1), no), intent=make_intent(uses=frozenset({"event"}))
    ).cleared


def test_a_prohibition_without_uses_forbids_every_use():
    no = make_grant(2, effect=Effect.PROHIBITION, uses=frozenset())
    assert get_codes(ask(make_stem("drums", make_grant(1), no))) == {RightsCode.PROHIBITED}


def test_a_prohibition_for_a_brand_counts_while_the_brand_is_not_named():
    no = make_grant(2, effect=Effect.PROHIBITION, brand="Acme")
    stem = make_stem("drums", make_grant(1), no)
    assert get_codes(ask(stem)) == {RightsCode.PROHIBITED}
    assert ask(stem, intent=make_intent(brand="Other")).cleared


def test_missing_owners_deny():
    evaluation = ask(make_stem("drums", share_sets=()))
    assert get_codes(evaluation) == {RightsCode.SHARES_INCOMPLETE}
    assert {reason.side for reason in evaluation.reasons} == {Side.MASTER, Side.PUBLISHING}


def test_shares_that_do_not_add_up_deny_in_their_territory():
    half = make_share(RightType.PUBLISHING_MECHANICAL, 50, territories=frozenset({"US"}))
    publishing = replace(SHARE_SETS[1], shares=(*SHARE_SETS[1].shares, half))
    evaluation = ask(make_stem("drums", share_sets=(SHARE_SETS[0], publishing)))
    (reason,) = evaluation.reasons
    assert reason.code == RightsCode.SHARES_INCOMPLETE
    assert reason.territories == ("US",)
    assert "150" in reason.text


def test_a_right_nobody_needs_is_held_to_100_once_a_share_is_entered():
    sync = ShareSet(
        target="work",
        side=Side.PUBLISHING,
        shares=(*SHARE_SETS[1].shares, make_share(RightType.SYNC, 40)),
    )
    evaluation = ask(make_stem("drums", share_sets=(SHARE_SETS[0], sync)))
    assert "sync" in evaluation.reasons[0].text


def make_consent(**changes):
    fields = {
        "performer": "Ana",
        "uses": frozenset({"download"}),
        "territories": ALL_TERRITORIES,
        "starts_on": date(2026, 1, 1),
        **changes,
    }
    return ConsentTerms(**fields)


@pytest.mark.parametrize(
    ("consents", "cleared"),
    [
        ((), False),
        ((make_consent(),), True),
        ((make_consent(performer="Ben"),), False),
        ((make_consent(uses=frozenset({"event"})),), False),
        ((make_consent(territories=frozenset({"DE"})),), False),
        ((make_consent(ends_on=date(2026, 12, 31)),), False),
        ((make_consent(ends_on=ENDS_ON),), True),
        ((make_consent(campaign="spring"),), False),
        ((make_consent(revoked_on=date(2026, 12, 15)),), False),
    ],
)
def test_a_separate_consent_must_cover_the_whole_use(consents, cleared):
    grant = make_grant(needs_separate_consent=True)
    stem = make_stem("vox", grant, has_voice=True, performers=("Ana",), consents=consents)
    evaluation = ask(stem)
    assert evaluation.cleared is cleared
    assert get_codes(evaluation) <= {RightsCode.CONSENT}


def test_a_revoked_consent_denies_even_where_the_contract_holds_the_consent():
    revoked = make_consent(revoked_on=date(2026, 11, 1))
    stem = make_stem("vox", has_voice=True, performers=("Ana",), consents=(revoked,))
    assert get_codes(ask(stem)) == {RightsCode.CONSENT}
    renewed = make_consent(starts_on=date(2026, 11, 2))
    assert ask(replace(stem, consents=(revoked, renewed))).cleared


@pytest.mark.parametrize(
    ("replica", "approved", "codes"),
    [
        (VoiceReplica.NO, (), {RightsCode.VOICE_REPLICA}),
        (VoiceReplica.WITH_APPROVAL, (), {RightsCode.APPROVAL_PENDING}),
        (VoiceReplica.WITH_APPROVAL, ("spring",), set()),
        (VoiceReplica.YES, (), set()),
    ],
)
def test_a_replica_of_a_voice_needs_a_permission_of_its_own(replica, approved, codes):
    grant = make_grant(voice_replica=replica, approved_campaigns=frozenset(approved))
    stem = make_stem("vox", grant, has_voice=True)
    intent = make_intent(replicates_voice=True, campaign="spring")
    assert get_codes(ask(stem, intent=intent)) == codes


def test_a_stem_that_may_not_be_combined_is_cleared_alone():
    solo = make_stem("solo", make_grant(edit_limits=EditLimits(may_combine=False)))
    assert ask(solo).cleared
    assert get_codes(ask(solo, make_stem("drums"))) == {RightsCode.COMBINATION}


def test_a_song_takes_one_from_a_cap_however_many_stems_share_it():
    grant = make_grant(caps=(make_cap(),))
    evaluation = ask(make_stem("a", grant), make_stem("b", grant))
    (use,) = evaluation.cap_uses
    assert (use.quantity, use.remaining, use.stem) == (1, 10, "")
    assert evaluation.binding_cap == use


def test_a_cap_on_each_stem_is_taken_once_for_each():
    grant = make_grant(caps=(make_cap(scope=CapScope.STEM, remaining={"a": 1, "b": 5}),))
    evaluation = ask(make_stem("a", grant), make_stem("b", grant))
    assert [(use.stem, use.remaining) for use in evaluation.cap_uses] == [("a", 1), ("b", 5)]
    assert evaluation.binding_cap.stem == "a"


def test_an_uncapped_grant_is_relied_on_before_a_capped_one():
    evaluation = ask(make_stem("a", make_grant(1, caps=(make_cap(),)), make_grant(2)))
    assert evaluation.grants == (2,)
    assert evaluation.cap_uses == ()


def test_an_exhausted_cap_gives_way_to_another_grant():
    exhausted = make_grant(1, caps=(make_cap(remaining={"": 0}),))
    assert ask(make_stem("a", exhausted, make_grant(2, caps=(make_cap(id=2),)))).grants == (2,)


def test_the_valid_intersection_is_that_of_all_stems():
    evaluation = ask(
        make_stem("a", make_grant(1, ends_on=date(2027, 3, 1))),
        make_stem("b", make_grant(2, territories=frozenset({"DE"}), ends_on=date(2027, 2, 1))),
    )
    assert evaluation.territories == ("DE",)
    assert evaluation.valid_until == date(2027, 2, 1)


def test_edit_limits_of_the_grants_relied_on_are_answered():
    evaluation = ask(
        make_stem("a", make_grant(edit_limits=EditLimits(max_pitch_cents=50, may_loop=False)))
    )
    assert evaluation.edit_limits["a"].find_breaches(StemEdit(pitch_cents=60, loop=True)) != ()
    assert evaluation.edit_limits["a"].find_breaches(StemEdit(pitch_cents=-50)) == ()


def test_no_stems_at_all_ask_for_nothing():
    evaluation = evaluate(stems=[], facts={}, intent=make_intent())
    assert evaluation.cleared
    assert evaluation.territories == ()


def test_an_answer_can_be_stored_as_json():
    import json

    evaluation = ask(make_stem("a", make_grant(1, uses=frozenset({"event"}), caps=(make_cap(),))))
    answer = json.loads(json.dumps(evaluation.to_json()))
    assert answer["outcome"] == "denied"
    assert answer["reasons"][0]["code"] == "rights.use"


@pytest.mark.parametrize(
    ("changes", "field_name"),
    [
        ({"territories": frozenset()}, "territories"),
        ({"territories": frozenset({"XX"})}, "territories"),
        ({"uses": frozenset()}, "uses"),
        ({"uses": frozenset({"theft"})}, "uses"),
        ({"ends_on": STARTS_ON}, "ends_on"),
    ],
)
def test_an_intended_use_that_asks_nothing_is_refused(changes, field_name):
    with pytest.raises(InvalidIntendedUse) as caught:
        make_intent(**changes)
    assert caught.value.field_name == field_name


def test_worldwide_is_expanded():
    assert make_intent(territories=frozenset({"Worldwide"})).territories == ALL_TERRITORIES
    assert isinstance(make_intent(), IntendedUse)


def test_every_code_tells_legal_staff_what_they_can_do():
    assert set(LEGAL_MENDS) == set(RightsCode)


def test_uses_that_fail_alike_share_one_reason_a_side():
    intent = make_intent(uses=frozenset({"download", "event"}))
    evaluation = ask(make_stem("drums", make_grant(ends_on=STARTS_ON)), intent=intent)
    assert {(reason.side, reason.uses) for reason in evaluation.reasons} == {
        ("master", ("download", "event")),
        ("publishing", ("download", "event")),
    }
    assert len(evaluation.reasons) == 2
    assert "download and event are not licensed" in evaluation.reasons[0].text


@pytest.mark.parametrize(
    "stem",
    [
        make_stem("drums", make_grant(ends_on=STARTS_ON)),
        make_stem("drums", make_grant(territories=frozenset({"FR"}))),
        make_stem("drums", make_grant(sides=frozenset({"voice"}))),
        make_stem(state=StemState.IN_REVIEW),
        make_stem(share_sets=()),
    ],
    ids=["expired", "territory", "no_grant", "in_review", "shares"],
)
def test_generators_are_told_what_they_can_do_and_not_what_legal_staff_can(stem):
    for reason in ask(stem).reasons:
        assert "leave" in reason.text
        assert not {"obtain", "enter", "activate"} & set(reason.text.split())


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({}, {RightsCode.EXPIRED, RightsCode.CAP_EXHAUSTED}),
        ({"territories": frozenset({"US"})}, {RightsCode.EXPIRED, RightsCode.CAP_EXHAUSTED}),
        ({"uses": frozenset({"broadcast"})}, {RightsCode.EXPIRED}),
        ({"ends_on": STARTS_ON}, {RightsCode.EXPIRED}),
        ({"brand": "Else"}, {RightsCode.EXPIRED}),
    ],
    ids=["would_cover", "would_cover_in_part", "another_use", "ended_too", "fails_otherwise_too"],
)
def test_a_gap_that_a_grant_without_room_would_close_names_its_cap(changes, codes):
    ended = make_grant(1, ends_on=STARTS_ON)
    full = make_grant(2, caps=(make_cap(remaining={"": 0}),), **changes)
    evaluation = ask(make_stem("drums", ended, full))
    assert get_codes(evaluation) == codes
    named = {
        r.grant: r.territories for r in evaluation.reasons if r.code == RightsCode.CAP_EXHAUSTED
    }
    where = ("US",) if "territories" in changes else ()  # none named: wherever it is asked for
    assert named == ({"AGR/2": where} if len(codes) > 1 else {})
