import pytest
import tablib
from django.urls import reverse

from catalog.exchange.contracts import (
    AgreementResource,
    CapResource,
    ConsentResource,
    FeeResource,
    GrantResource,
    NotADraft,
    OptionResource,
    UseApprovalResource,
)
from catalog.exchange.resources import (
    PartyResource,
    RecordingResource,
    ShareResource,
    StemResource,
    UsageResource,
    WorkResource,
)
from catalog.models import Agreement, Cap, Grant, Party, Recording, Share, Stem, Work
from catalog.services.agreements import activate_grant
from catalog.services.clearing import clear_stems
from tests.catalog.rows import NOW, add_agreement, add_draft, add_license, make_intent
from tests.catalog.test_admin import log_in

pytestmark = pytest.mark.django_db


def load(resource, text, **options):
    table = tablib.Dataset().load(text, format="csv")
    return resource().import_data(table, **{"raise_errors": True, **options})


PARTIES = "name,kind,isni,ipi_name\nAna Sol,person,0000 0001 2150 090X,14107338\nBand,group,,\n"


def test_parties_come_in_by_name_and_twice_changes_nothing():
    assert load(PartyResource, PARTIES).totals["new"] == 2
    assert Party.objects.get(name="Ana Sol").isni == "000000012150090X"
    again = load(PartyResource, PARTIES)
    assert (again.totals["new"], again.totals["update"], again.totals["skip"]) == (0, 0, 2)


def test_a_dry_run_writes_nothing():
    assert load(PartyResource, PARTIES, dry_run=True).totals["new"] == 2
    assert not Party.objects.exists()


def test_a_wrong_identifier_is_named_with_its_row_and_nothing_is_imported():
    outcome = load(PartyResource, "name,isni\nBen,\nAna,0000 0001 2150 0901\n", raise_errors=False)
    rows = [(row.number, "ISNI" in str(row.error)) for row in outcome.invalid_rows] or [
        (number, "ISNI" in str(errors[0].error)) for number, errors in outcome.row_errors()
    ]
    assert rows == [(2, True)]
    assert not Party.objects.exists()


def test_works_recordings_and_shares_come_in(stems):
    load(WorkResource, "iswc,title\nT-034.524.680-1,Song\n")
    load(RecordingResource, "isrc,title,artist\nUS-S1Z-99-00001,Song,Ana Sol\n")
    text = (
        "recording,right_type,party,territories,percent\n"
        "USS1Z9900001,master,Ana Sol,Worldwide except US,60.5\n"
    )
    assert load(ShareResource, text).totals["new"] == 1
    assert load(ShareResource, text).totals["skip"] == 1
    assert load(ShareResource, text.replace("60.5", "70")).totals["update"] == 1
    assert Work.objects.get().iswc == "T0345246801"
    share = Share.objects.get(recording=Recording.objects.get())
    assert (str(share.percent), str(share.territory)) == ("70.0000", "Worldwide except US")


def test_a_share_of_nobody_known_is_an_error(stems):
    outcome = load(
        ShareResource,
        "stem,right_type,party,territories,percent\nstem-1,master,Nobody,DE,5\n",
        raise_errors=False,
    )
    assert outcome.has_errors() or outcome.has_validation_errors()


def test_catalogs_and_usage_go_out(stems):
    add_license(stems=stems, cap=5)
    clear_stems(stems=["stem-1"], intent=make_intent(), subject="song:1", hold_until=NOW, now=NOW)
    grant = GrantResource().export().dict[0]
    assert (grant["licensor"], grant["territories"]) == ("Ana Sol", "Worldwide except US")
    assert grant["stems"] == "stem-1; stem-2"
    assert [row["external_id"] for row in StemResource().export().dict] == ["stem-1", "stem-2"]
    usage = UsageResource().export().dict[0]
    assert (usage["agreement"], usage["subject"], usage["quantity"]) == ("AGR-1", "song:1", "1")


def describe_errors(outcome):
    texts = [str(row.error) for row in outcome.invalid_rows]
    return texts + [str(error.error) for _, errors in outcome.row_errors() for error in errors]


AGREEMENTS = "number,title,licensor,licensee,signed_on\nX-1,Stems,Ana Sol,Brand,2026-01-31\n"
GRANTS = (
    "agreement,number,effect,sides,uses,territories,valid_from,valid_until,stems\n"
    'X-1,1,permission,master;publishing,download,"DE, AT",2026-02-01,2027-02-01,stem-1; stem-2\n'
)
CAPS = "agreement,grant,unit,limit,period,scope\nX-1,1,song,100,total,grant\n"


@pytest.fixture
def contract(stems):
    """An agreement with a draft and a cap, from tables."""
    Party.objects.create(name="Brand")
    for resource, text in (
        (AgreementResource, AGREEMENTS),
        (GrantResource, GRANTS),
        (CapResource, CAPS),
    ):
        assert load(resource, text).totals["new"] == 1
    return Grant.objects.get()


def test_contracts_come_in_as_drafts_that_two_people_activate(contract, people):
    assert (contract.status, str(contract.territory)) == ("draft", "AT, DE")
    assert sorted(contract.targets.values_list("stem__external_id", flat=True)) == [
        "stem-1",
        "stem-2",
    ]
    assert Cap.objects.get().limit == 100
    grant = activate_grant(grant=contract, by=people[0], now=NOW)
    assert (grant.status, Agreement.objects.get().status) == ("active", "active")


def test_contract_tables_in_again_change_nothing_and_what_is_in_force_is_refused(contract, people):
    tables = ((AgreementResource, AGREEMENTS), (GrantResource, GRANTS), (CapResource, CAPS))
    activate_grant(grant=contract, by=people[0], now=NOW)
    for resource, text in tables:
        assert load(resource, text).totals["skip"] == 1
    for resource, text in (
        (GrantResource, GRANTS.replace("DE, AT", "DE")),
        (GrantResource, GRANTS.replace("; stem-2", "")),
        (CapResource, CAPS.replace("100", "900")),
    ):
        outcome = load(resource, text, raise_errors=False)
        assert "does not change by an import" in describe_errors(outcome)[0]
    assert (Cap.objects.get().limit, contract.targets.count()) == (100, 2)


def test_a_draft_is_changed_by_its_row(contract):
    assert load(GrantResource, GRANTS.replace("; stem-2", "")).totals["update"] == 1
    assert contract.targets.get().stem.external_id == "stem-1"


@pytest.mark.parametrize(
    ("resource", "text", "said"),
    [
        (GrantResource, GRANTS.replace("stem-2", "ghost"), "ghost"),
        (GrantResource, GRANTS.replace("DE, AT", "Narnia"), "Narnia"),
        (GrantResource, GRANTS.replace("X-1,1", "X-9,1"), "X-9"),
        (GrantResource, GRANTS.replace("download", "theft").replace(",1,", ",2,"), "theft"),
        (CapResource, CAPS.replace("X-1,1", "X-1,7"), "X-1/7"),
        (AgreementResource, AGREEMENTS.replace("Brand", "Nobody"), "Nobody"),
        (StemResource, "external_id,title,artist\nghost,Ghost,Ana Sol\n", "import_stems"),
    ],
    ids=["stem", "territory", "agreement", "use", "grant", "party", "new stem"],
)
def test_a_wrong_row_of_a_contract_is_named_and_nothing_comes_in(contract, resource, text, said):
    outcome = load(resource, text, raise_errors=False)
    assert said in " ".join(describe_errors(outcome))
    assert Grant.objects.count() == 1


def test_every_table_that_goes_out_comes_in_again_unchanged(stems):
    add_license(stems=stems, cap=5)
    recording = Recording.objects.create(title="Song", isrc="USS1Z9900001")
    Stem.objects.filter(external_id="stem-1").update(recording=recording)
    consents = "performer,uses,territories,valid_from,campaign\nAna Sol,download,DE,2026-01-01,\n"
    assert load(ConsentResource, consents).totals["new"] == 1
    tables = (
        PartyResource, RecordingResource, ShareResource, StemResource, AgreementResource, GrantResource, CapResource,
        ConsentResource,
    )  # fmt: skip
    for resource in tables:
        out = resource().export()
        again = load(resource, out.csv)
        assert again.totals["skip"] == len(out) > 0, (resource, again.totals)


def test_what_is_written_about_stems_changes_by_a_table_and_is_looked_for(stems):
    add_license(stems=stems)
    load(
        StemResource,
        "external_id,title,artist,genre,bpm,status\nstem-1,New,Ana Sol,pop,99,withdrawn\n",
    )
    stem = Stem.objects.get(external_id="stem-1")
    assert (stem.title, stem.genre, stem.bpm, stem.status) == ("New", "pop", 99, "active")
    assert set(stem.availability.values_list("genre", flat=True)) == {"pop"}


FEES = "agreement,grant,kind,amount,currency,payee\nAGR-1,1,flat,100,EUR,\nAGR-1,1,per_song,0.05,EUR,Ana Sol\n"
OPTIONS = "agreement,grant,extends,gives,exercise_by,amount,currency\nAGR-1,1,term,two more years,2027-06-30,500,EUR\n"
APPROVALS = "agreement,grant,campaign,approved_on,approver\nAGR-1,1,Summer,2026-11-01,Ana Sol\n"
OF_GRANTS = pytest.mark.parametrize(
    ("resource", "text", "changed"),
    [
        (FeeResource, FEES, FEES.replace("100", "120")),
        (OptionResource, OPTIONS, OPTIONS.replace("500", "600")),
        (UseApprovalResource, APPROVALS, APPROVALS.replace("Ana Sol", "Ben Tal")),
    ],
    ids=["fees", "options", "approvals of use"],
)


@OF_GRANTS
def test_what_belongs_to_a_grant_comes_in_changes_and_goes_out(stems, resource, text, changed):
    add_draft(add_agreement(), stems=stems)
    n_rows = len(text.splitlines()) - 1
    assert load(resource, text).totals["new"] == n_rows
    assert load(resource, text).totals["skip"] == n_rows
    assert load(resource, changed).totals["update"] == 1
    again = load(resource, resource().export().csv)
    assert (again.totals["new"], again.totals["update"]) == (0, 0)


@OF_GRANTS
def test_fees_and_options_of_a_grant_in_force_do_not_come_in(stems, resource, text, changed):
    add_license(stems=stems)
    if resource is UseApprovalResource:  # licensors approve while a grant runs
        assert load(resource, text).totals["new"] == 1
        return
    with pytest.raises(Exception, match="draft a successor") as raised:
        load(resource, text)
    assert isinstance(raised.value.error, NotADraft)


@pytest.mark.parametrize(
    ("page", "group"),
    [
        ("party_import", "Catalog editors"),
        ("stem_import", "Catalog editors"),
        ("grant_import", "Catalog editors"),
        ("agreement_import", "Catalog editors"),
        ("cap_import", "Catalog editors"),
        ("voiceconsent_import", "Catalog editors"),
        ("referencerecording_import", "Catalog editors"),
        ("share_import", "Catalog editors"),
        ("grant_export", "Catalog viewers"),
        ("caphold_export", "Catalog viewers"),
    ],
)
def test_exchange_pages_open(people, stems, page, group):
    client = log_in(people[0], group)
    assert client.get(reverse(f"admin:catalog_{page}")).status_code == 200


@pytest.mark.parametrize("group", ["Catalog viewers", "Catalog approvers"])
def test_who_may_not_enter_cannot_import(people, group):
    client = log_in(people[0], group)
    for name in ("party", "share", "stem", "grant", "agreement", "cap", "referencerecording"):
        assert client.get(reverse(f"admin:catalog_{name}_import")).status_code == 403, name
