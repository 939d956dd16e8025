"""Agreements turned down, closed and reopened."""

import pytest

from catalog.services.agreement_status import (
    AgreementMoved,
    GrantsRunning,
    close_agreement,
    reject_agreement,
    reopen_agreement,
)
from catalog.services.agreements import GrantIncomplete, activate_grant, end_grant
from catalog.services.clearing import evaluate_rights
from tests.catalog.rows import NOW, add_agreement, add_draft, add_license, make_intent

pytestmark = pytest.mark.django_db
TODAY = NOW.date()


def test_nothing_is_activated_under_an_agreement_that_was_turned_down_until_it_is_reopened(
    stems, people
):
    draft = add_draft(add_agreement(), stems=stems)
    rejected = reject_agreement(agreement=draft.agreement, by=people[0], note="not signed")
    assert rejected.status == "rejected"
    version = rejected.history.first()
    assert (version.history_user, version.history_change_reason) == (people[0], "not signed")
    with pytest.raises(GrantIncomplete, match="rejected"):
        activate_grant(grant=draft, by=None, now=NOW)
    assert reopen_agreement(agreement=rejected, by=None).status == "draft"
    assert activate_grant(grant=draft, by=None, now=NOW).status == "active"


def test_an_agreement_in_force_is_not_turned_down(stems):
    grant = add_license(stems=stems)
    with pytest.raises(AgreementMoved, match="is active: it cannot become rejected"):
        reject_agreement(agreement=grant.agreement, by=None)


def test_an_agreement_is_closed_only_when_nothing_of_it_holds(stems):
    grant = add_license(stems=stems)
    with pytest.raises(GrantsRunning, match="AGR-1/1"):
        close_agreement(agreement=grant.agreement, by=None, on=TODAY)
    names = [stem.external_id for stem in stems]
    assert evaluate_rights(stems=names, intent=make_intent(), now=NOW).cleared
    end_grant(grant=grant, ends_on=TODAY, by=None, now=NOW)
    closed = close_agreement(agreement=grant.agreement, by=None, on=TODAY)
    assert closed.status == "inactive"
    with pytest.raises(AgreementMoved):
        close_agreement(agreement=closed, by=None, on=TODAY)
    draft = add_draft(closed, stems=stems)
    with pytest.raises(GrantIncomplete, match="inactive"):
        activate_grant(grant=draft, by=None, now=NOW)
    assert reopen_agreement(agreement=closed, by=None).status == "active"
    with pytest.raises(AgreementMoved):
        reopen_agreement(agreement=closed, by=None)
