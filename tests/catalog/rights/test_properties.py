"""What must hold for every catalog: narrowing, forbidding and reordering, by hypothesis."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from catalog.rights.evaluation import evaluate
from catalog.rights.intended_use import IntendedUse
from catalog.rights.terms import (
    ApprovalOfUse,
    CapPeriod,
    CapTerms,
    CapUnit,
    EditLimits,
    Effect,
    Side,
    StemEdit,
    StemState,
    VoiceReplica,
)
from tests.catalog.rights.facts import SHARE_SETS, make_grant, make_stem

TERRITORIES = ("DE", "FR", "JP", "US")
USES = ("download", "event", "archive")
WORDS = ("x", "y")
FIRST_DAY = date(2026, 12, 1)
N_DAYS = 12


# A busy machine is slow, not wrong.
patiently = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def subsets(words, *, min_size=0):
    return st.frozensets(st.sampled_from(words), min_size=min_size)


def mostly(value, *others):
    """Mostly the plain value, so that about half of the cases clear."""
    return st.sampled_from([*[value] * 15, *others])


days = st.integers(min_value=0, max_value=N_DAYS).map(lambda n: FIRST_DAY + timedelta(days=n))
caps = st.lists(
    st.builds(
        CapTerms,
        id=st.integers(1, 9),
        unit=st.sampled_from(CapUnit),
        limit=st.just(3),
        period=st.sampled_from(CapPeriod),
        remaining=st.integers(0, 3).map(lambda n: {"": n}),
    ),
    max_size=1,
).map(tuple)


@st.composite
def grants(draw, number, effect):
    starts_on = draw(mostly(FIRST_DAY, None)) or draw(days)
    ends_on = draw(mostly(None, "day"))
    return make_grant(
        number,
        effect=effect,
        sides=draw(mostly(frozenset(Side), frozenset({Side.MASTER}))),
        uses=draw(mostly(frozenset(USES), None)) or draw(subsets(USES, min_size=1)),
        territories=draw(mostly(frozenset(TERRITORIES), None))
        or draw(subsets(TERRITORIES, min_size=1)),
        starts_on=starts_on,
        ends_on=None if ends_on is None else max(starts_on, draw(days)),
        media=draw(mostly(frozenset(), frozenset({"x"}))),
        languages=draw(mostly(frozenset(), frozenset({"x"}))),
        campaign=draw(mostly("", "x")),
        moral_terms=draw(mostly(frozenset(), frozenset({"x"}))),
        edit_limits=draw(
            mostly(EditLimits(), EditLimits(max_pitch_cents=50), EditLimits(may_combine=False))
        ),
        approval_of_use=draw(mostly(ApprovalOfUse.NONE, ApprovalOfUse.PRIOR_WRITTEN)),
        voice_replica=draw(mostly(VoiceReplica.YES, VoiceReplica.NO)),
        in_force=draw(mostly("yes", "no")) == "yes",
        caps=draw(mostly((), None)) or draw(caps) if effect == Effect.PERMISSION else (),
    )


@st.composite
def catalogs(draw):
    facts = {}
    number = 0
    for name in "abc"[: draw(st.integers(1, 2))]:
        effects = [Effect.PERMISSION] * draw(st.integers(1, 3))
        effects += draw(mostly([], [Effect.PROHIBITION]))
        held = []
        for effect in effects:
            number += 1
            held.append(draw(grants(number, effect)))
        facts[name] = make_stem(
            name,
            *held,
            state=draw(mostly(StemState.ACTIVE, StemState.SUSPENDED)),
            has_voice=draw(st.booleans()),
            share_sets=draw(mostly(SHARE_SETS, SHARE_SETS[:1])),
        )
    return facts


@st.composite
def intents(draw):
    starts_on = draw(days)
    return IntendedUse(
        territories=draw(subsets(TERRITORIES, min_size=1)),
        uses=draw(subsets(USES, min_size=1)),
        starts_on=starts_on,
        ends_on=starts_on + timedelta(days=draw(st.integers(1, N_DAYS))),
        media=draw(subsets(WORDS)),
        languages=draw(subsets(WORDS)),
        themes=draw(subsets(WORDS)),
        campaign=draw(st.sampled_from(["", "x", "y"])),
        plays=draw(st.sampled_from([None, 1, 4])),
        seconds=draw(st.sampled_from([None, 2])),
        replicates_voice=draw(st.booleans()),
        edits=draw(mostly({}, {"a": StemEdit(pitch_cents=60)})),
    )


@st.composite
def narrowings(draw, intent):
    """Return the same intent with less of everything; what is stated stays stated."""
    length = (intent.ends_on - intent.starts_on).days
    first = draw(st.integers(0, length - 1))
    last = draw(st.integers(first + 1, length))
    pick = lambda words: draw(subsets(sorted(words), min_size=1)) if words else words  # noqa: E731
    return replace(
        intent,
        territories=pick(intent.territories),
        uses=pick(intent.uses),
        media=pick(intent.media),
        languages=pick(intent.languages),
        themes=draw(subsets(sorted(intent.themes))) if intent.themes else intent.themes,
        starts_on=intent.starts_on + timedelta(days=first),
        ends_on=intent.starts_on + timedelta(days=last),
        plays=intent.plays and draw(st.integers(1, intent.plays)),
        replicates_voice=intent.replicates_voice and draw(st.booleans()),
        edits={
            name: StemEdit(pitch_cents=edit.pitch_cents / 2) for name, edit in intent.edits.items()
        },
    )


@patiently
@given(st.data(), catalogs(), intents())
def test_narrowing_an_intent_never_turns_cleared_into_denied(data, facts, intent):
    before = evaluate(stems=list(facts), facts=facts, intent=intent)
    event(f"cleared: {before.cleared}")
    narrowed = data.draw(narrowings(intent))
    stems = data.draw(st.lists(st.sampled_from(sorted(facts)), min_size=1, unique=True))
    after = evaluate(stems=stems, facts=facts, intent=narrowed)
    assert after.cleared or not before.cleared, [reason.text for reason in after.reasons]


@patiently
@given(st.data(), catalogs(), intents())
def test_adding_a_prohibition_never_clears(data, facts, intent):
    before = evaluate(stems=list(facts), facts=facts, intent=intent)
    name = data.draw(st.sampled_from(sorted(facts)))
    prohibition = data.draw(grants(99, Effect.PROHIBITION))
    stem = replace(facts[name], grants=(*facts[name].grants, prohibition))
    after = evaluate(stems=list(facts), facts={**facts, name: stem}, intent=intent)
    assert before.cleared or not after.cleared
    assert {(r.code, r.stem, r.side) for r in before.reasons} <= {
        (r.code, r.stem, r.side) for r in after.reasons
    }
    assert set(after.territories) <= set(before.territories)


@patiently
@given(st.data(), catalogs(), intents())
def test_the_order_of_stems_and_grants_does_not_matter(data, facts, intent):
    one = evaluate(stems=sorted(facts), facts=facts, intent=intent)
    shuffled = {
        name: replace(stem, grants=tuple(data.draw(st.permutations(stem.grants))))
        for name, stem in facts.items()
    }
    other = evaluate(stems=data.draw(st.permutations(sorted(facts))), facts=shuffled, intent=intent)
    assert other.cleared == one.cleared
    assert {(r.code, r.stem, r.side, r.territories) for r in other.reasons} == {
        (r.code, r.stem, r.side, r.territories) for r in one.reasons
    }
    assert (other.territories, other.valid_until) == (one.territories, one.valid_until)
    assert (other.grants, set(other.cap_uses)) == (one.grants, set(one.cap_uses))


@patiently
@given(catalogs(), intents())
def test_what_is_left_as_valid_is_valid(facts, intent):
    answer = evaluate(stems=list(facts), facts=facts, intent=intent)
    if answer.territories:
        again = evaluate(
            stems=list(facts),
            facts=facts,
            intent=replace(intent, territories=frozenset(answer.territories)),
        )
        assert again.cleared
    if answer.cleared and answer.valid_until:
        assert answer.valid_until >= intent.ends_on


@patiently
@given(catalogs(), intents())
def test_a_denial_names_a_reason_that_a_day_by_day_reading_confirms(facts, intent):
    """The slow way: every stem, side, use, medium, language, territory and day for itself."""
    answer = evaluate(stems=list(facts), facts=facts, intent=intent)
    cells_clear = all(
        evaluate(
            stems=list(facts),
            facts=facts,
            intent=replace(
                intent,
                territories=frozenset({territory}),
                uses=frozenset({use}),
                media=frozenset({medium}) if medium else frozenset(),
                languages=frozenset({language}) if language else frozenset(),
                starts_on=intent.starts_on + timedelta(days=day),
                ends_on=intent.starts_on + timedelta(days=day + 1),
            ),
        ).cleared
        for territory in intent.territories
        for use in intent.uses
        for medium in intent.media or [""]
        for language in intent.languages or [""]
        for day in range((intent.ends_on - intent.starts_on).days)
    )
    assert answer.cleared == cells_clear
