import pytest
import tablib
from django.urls import reverse

from catalog.exchange.resources import (
    GrantResource,
    PartyResource,
    RecordingResource,
    ShareResource,
    StemResource,
    UsageResource,
    WorkResource,
)
from catalog.models import Party, Recording, Share, Work
from catalog.services.clearing import clear_stems
from tests.catalog.rows import NOW, add_license, make_intent
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


@pytest.mark.parametrize(
    ("page", "group"),
    [
        ("party_import", "Catalog editors"),
        ("share_import", "Catalog editors"),
        ("grant_export", "Catalog viewers"),
        ("caphold_export", "Catalog viewers"),
    ],
)
def test_exchange_pages_open(people, stems, page, group):
    client = log_in(people[0], group)
    assert client.get(reverse(f"admin:catalog_{page}")).status_code == 200


def test_a_viewer_cannot_import(people, db):
    client = log_in(people[0], "Catalog viewers")
    assert client.get(reverse("admin:catalog_party_import")).status_code == 403
