import re
from datetime import date

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from catalog.models import (
    Agreement,
    AgreementRead,
    Cap,
    ChangeSet,
    Grant,
    Share,
    Stem,
    StemTwin,
)
from catalog.models.twins import TwinKind
from catalog.services.clearing import clear_stems
from catalog.services.twins import FoundTwin, record_measurements, record_twins
from tests.catalog.rows import NOW, add_agreement, add_draft, add_license, make_intent

pytestmark = pytest.mark.django_db
CATALOG_ADMINS = sorted(
    (model for model in admin.site._registry if model._meta.app_label == "catalog"),
    key=lambda model: model._meta.model_name,
)


def log_in(user, group="Catalog administrators") -> Client:
    user.groups.add(Group.objects.get(name=group))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def maker(people):
    return log_in(people[0], "Catalog editors")


@pytest.fixture
def checker(people):
    return log_in(people[1], "Catalog approvers")


def get_url(obj, page="change"):
    return reverse(f"admin:catalog_{obj._meta.model_name}_{page}", args=[obj.pk])


def act(client, obj, action, **data):
    url = reverse(f"admin:catalog_{obj._meta.model_name}_{action}", args=[obj.pk])
    return client.post(url, {"_form_submitted": "on", **data})


@pytest.fixture
def everything(stems):
    """A row of every kind."""
    grant = add_license(stems=stems, cap=5)
    clear_stems(
        stems=[stem.external_id for stem in stems],
        intent=make_intent(),
        subject="song:1",
        hold_until=NOW,
        now=NOW,
    )
    return grant


@pytest.mark.parametrize("model", CATALOG_ADMINS, ids=lambda model: model._meta.model_name)
def test_every_list_and_form_opens_for_a_viewer(everything, people, model):
    client = log_in(people[0], "Catalog viewers")
    name = model._meta.model_name
    assert client.get(reverse(f"admin:catalog_{name}_changelist")).status_code == 200
    assert client.get(reverse(f"admin:catalog_{name}_changelist"), {"q": "a"}).status_code == 200
    row = model.objects.first()
    if row is not None:
        assert client.get(get_url(row)).status_code == 200
    assert client.get(reverse(f"admin:catalog_{name}_add")).status_code == 403


def test_somebody_without_a_role_sees_nothing(people, everything):
    client = Client()
    client.force_login(people[0])
    assert client.get(get_url(everything)).status_code == 403


def test_two_people_enter_activate_and_end_a_grant_in_the_admin(maker, checker, stems):
    agreement = add_agreement()
    form = {
        "agreement": agreement.pk,
        "effect": "permission",
        "sides": ["master", "publishing"],
        "uses": ["download"],
        "stem_ids": "stem-1, stem-2",
        "isrcs": "",
        "territories": "Worldwide except US",
        "valid_from": "2026-01-01",
        "valid_until": "",
        "may_cut": "on",
        "may_loop": "on",
        "may_combine": "on",
        "voice_replica": "no",
        "approval_of_use": "none",
        "tail": "takedown",
        "caps-TOTAL_FORMS": "1",
        "caps-INITIAL_FORMS": "0",
        "caps-0-unit": "song",
        "caps-0-limit": "10",
        "caps-0-period": "total",
        "caps-0-scope": "grant",
        "caps-0-on_limit": "block",
        "caps-0-warn_at_pct": "80",
        "fees-TOTAL_FORMS": "0",
        "fees-INITIAL_FORMS": "0",
        "options-TOTAL_FORMS": "0",
        "options-INITIAL_FORMS": "0",
        "use_approvals-TOTAL_FORMS": "0",
        "use_approvals-INITIAL_FORMS": "0",
    }
    response = maker.post(reverse("admin:catalog_grant_add"), form)
    assert response.status_code == 302, response.context["adminform"].form.errors
    grant = Grant.objects.get()
    assert (grant.status, grant.prepared_by.username, grant.targets.count()) == (
        "draft",
        "maker",
        2,
    )
    assert Cap.objects.get().limit == 10
    page = maker.get(get_url(grant)).content.decode()
    assert "propose_activation" in page
    assert "propose_end" not in page

    response = act(maker, grant, "propose_activation", note="signed last week")
    change_set = ChangeSet.objects.get()
    assert response.headers["HX-Redirect"] == get_url(change_set)
    assert "somebody else must decide" in maker.get(get_url(change_set)).content.decode()
    assert act(maker, change_set, "activate").status_code == 403
    assert "Worldwide except US" in checker.get(get_url(change_set)).content.decode()
    act(checker, change_set, "activate")
    grant.refresh_from_db()
    assert (grant.status, grant.activated_by.username) == ("active", "checker")
    assert set(Stem.objects.values_list("status", flat=True)) == {"active"}

    assert maker.get(get_url(grant)).status_code == 200
    assert maker.post(get_url(grant), {**form, "territories": "Worldwide"}).status_code == 403
    act(maker, grant, "propose_end", day="2026-12-24", note="")
    act(checker, ChangeSet.objects.latest("pk"), "activate")
    grant.refresh_from_db()
    assert grant.valid_until == date(2026, 12, 24)


def test_an_unknown_stem_and_an_unknown_country_are_shown_at_their_fields(maker, stems):
    form = {
        "agreement": add_agreement().pk,
        "stem_ids": "ghost",
        "territories": "Narnia",
        "isrcs": "x",
    }
    response = maker.post(reverse("admin:catalog_grant_add"), form)
    errors = response.context["adminform"].form.errors
    assert "ghost" in str(errors["stem_ids"])
    assert "Narnia" in str(errors["territories"])
    assert "isrcs" in errors


def test_terms_of_an_activated_grant_change_by_a_successor(maker, stems):
    grant = add_license(stems=stems)
    act(maker, grant, "draft_change", day="2026-12-24", note="")
    successor = Grant.objects.get(supersedes=grant)
    assert (successor.status, successor.valid_from) == ("draft", date(2026, 12, 24))


def test_what_cannot_be_done_is_said_and_not_done(maker, stems):
    grant = add_draft(add_agreement(signed_on=None), stems=stems)
    response = act(maker, grant, "propose_activation", note="now")
    assert response.headers["HX-Redirect"] == get_url(grant)
    assert "no date of signature" in maker.get(get_url(grant)).content.decode()
    assert not ChangeSet.objects.exists()


def test_reading_an_agreement_is_on_record_once(maker, everything):
    agreement = Agreement.objects.get()
    for _ in range(2):
        maker.get(get_url(agreement))
    assert AgreementRead.objects.get().reader == "maker"


def test_an_agreement_with_many_grants_shows_the_latest_and_leads_to_the_list(
    maker, stems, monkeypatch
):
    monkeypatch.setattr("catalog.admin.agreements.GRANTS_SHOWN", 2)
    agreement = add_agreement()
    for _ in range(3):
        add_draft(agreement, stems=stems[:1])
    page = maker.get(get_url(agreement)).content.decode()
    assert "latest 2 of 3 grants" in page
    assert ">AGR-1/1</a>" not in page
    assert ">AGR-1/3</a>" in page
    rows = maker.get(
        reverse("admin:catalog_grant_changelist"), {"agreement__id__exact": agreement.pk}
    )
    assert rows.status_code == 200
    assert "AGR-1/1" in rows.content.decode()


def test_a_new_limit_is_proposed_on_the_page_of_the_cap(maker, checker, everything):
    cap = Cap.objects.get()
    assert "song:1" in maker.get(get_url(cap)).content.decode()
    act(maker, cap, "propose_limit", limit="50")
    act(checker, ChangeSet.objects.get(), "activate")
    cap.refresh_from_db()
    assert cap.limit == 50


def test_a_stem_is_suspended_with_a_reason_and_activated_again(maker, everything):
    stem = Stem.objects.first()
    act(maker, stem, "suspend", note="claim")
    stem.refresh_from_db()
    assert (stem.status, stem.status_note) == ("suspended", "claim")
    act(maker, stem, "activate")
    stem.refresh_from_db()
    assert stem.status == "active"


def test_missing_shares_are_shown_on_the_page_of_the_stem(maker, everything):
    stem = Stem.objects.first()
    Share.objects.filter(stem=stem, right_type="publishing_mechanical").delete()
    page = maker.get(get_url(stem)).content.decode()
    assert "Enter who holds the rest" in page
    assert "publishing mechanical: 0" in page


def test_the_calendar_shows_what_ends_soon(maker, stems):
    from datetime import timedelta

    from django.utils import timezone

    today = timezone.now().date()
    add_license(
        stems=stems, valid_from=today - timedelta(days=9), valid_until=today + timedelta(days=20)
    )
    page = maker.get(reverse("admin:catalog_grant_show_calendar")).content.decode()
    assert "AGR-1/1" in page


@pytest.mark.parametrize("group", ["Catalog viewers", "Catalog editors", "Catalog approvers"])
def test_no_role_may_delete_what_is_on_record(people, everything, group):
    client = log_in(people[0], group)
    for row in (everything, Stem.objects.first(), Agreement.objects.get()):
        assert client.post(get_url(row, "delete"), {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("model", CATALOG_ADMINS, ids=lambda model: model._meta.model_name)
@pytest.mark.parametrize("key", ["zzz", "9" * 30], ids=["a word", "a huge number"])
def test_an_address_that_names_no_row_is_no_failure(people, model, key):
    client = log_in(people[0])
    response = client.get(reverse(f"admin:catalog_{model._meta.model_name}_change", args=[key]))
    assert response.status_code in {302, 404}


def test_twins_are_heard_side_by_side_and_settled(maker, everything):
    stem = Stem.objects.get(external_id="stem-2")
    found = FoundTwin(other="stem:stem-1", kind=TwinKind.NEAR_IDENTICAL, score=0.97)
    record_twins(stem=stem.external_id, file_sha256=stem.file_sha256, found=[found])
    twin = StemTwin.objects.get()
    for page in (get_url(twin), get_url(stem), get_url(twin.other)):
        assert maker.get(page).content.decode().count("<audio") >= 2
    act(maker, twin, "settle", verdict="both_count", note="two licensors")
    twin.refresh_from_db()
    assert (twin.verdict, twin.settled_by.username) == ("both_count", "maker")


def test_loudness_is_shown_in_lufs(maker, everything):
    stem = Stem.objects.first()
    record_measurements(
        stem=stem.external_id,
        file_sha256=stem.file_sha256,
        loudness_lufs=-14.23,
        true_peak_db=-0.81,
    )
    page = maker.get(get_url(stem)).content.decode()
    assert "-14.2 LUFS integrated, true peak -0.8 dBTP" in page


def test_an_error_of_entry_is_corrected_by_two_people_and_marked(maker, checker, everything):
    grant = everything
    act(maker, grant, "propose_correction", term="territories", value="DE, FR", note="p. 2")
    change_set = ChangeSet.objects.get()
    page = checker.get(get_url(change_set)).content.decode()
    assert "territories: Worldwide except US → DE, FR" in page
    act(checker, change_set, "activate")
    grant.refresh_from_db()
    assert (str(grant.territory), grant.corrections, grant.correction_note) == ("DE, FR", 1, "p. 2")
    assert "corrected 1 time" in maker.get(get_url(grant)).content.decode()


@pytest.mark.parametrize(
    ("term", "value", "said"),
    [
        ("territories", "Narnia", "Narnia"),
        ("valid_from", "soon", "soon"),
        ("uses", "theft", "theft"),
        ("sides", "", "cannot be blank"),
    ],
)
def test_a_correction_to_no_value_of_the_term_is_refused(maker, everything, term, value, said):
    act(maker, everything, "propose_correction", term=term, value=value, note="typo")
    assert not ChangeSet.objects.exists()
    assert said in maker.get(get_url(everything)).content.decode()


@pytest.mark.parametrize(
    ("term", "value", "said"),
    [
        ("uses", "ai_output_generation, in_store", " → AI output generation, in store"),
        ("may_cut", "no", "may cut: yes → no"),
        ("max_stretch_pct", "5", "max stretch %: "),
        ("campaign", "spring_sale", "campaign: none → spring_sale"),  # typed freely
    ],
)
def test_a_correction_is_shown_in_words(maker, checker, everything, term, value, said):
    act(maker, everything, "propose_correction", term=term, value=value, note="p. 2")
    assert said in checker.get(get_url(ChangeSet.objects.get())).content.decode()


def test_a_correction_of_a_flag_reads_yes_and_no(maker, checker, everything):
    act(maker, everything, "propose_correction", term="may_cut", value="maybe", note="typo")
    assert not ChangeSet.objects.exists()
    act(maker, everything, "propose_correction", term="may_cut", value="no", note="typo")
    act(checker, ChangeSet.objects.get(), "activate")
    everything.refresh_from_db()
    assert everything.may_cut is False


def test_the_dialog_of_a_correction_begins_as_the_grant_reads(maker, everything):
    page = maker.get(
        reverse("admin:catalog_grant_propose_correction", args=[everything.pk])
    ).content.decode()
    parts = dict(part.split('"', 1) for part in page.split('data-term="')[1:])
    assert 'value="Worldwide except US"' in parts["territories"]
    assert len(re.findall(r"\schecked[\s>]", parts["uses"])) == len(everything.uses)
    assert "AI output generation" in parts["uses"]
    assert 'value="yes" selected' in parts["may_cut"]
    assert 'type="date"' in parts["valid_until"]


def test_boxes_of_a_correction_come_as_words(maker, everything):
    act(
        maker,
        everything,
        "propose_correction",
        term="uses",
        value=["download", "archive"],
        note="p. 2",
    )
    (change,) = ChangeSet.objects.get().changes.all()
    assert change.corrections == {"uses": "download, archive"}


def test_the_history_says_who_changed_what_and_why(maker, everything):
    stem = Stem.objects.first()
    act(maker, stem, "suspend", note="a claim")
    page = maker.get(get_url(stem, "history")).content.decode()
    table = page[page.index("change-history") :]
    first, *_, last = table.split("<tr")[2:]
    for said in ("maker", "a claim", "Status:", "active → suspended"):
        assert said in first
    assert "the service" in last
    assert "None" not in table[: table.index("</table>")]
