from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Cap, CapBalance, CapEntry, CapHold, Share, Stem
from catalog.models.caps import EntryKind
from catalog.services.agreements import activate_grant, add_cap, end_grant, suspend_grant
from catalog.services.clearing import (
    AlreadyHeld,
    capture_caps,
    clear_stems,
    evaluate_rights,
    extend_holds,
    release_caps,
    release_expired_holds,
)
from catalog.services.stems import suspend_stem
from tests.catalog.rows import NOW, add_agreement, add_draft, add_license, add_stems, make_intent

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def evaluate(stems, **changes):
    return evaluate_rights(
        stems=[stem.external_id for stem in stems], intent=make_intent(**changes), now=NOW
    )


def clear(stems, subject="clearance:1", **changes):
    return clear_stems(
        stems=[stem.external_id for stem in stems],
        intent=make_intent(**changes),
        subject=subject,
        hold_until=NOW + HOUR,
        now=NOW,
    )


def capture(stems, subject, now=NOW, **changes):
    return capture_caps(
        stems=[stem.external_id for stem in stems],
        intent=make_intent(**changes),
        subject=subject,
        now=now,
    )


def get_codes(evaluation):
    return {reason.code for reason in evaluation.reasons}


def count_entries():
    return {kind: CapEntry.objects.filter(kind=kind).count() for kind in EntryKind}


def test_stems_without_a_grant_are_denied(stems):
    assert get_codes(evaluate(stems)) == {"rights.not_active", "rights.no_grant"}


def test_stems_under_a_grant_are_cleared_until_it_ends(stems):
    grant = add_license(stems=stems)
    assert evaluate(stems).cleared
    end_grant(grant=grant, ends_on=make_intent().starts_on, by=None, now=NOW)
    assert get_codes(evaluate(stems)) == {"rights.expired"}


def test_a_territory_taken_out_is_denied(stems):
    add_license(stems=stems)
    evaluation = evaluate(stems, territories=frozenset({"DE", "US"}))
    assert get_codes(evaluation) == {"rights.territory"}
    assert evaluation.territories == ("DE",)


def test_a_suspended_grant_and_a_suspended_stem_deny(stems):
    grant = add_license(stems=stems)
    suspend_stem(external_id=stems[0].external_id, by=None, note="claim")
    assert get_codes(evaluate(stems)) == {"rights.suspended"}
    suspend_grant(grant=grant, by=None)
    assert get_codes(evaluate(stems)) == {"rights.suspended", "rights.grant_not_in_force"}


def test_shares_that_are_taken_away_deny(stems):
    add_license(stems=stems)
    Share.objects.filter(stem=stems[0], right_type="master").delete()
    evaluation = evaluate(stems)
    assert {(reason.code, reason.stem) for reason in evaluation.reasons} == {
        ("rights.shares_incomplete", stems[0].external_id)
    }


def test_the_number_of_queries_does_not_depend_on_the_number_of_stems(tmp_path, db):
    stems = add_stems(tmp_path / "audio", 6, role="vocals", isrc="US-S1Z-99-00001", work="Song")
    for number in range(5):
        add_license(stems=stems, number=f"AGR-{number}", cap=10)
    counts = []
    for n_stems in (1, 6):
        with CaptureQueriesContext(connection) as queries:
            evaluation = evaluate(stems[:n_stems])
        assert evaluation.cleared, evaluation.reasons
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_clearing_reserves_one_song_however_many_stems_share_the_cap(stems):
    add_license(stems=stems, cap=2)
    evaluation = clear(stems)
    assert evaluation.cleared
    assert evaluation.binding_cap.remaining == 2
    assert evaluate(stems).binding_cap.remaining == 1
    assert CapHold.objects.get().subject == "clearance:1"


def test_a_denied_clearance_reserves_nothing(stems):
    add_license(stems=stems, cap=2)
    assert not clear(stems, uses=frozenset({"broadcast"})).cleared
    assert count_entries()[EntryKind.RESERVE] == 0


def test_a_cap_that_is_taken_denies_with_what_remains(stems):
    add_license(stems=stems, cap=1)
    assert clear(stems, subject="a").cleared
    evaluation = clear(stems, subject="b")
    assert get_codes(evaluation) == {"rights.cap_exhausted"}
    assert "0 remain" in evaluation.reasons[0].text


def test_a_released_hold_makes_room_and_releasing_again_changes_nothing(stems):
    add_license(stems=stems, cap=1)
    clear(stems, subject="a")
    assert release_caps(subject="a", now=NOW) == 1
    assert release_caps(subject="a", now=NOW) == 0
    assert clear(stems, subject="b").cleared


def test_capturing_twice_counts_once_and_keeps_the_cap_taken(stems):
    add_license(stems=stems, cap=1)
    clear(stems, subject="a")
    assert capture(stems, "a").cleared
    assert capture(stems, "a").cleared
    assert release_caps(subject="a", now=NOW) == 0
    balance = CapBalance.objects.get()
    assert (balance.held, balance.captured) == (0, 1)
    assert not clear(stems, subject="b").cleared


def test_what_was_released_is_taken_anew_if_there_is_room(stems):
    add_license(stems=stems, cap=1)
    clear(stems, subject="a")
    release_caps(subject="a", now=NOW)
    assert capture(stems, "a").cleared
    assert get_taken() == {"AGR-1/1": (0, 1)}
    clear(stems, subject="b")
    assert get_codes(capture(stems, "b")) == {"rights.cap_exhausted"}
    assert get_taken() == {"AGR-1/1": (0, 1)}


def test_a_subject_without_caps_captures_nothing(stems):
    add_license(stems=stems)
    clear(stems, subject="a")
    assert capture(stems, "a").cleared
    assert not CapHold.objects.exists()


def get_taken():
    """What is held and what is captured of the caps of each grant."""
    return {
        balance.cap.grant.label: (balance.held, balance.captured)
        for balance in CapBalance.objects.select_related("cap__grant__agreement")
    }


@pytest.fixture
def replaced(stems):
    """A song holds of a grant that ends, and another grant with a cap of one takes its place."""
    first = add_license(stems=stems, cap=3)
    assert clear(stems, subject="a").cleared
    second = add_license(stems=stems, number="AGR-2", cap=1)
    end_grant(grant=first, ends_on=make_intent().starts_on, by=None, now=NOW)
    return first, second


def test_caps_are_captured_on_the_grant_that_took_the_place_of_the_one_they_were_held_on(
    stems, replaced
):
    first, second = replaced
    evaluation = capture(stems, "a")
    assert (evaluation.cleared, evaluation.grants) == (True, (second.pk,))
    assert get_taken() == {first.label: (0, 0), second.label: (0, 1)}
    assert list(CapEntry.objects.order_by("id").values_list("cap__grant", "kind", "quantity")) == [
        (first.pk, "reserve", 1), (first.pk, "release", 1), (second.pk, "reserve", 1), (second.pk, "capture", 1),
    ]  # fmt: skip
    capture(stems, "a")
    assert CapEntry.objects.count() == 4


def test_a_grant_without_room_refuses_and_the_holds_stay(stems, replaced):
    first, second = replaced
    assert clear(stems, subject="b").cleared
    evaluation = capture(stems, "a")
    assert get_codes(evaluation) == {"rights.expired", "rights.cap_exhausted"}
    full = [reason for reason in evaluation.reasons if reason.code == "rights.cap_exhausted"]
    assert {reason.grant for reason in full} == {second.label}
    assert all("0 remain and 1 are needed" in reason.text for reason in full)
    assert get_taken() == {first.label: (1, 0), second.label: (1, 0)}


def test_a_grant_without_caps_that_took_the_place_takes_nothing(stems):
    first = add_license(stems=stems, cap=3)
    clear(stems, subject="a")
    add_license(stems=stems, number="AGR-2")
    end_grant(grant=first, ends_on=make_intent().starts_on, by=None, now=NOW)
    assert capture(stems, "a").cleared
    assert get_taken() == {first.label: (0, 0)}


def test_only_the_part_that_moved_to_another_grant_moves(stems):
    kept = add_license(stems=stems[:1], cap=3)
    ended = add_license(stems=stems[1:], number="AGR-2", cap=3)
    clear(stems, subject="a")
    successor = add_license(stems=stems[1:], number="AGR-3", cap=3)
    end_grant(grant=ended, ends_on=make_intent().starts_on, by=None, now=NOW)
    assert capture(stems, "a").cleared
    assert get_taken() == {kept.label: (0, 1), ended.label: (0, 0), successor.label: (0, 1)}


def test_what_is_held_is_captured_though_the_limit_was_lowered(stems):
    grant = add_license(stems=stems, cap=3)
    clear(stems, subject="a")
    clear(stems, subject="b")
    Cap.objects.filter(grant=grant).update(limit=1)
    assert capture(stems, "b").cleared
    assert get_taken() == {grant.label: (1, 1)}


def test_what_is_held_is_captured_though_a_new_day_began_and_is_full(stems):
    grant = add_draft(add_agreement(), stems=stems)
    add_cap(grant=grant, limit=1, period="day", scope="stem")
    activate_grant(grant=grant, by=None, now=NOW)
    clear(stems, subject="a")
    tomorrow = NOW + timedelta(days=1)
    names = [stem.external_id for stem in stems]
    assert clear_stems(
        stems=names, intent=make_intent(), subject="b", hold_until=tomorrow + HOUR, now=tomorrow
    ).cleared
    assert capture(stems, "a", now=tomorrow).cleared
    days = CapBalance.objects.filter(captured=1).values_list("bucket", flat=True)
    assert sorted(days) == sorted(f"{NOW.date()} stem {name}" for name in names)


def test_a_subject_cannot_hold_twice_but_may_again_after_a_release(stems):
    add_license(stems=stems, cap=5)
    clear(stems, subject="a")
    with pytest.raises(AlreadyHeld):
        clear(stems, subject="a")
    release_caps(subject="a", now=NOW)
    assert clear(stems, subject="a").cleared


def test_expired_holds_are_released_and_extended_ones_kept(stems):
    add_license(stems=stems, cap=2)
    clear(stems, subject="a")
    clear(stems, subject="b")
    assert extend_holds(subject="b", hold_until=NOW + 3 * HOUR) == 1
    assert release_expired_holds(now=NOW) == 0
    assert release_expired_holds(now=NOW + 2 * HOUR) == 1
    assert CapHold.objects.get(status="held").subject == "b"


def test_a_daily_cap_starts_again_the_next_day(stems):
    grant = add_draft(add_agreement(), stems=stems)
    add_cap(grant=grant, limit=1, period="day")
    activate_grant(grant=grant, by=None, now=NOW)
    assert clear(stems, subject="a").cleared
    assert not clear(stems, subject="b").cleared
    tomorrow = NOW + timedelta(days=1)
    names = [stem.external_id for stem in stems]
    assert evaluate_rights(stems=names, intent=make_intent(), now=tomorrow).cleared


def test_a_cap_per_campaign_counts_each_campaign_for_itself(stems):
    grant = add_draft(add_agreement(), stems=stems)
    add_cap(grant=grant, limit=1, period="campaign")
    activate_grant(grant=grant, by=None, now=NOW)
    assert clear(stems, subject="a", campaign="spring").cleared
    assert not clear(stems, subject="b", campaign="spring").cleared
    assert clear(stems, subject="c", campaign="fall").cleared
    assert get_codes(clear(stems, subject="d")) == {"rights.cap_quantity"}


def test_a_cap_on_each_stem_counts_each_stem_for_itself(stems):
    grant = add_draft(add_agreement(), stems=stems)
    add_cap(grant=grant, limit=1, scope="stem")
    activate_grant(grant=grant, by=None, now=NOW)
    assert clear(stems[:1], subject="a").cleared
    assert clear(stems[1:], subject="b").cleared
    evaluation = clear(stems, subject="c")
    assert {reason.stem for reason in evaluation.reasons} == {s.external_id for s in stems}


def test_the_ledger_adds_up_to_the_balance(stems):
    add_license(stems=stems, cap=5)
    for subject in "abcd":
        clear(stems, subject=subject)
    capture(stems, "a")
    capture(stems, "b")
    release_caps(subject="c", now=NOW)
    entries = count_entries()
    balance = CapBalance.objects.get()
    assert balance.captured == entries[EntryKind.CAPTURE] == 2
    assert balance.held == (
        entries[EntryKind.RESERVE] - entries[EntryKind.CAPTURE] - entries[EntryKind.RELEASE]
    )


def test_a_grant_on_a_recording_covers_its_stems(tmp_path, db):
    stems = add_stems(tmp_path / "audio", 2, isrc="US-S1Z-99-00001")
    grant = add_draft(add_agreement(), stems=[], recordings=[stems[0].recording], cap=1)
    activate_grant(grant=grant, by=None, now=NOW)
    assert set(Stem.objects.values_list("status", flat=True)) == {"active"}
    assert clear(stems, subject="a").cleared
    assert not clear(stems, subject="b").cleared
