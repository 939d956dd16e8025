from datetime import date

import pytest
from django.db import IntegrityError, transaction

from catalog.models import ChangeSet, Grant, Stem
from catalog.queries.approved_songs import ApprovedSong
from catalog.services.agreements import GrantIncomplete, suspend_grant
from catalog.services.change_sets import (
    ChangeSetDecided,
    OwnChangeSet,
    ProposedChange,
    activate_change_set,
    propose_changes,
    reject_change_set,
    withdraw_change_set,
)
from catalog.services.clearing import clear_stems, evaluate_rights
from catalog.services.impact import preview_change_set
from tests.catalog.rows import NOW, add_agreement, add_draft, add_license, make_intent

pytestmark = pytest.mark.django_db


def propose(maker, *changes, title="Change"):
    proposed = [ProposedChange(**change) for change in changes]
    return propose_changes(title=title, changes=proposed, by=maker, now=NOW, note="as agreed")


def is_cleared(stems):
    names = [stem.external_id for stem in stems]
    return evaluate_rights(stems=names, intent=make_intent(), now=NOW).cleared


def test_a_grant_prepared_by_one_and_activated_by_another_clears(stems, people):
    maker, checker = people
    grant = add_draft(add_agreement(), stems=stems, by=maker)
    change_set = propose(maker, {"action": "activate_grant", "grant": grant})
    assert not is_cleared(stems)
    activate_change_set(change_set=change_set, by=checker, now=NOW)
    assert is_cleared(stems)
    ending = propose(maker, {"action": "end_grant", "grant": grant, "ends_on": date(2026, 12, 1)})
    activate_change_set(change_set=ending, by=checker, now=NOW)
    assert not is_cleared(stems)


def test_nobody_decides_on_what_they_prepared(stems, people):
    maker, checker = people
    grant = add_draft(add_agreement(), stems=stems)
    change_set = propose(maker, {"action": "activate_grant", "grant": grant})
    with pytest.raises(OwnChangeSet):
        activate_change_set(change_set=change_set, by=maker, now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        ChangeSet.objects.update(status="activated", decided_by=maker, decided_at=NOW)
    reject_change_set(change_set=change_set, by=checker, now=NOW, note="wrong dates")
    with pytest.raises(ChangeSetDecided):
        withdraw_change_set(change_set=change_set, by=maker, now=NOW)


def test_one_change_that_cannot_be_made_keeps_all_from_being_made(stems, people):
    maker, checker = people
    agreement = add_agreement()
    good, other = (add_draft(agreement, stems=stems) for _ in range(2))
    change_set = propose(
        maker,
        {"action": "activate_grant", "grant": good},
        {"action": "activate_grant", "grant": other},
    )
    other.targets.all().delete()
    with pytest.raises(GrantIncomplete):
        activate_change_set(change_set=change_set, by=checker, now=NOW)
    assert set(Grant.objects.values_list("status", flat=True)) == {"draft"}
    change_set.refresh_from_db()
    assert change_set.status == "open"


def test_an_incomplete_draft_is_refused_before_anybody_else_sees_it(stems, people):
    grant = add_draft(add_agreement(signed_on=None), stems=stems)
    with pytest.raises(GrantIncomplete):
        propose(people[0], {"action": "activate_grant", "grant": grant})


def test_a_cap_is_raised_and_a_suspension_lifted_by_two_people(stems, people):
    maker, checker = people
    grant = suspend_grant(grant=add_license(stems=stems, cap=1), by=maker)
    cap = grant.caps.get()
    change_set = propose(
        maker,
        {"action": "set_cap_limit", "grant": grant, "cap": cap, "limit": 5},
        {"action": "resume_grant", "grant": grant},
    )
    activate_change_set(change_set=change_set, by=checker, now=NOW)
    cap.refresh_from_db()
    grant.refresh_from_db()
    assert (cap.limit, grant.status) == (5, "active")
    assert cap.history.first().history_user == checker


def test_a_correction_is_counted_and_explained(stems, people):
    maker, checker = people
    grant = add_license(stems=stems)
    change_set = propose(
        maker,
        {
            "action": "correct_grant",
            "grant": grant,
            "corrections": {"territories": "Worldwide", "credit_line": "Ana Sol"},
        },
    )
    activate_change_set(change_set=change_set, by=checker, now=NOW)
    grant.refresh_from_db()
    assert (grant.corrections, grant.correction_note) == (1, "as agreed")
    assert (str(grant.territory), grant.credit_line) == ("Worldwide", "Ana Sol")


def test_a_correction_of_what_is_no_term_is_refused(stems, people):
    grant = add_license(stems=stems)
    with pytest.raises(TypeError):
        propose(
            people[0],
            {"action": "correct_grant", "grant": grant, "corrections": {"status": "draft"}},
        )


def find_songs(stems):
    song = {"generator": "G", "status": "live", "approved_at": NOW, "valid_until": NOW, "url": "/"}
    return [ApprovedSong(id=f"song of {stem}", **song) for stem in sorted(stems)]


def test_a_preview_names_what_is_gained_and_lost_and_changes_nothing(stems, people, settings):
    settings.CATALOG_FIND_APPROVED_SONGS = f"{__name__}.find_songs"
    maker, checker = people
    grant = add_draft(add_agreement(), stems=stems, by=maker)
    change_set = propose(maker, {"action": "activate_grant", "grant": grant})
    impact = preview_change_set(change_set=change_set, by=checker, now=NOW)
    assert {(i.stem, i.use) for i in impact.impacts} == {
        (stem.external_id, use) for stem in stems for use in ("download", "event")
    }
    assert "DE" in impact.gained
    assert "US" not in impact.gained
    assert not impact.lost
    assert impact.approved_songs == ()
    assert Grant.objects.get().status == "draft"
    assert set(Stem.objects.values_list("status", flat=True)) == {"in_review"}

    activate_change_set(change_set=change_set, by=checker, now=NOW)
    ending = propose(maker, {"action": "end_grant", "grant": grant, "ends_on": date(2026, 12, 1)})
    impact = preview_change_set(change_set=ending, by=checker, now=NOW)
    assert "DE" in impact.lost
    assert [song.id for song in impact.approved_songs] == ["song of stem-1", "song of stem-2"]


def test_a_preview_shows_what_becomes_of_caps(stems, people):
    maker, checker = people
    grant = add_draft(add_agreement(), stems=stems, by=maker, cap=10)
    proposal = propose(maker, {"action": "activate_grant", "grant": grant})
    (change,) = preview_change_set(change_set=proposal, by=checker, now=NOW).cap_changes
    assert (change.before, change.after, change.taken) == (None, 10, 0)
    activate_change_set(change_set=proposal, by=checker, now=NOW)
    clear_stems(stems=["stem-1"], intent=make_intent(), subject="s", hold_until=NOW, now=NOW)
    lower = propose(
        maker,
        {"action": "set_cap_limit", "grant": grant, "cap": grant.caps.get(), "limit": 0},
    )
    (change,) = preview_change_set(change_set=lower, by=checker, now=NOW).cap_changes
    assert (change.before, change.after, change.taken, change.is_overspent) == (10, 0, 1, True)


def test_a_preview_says_what_stands_in_the_way(stems, people):
    maker, _ = people
    grant = add_draft(add_agreement(), stems=stems)
    change_set = propose(maker, {"action": "activate_grant", "grant": grant})
    impact = preview_change_set(change_set=change_set, by=maker, now=NOW)
    assert "somebody else must decide" in impact.problem
    assert impact.impacts == ()
