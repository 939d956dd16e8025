"""Who may open and who may send which page of the catalog's admin: the whole of it, in one table.

A letter stands for a role: V viewers, E editors, A approvers, D administrators. Somebody without a role may do nothing.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from catalog.models import (
    Recording,
    ReferenceRecording,
    Stem,
    TerritorySet,
    UseApproval,
    VoiceConsent,
    Work,
)
from catalog.models.change_sets import ChangeAction
from catalog.models.twins import TwinKind
from catalog.services.change_sets import ProposedChange, propose_changes
from catalog.services.clearing import clear_stems
from catalog.services.fees import add_fee
from catalog.services.options import add_option
from catalog.services.parties import get_or_add_party
from catalog.services.twins import FoundTwin, record_twins
from tests.catalog.rows import NOW, add_draft, add_license, make_intent

pytestmark = pytest.mark.django_db

EVERYBODY = "VEAD"
NOBODY = ""
ENTERING = "ED"
DECIDING = "AD"
GROUPS = {
    "V": "Catalog viewers",
    "E": "Catalog editors",
    "A": "Catalog approvers",
    "D": "Catalog administrators",
    "-": None,
}
CATALOG_ADMINS = {
    model._meta.model_name: model
    for model in admin.site._registry
    if model._meta.app_label == "catalog"
}


@dataclass(frozen=True)
class Pages:
    """Who may do what with the rows of one table; everybody with a role sees its list, its rows, their history."""

    add: str = NOBODY
    change: str = NOBODY
    delete: str = NOBODY
    imports: str | None = None  # None: there is no such page
    exports: str | None = EVERYBODY
    keeps_versions: bool = True
    buttons: dict[str, str] = field(default_factory=dict)


TABLE = {
    "agreement": Pages(
        ENTERING,
        ENTERING,
        imports=ENTERING,
        buttons=dict.fromkeys(("add_grant", "reject", "close", "reopen"), ENTERING),
    ),
    "cap": Pages(change=ENTERING, imports=ENTERING, buttons={"propose_limit": ENTERING}),
    "caphold": Pages(keeps_versions=False),
    "changeset": Pages(
        exports=None,
        keeps_versions=False,
        buttons={"activate": DECIDING, "reject": DECIDING, "withdraw": ENTERING},
    ),
    "fee": Pages(imports=ENTERING),
    "grant": Pages(
        ENTERING,
        ENTERING,  # a draft; nobody changes what was activated
        imports=ENTERING,
        buttons={
            "show_calendar": EVERYBODY,
            "propose_activation": ENTERING,
            "propose_end": ENTERING,
            "draft_change": ENTERING,
            "propose_correction": ENTERING,
            "suspend": ENTERING,
            "propose_resumption": ENTERING,
            "cancel": ENTERING,
        },
    ),
    "option": Pages(imports=ENTERING, buttons={"exercise": ENTERING}),
    "party": Pages(ENTERING, ENTERING, imports=ENTERING),
    "recording": Pages(ENTERING, ENTERING, imports=ENTERING),
    "referencerecording": Pages(change=ENTERING, imports=ENTERING),
    "share": Pages(ENTERING, ENTERING, ENTERING, imports=ENTERING),
    "stem": Pages(
        change=ENTERING,
        imports=ENTERING,
        buttons={"activate": ENTERING, "suspend": ENTERING, "withdraw": ENTERING},
    ),
    "stemtwin": Pages(exports=None, buttons={"settle": ENTERING}),
    "useapproval": Pages(ENTERING, ENTERING, imports=ENTERING),
    "voiceconsent": Pages(ENTERING, ENTERING, imports=ENTERING),
    "work": Pages(ENTERING, ENTERING, imports=ENTERING),
}


def list_rights(pages: Pages) -> dict[str, tuple[str, str]]:
    """Return who may open (GET) and who may send (POST) each page."""
    rights = {
        "changelist": (EVERYBODY, EVERYBODY),
        "history": (EVERYBODY, EVERYBODY),
        "add": (pages.add, pages.add),
        "change": (EVERYBODY, pages.change),
        "delete": (pages.delete, pages.delete),
        **{name: (who, who) for name, who in pages.buttons.items()},
    }
    if pages.imports is not None:
        rights["import"] = (pages.imports, pages.imports)
        rights["process_import"] = (NOBODY, pages.imports)
    if pages.exports is not None:
        rights["export"] = (pages.exports, pages.exports)
    if pages.keeps_versions:
        rights["simple_history"] = (EVERYBODY, NOBODY)
    return rights


@pytest.fixture
def everything(stems, people):
    """A row of every kind; of the grants, the draft comes first."""
    maker, _ = people
    world = TerritorySet.objects.get_for("Worldwide")
    license_ = add_license(stems=stems, cap=5)
    clear_stems(
        stems=[stem.external_id for stem in stems],
        intent=make_intent(),
        subject="song:1",
        hold_until=NOW,
        now=NOW,
    )
    draft = add_draft(license_.agreement, stems=stems, by=maker)
    add_fee(grant=draft, kind="flat", amount=Decimal(100), currency="EUR")
    add_option(grant=draft, extends="term", gives="one more year", exercise_by=date(2027, 1, 1))
    UseApproval.objects.create(grant=draft, approved_on=date(2026, 1, 1), approver="Ana Sol")
    end = ProposedChange(action=ChangeAction.END_GRANT, grant=license_, ends_on=date(2027, 12, 1))
    change_set = propose_changes(title="End it", changes=[end], by=maker, now=NOW)
    stem = Stem.objects.get(external_id="stem-2")
    found = FoundTwin(other="stem:stem-1", kind=TwinKind.NEAR_IDENTICAL, score=0.97)
    record_twins(stem=stem.external_id, file_sha256=stem.file_sha256, found=[found])
    Recording.objects.create(title="Song", isrc="USS1Z9900001")
    Work.objects.create(title="Song", iswc="T0345246801")
    ReferenceRecording.objects.create(external_id="ref-1", title="Hit", artist="Somebody")
    VoiceConsent.objects.create(
        performer=get_or_add_party(name="Ana Sol"),
        uses=("download",),
        territory=world,
        valid_from=date(2026, 1, 1),
    )
    return {"grant": draft, "changeset": change_set}


def log_in_as(django_user_model, letter: str) -> Client:
    user = django_user_model.objects.create_user(f"role {letter}", is_staff=True)
    if GROUPS[letter]:
        user.groups.add(Group.objects.get(name=GROUPS[letter]))
    client = Client()
    client.force_login(user)
    return client


def find_address(model, page: str, row) -> str:
    """Return the address of a page, with the keys of a row where it is about one."""
    name = f"admin:catalog_{model._meta.model_name}_{page}"
    if page in {"changelist", "add", "import", "process_import", "export", "show_calendar"}:
        return reverse(name)
    if page == "simple_history":
        return reverse(name, args=[row.pk, row.history.first().history_id])
    return reverse(name, args=[row.pk])


def list_pages(model) -> set[str]:
    """Return every page the admin has for a table."""
    prefix = f"catalog_{model._meta.model_name}_"
    names = {url.name for url in admin.site._registry[model].get_urls() if url.name}
    return {name.removeprefix(prefix) for name in names}


def test_the_table_names_every_page_of_the_catalog():
    assert set(TABLE) == set(CATALOG_ADMINS)
    for name, model in CATALOG_ADMINS.items():
        assert set(list_rights(TABLE[name])) == list_pages(model), name


@pytest.mark.parametrize("letter", list(GROUPS), ids=[str(group) for group in GROUPS.values()])
def test_each_role_may_do_what_the_table_says_and_no_more(everything, django_user_model, letter):
    client = log_in_as(django_user_model, letter)
    wrong = []
    for name, model in CATALOG_ADMINS.items():
        row = everything.get(name) or model.objects.first()
        for page, (opens, sends) in list_rights(TABLE[name]).items():
            address = find_address(model, page, row)
            for method, who in (("get", opens), ("post", sends)):
                if page == "process_import" and method == "get":
                    continue  # it is sent to by the page before it, and answers 405
                status = getattr(client, method)(address).status_code
                if (status != 403 and letter not in who) or status not in {200, 302, 403}:
                    wrong.append(f"{method} {address}: {status}, may: {who or 'nobody'}")
                elif status == 403 and letter in who:
                    wrong.append(f"{method} {address}: refused, may: {who}")
    assert not wrong, "\n".join(wrong)


def test_a_viewer_who_sends_an_old_version_of_a_stem_changes_nothing(everything, django_user_model):
    client = log_in_as(django_user_model, "V")
    stem = Stem.objects.get(external_id="stem-1")
    sent = {"title": "Mine", "artist": stem.artist_id, "role": "drums", "exclusivity": "exclusive"}
    assert client.post(find_address(Stem, "simple_history", stem), sent).status_code == 403
    stem.refresh_from_db()
    assert stem.title == "Stem 1"


@pytest.mark.parametrize("name", ["share", "voiceconsent", "grant"])
@pytest.mark.parametrize("letter", ["V", "A"])
def test_who_may_only_read_reads_the_territories_too(everything, django_user_model, letter, name):
    model = CATALOG_ADMINS[name]
    row = everything.get(name) or model.objects.first()
    page = log_in_as(django_user_model, letter).get(find_address(model, "change", row))
    assert str(row.territory) in page.content.decode()
