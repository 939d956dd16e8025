from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction

from catalog.models import Agreement, Cap, Grant, GrantTarget, Stem, TerritorySet
from catalog.models.agreements import TERM_FIELDS
from catalog.rights.territories import InvalidTerritory
from catalog.services.agreements import (
    EndNotEarlier,
    GrantIncomplete,
    GrantMoved,
    SamePerson,
    UnknownStems,
    activate_grant,
    add_grant,
    cancel_grant,
    draft_successor,
    end_grant,
    resume_grant,
    suspend_grant,
)
from catalog.services.clearing import evaluate_rights
from catalog.services.stems import StemMoved, StemNotReady, activate_stem, withdraw_stem
from tests.catalog.rows import NOW, add_agreement, add_draft, add_license, make_intent

pytestmark = pytest.mark.django_db


def test_a_document_is_kept_with_its_hash():
    agreement = add_agreement(document=ContentFile(b"%PDF-1.4", name="signed.pdf"))
    assert len(agreement.document_sha256) == 64
    assert agreement.document.name == f"agreements/{agreement.document_sha256}.pdf"


def test_a_grant_is_numbered_within_its_agreement(stems):
    agreement = add_agreement()
    labels = [add_draft(agreement, stems=stems).label for _ in range(2)]
    assert labels == ["AGR-1/1", "AGR-1/2"]


def test_a_grant_for_an_unknown_stem_is_refused_whole(stems):
    agreement = add_agreement()
    with pytest.raises(UnknownStems) as caught, transaction.atomic():
        add_grant(
            agreement=agreement,
            sides=["master"],
            uses=["download"],
            territories="DE",
            valid_from=date(2026, 1, 1),
            stems=["stem-1", "ghost"],
        )
    assert caught.value.names == ("ghost",)
    assert not Grant.objects.exists()


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"territories": "Narnia"}, InvalidTerritory),
        ({"uses": ["theft"]}, ValidationError),
        ({"sides": []}, ValidationError),
        ({"colour": "red"}, TypeError),
    ],
)
def test_a_grant_with_a_wrong_term_is_refused(stems, changes, error):
    with pytest.raises(error):
        add_draft(add_agreement(), stems=stems, **changes)


def test_activation_puts_agreement_and_waiting_stems_in_force(stems, people):
    maker, checker = people
    grant = add_draft(add_agreement(), stems=stems, by=maker)
    grant = activate_grant(grant=grant, by=checker, now=NOW)
    assert (grant.status, grant.activated_by) == ("active", checker)
    assert Agreement.objects.get().status == "active"
    assert set(Stem.objects.values_list("status", flat=True)) == {"active"}
    assert Grant.history.latest().history_user == checker


def test_who_prepared_a_grant_may_not_activate_it(stems, people):
    maker, _ = people
    grant = add_draft(add_agreement(), stems=stems, by=maker)
    with pytest.raises(SamePerson):
        activate_grant(grant=grant, by=maker, now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Grant.objects.filter(pk=grant.pk).update(activated_by=maker)


def test_an_incomplete_draft_names_every_problem(stems):
    grant = add_draft(add_agreement(signed_on=None), stems=[])
    with pytest.raises(GrantIncomplete) as caught:
        activate_grant(grant=grant, by=None, now=NOW)
    assert len(caught.value.problems) == 2


def test_a_stem_stays_in_review_until_every_side_is_licensed(stems):
    agreement = add_agreement()
    grant = add_draft(agreement, stems=stems, sides=["master"])
    activate_grant(grant=grant, by=None, now=NOW)
    with pytest.raises(StemNotReady, match="publishing"):
        activate_stem(external_id="stem-1", by=None, now=NOW)
    other = add_draft(agreement, stems=stems[:1], sides=["publishing"])
    activate_grant(grant=other, by=None, now=NOW)
    assert [s.status for s in Stem.objects.order_by("external_id")] == ["active", "in_review"]


def test_a_grant_is_activated_once_and_a_cancelled_one_never(stems):
    grant = add_license(stems=stems)
    with pytest.raises(GrantMoved):
        activate_grant(grant=grant, by=None, now=NOW)
    with pytest.raises(GrantMoved):
        cancel_grant(grant=grant, by=None)
    draft = add_draft(grant.agreement, stems=stems)
    cancel_grant(grant=draft, by=None)
    with pytest.raises(GrantMoved):
        activate_grant(grant=draft, by=None, now=NOW)


def test_an_end_may_be_set_or_moved_earlier_and_never_later(stems):
    grant = add_license(stems=stems, valid_until=None)
    grant = end_grant(grant=grant, ends_on=date(2027, 1, 1), by=None, now=NOW)
    assert grant.status == "active"
    with pytest.raises(EndNotEarlier):
        end_grant(grant=grant, ends_on=date(2027, 1, 2), by=None, now=NOW)
    with pytest.raises(EndNotEarlier):
        end_grant(grant=grant, ends_on=date(2025, 1, 1), by=None, now=NOW)
    assert end_grant(grant=grant, ends_on=NOW.date(), by=None, now=NOW).status == "ended"


def test_a_suspended_grant_can_be_resumed(stems):
    grant = suspend_grant(grant=add_license(stems=stems), by=None)
    assert resume_grant(grant=grant, by=None).status == "active"
    with pytest.raises(GrantMoved):
        resume_grant(grant=grant, by=None)


def test_a_successor_takes_over_where_the_old_grant_ends(stems):
    old = add_license(stems=stems, cap=5)
    change = date(2026, 12, 15)
    new = draft_successor(
        grant=old, valid_from=change, changes={"territories": "Worldwide"}, by=None
    )
    assert new.caps.get().limit == 5
    activate_grant(grant=new, by=None, now=NOW)
    old.refresh_from_db()
    assert (old.status, old.valid_until) == ("superseded", change)
    names = [stem.external_id for stem in stems]
    evaluation = evaluate_rights(stems=names, intent=make_intent(), now=NOW)
    assert evaluation.cleared
    assert evaluation.grants == (old.pk, new.pk)


def test_a_withdrawn_stem_stays_withdrawn(stems):
    add_license(stems=stems)
    withdraw_stem(external_id="stem-1", by=None, note="claim upheld")
    with pytest.raises(StemMoved):
        activate_stem(external_id="stem-1", by=None, now=NOW)


# -- The database itself refuses, whoever writes -----------------------------------------------------

OTHER_VALUES = {
    "number": 99,
    "effect": "prohibition",
    "sides": ("voice",),
    "uses": ("archive",),
    "valid_from": date(2025, 1, 1),
    "media": ("tv",),
    "languages": ("de",),
    "campaign": "x",
    "brand": "x",
    "product_category": "x",
    "exclusive": True,
    "max_pitch_cents": 5,
    "max_stretch_pct": 5.0,
    "may_cut": False,
    "may_loop": False,
    "may_combine": False,
    "model_versions": ("m",),
    "voice_replica": "yes",
    "output_may_train": True,
    "moral_terms": ("x",),
    "approval_of_use": "notify",
    "needs_separate_consent": True,
    "credit_line": "x",
    "sunset_days": 5,
    "notice_days": 5,
    "tail": "archive_only",
}


@pytest.mark.parametrize("term", TERM_FIELDS)
def test_the_database_refuses_to_change_a_term_of_an_activated_grant(stems, term):
    grant = add_license(stems=stems)
    value = OTHER_VALUES.get(term)
    if term == "agreement_id":
        value = add_agreement("AGR-2").pk
    if term == "territory_id":
        value = TerritorySet.objects.get_for("DE").pk
    with pytest.raises(IntegrityError, match="never change"), transaction.atomic():
        Grant.objects.filter(pk=grant.pk).update(**{term: value})


def test_the_database_lets_a_draft_change(stems):
    grant = add_draft(add_agreement(), stems=stems)
    Grant.objects.filter(pk=grant.pk).update(campaign="x", valid_until=None)
    Grant.objects.filter(pk=grant.pk).delete()


@pytest.mark.parametrize("valid_until", [None, date(2029, 1, 1)])
def test_the_database_refuses_a_later_end(stems, valid_until):
    grant = add_license(stems=stems)
    with pytest.raises(IntegrityError), transaction.atomic():
        Grant.objects.filter(pk=grant.pk).update(valid_until=valid_until)
    Grant.objects.filter(pk=grant.pk).update(valid_until=date(2027, 1, 1))


def test_the_database_takes_a_correction_only_with_a_note(stems):
    grant = add_license(stems=stems)
    with pytest.raises(IntegrityError), transaction.atomic():
        Grant.objects.filter(pk=grant.pk).update(campaign="x", corrections=1)
    Grant.objects.filter(pk=grant.pk).update(
        campaign="x", corrections=1, correction_note="typing error"
    )


def test_the_database_keeps_what_a_grant_is_about_and_what_its_cap_counts(stems):
    grant = add_license(stems=stems[:1], cap=1)
    refused = [
        lambda: GrantTarget.objects.create(grant=grant, stem=stems[1]),
        lambda: grant.targets.update(stem=stems[1]),
        lambda: grant.targets.all().delete(),
        lambda: Cap.objects.create(grant=grant, limit=5, period="day"),
        lambda: grant.caps.update(period="day"),
        lambda: grant.caps.all().delete(),
        lambda: Grant.objects.filter(pk=grant.pk).update(status="draft"),
        lambda: TerritorySet.objects.update(leaves=("US",)),
    ]
    for write in refused:
        with pytest.raises(IntegrityError), transaction.atomic():
            write()
    grant.caps.update(limit=2)
