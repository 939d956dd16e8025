"""Whatever a service changes, what stems are offered for is what working it out anew gives."""

from datetime import date

import pytest

from catalog.models import Availability, ChangeSet, Stem
from catalog.models.change_sets import ChangeAction
from catalog.models.twins import TwinKind
from catalog.queries.availability import StemFilter, list_available_stems
from catalog.services.agreements import (
    activate_grant,
    add_grant,
    draft_successor,
    end_grant,
    resume_grant,
    suspend_grant,
)
from catalog.services.availability import fill_availability, refresh_availability
from catalog.services.change_sets import ProposedChange, activate_change_set, propose_changes
from catalog.services.ingest import import_stems
from catalog.services.stems import activate_stem, save_stem, suspend_stem, withdraw_stem
from catalog.services.twins import FoundTwin, record_twins
from tests.catalog.rows import NOW, add_license, make_intent, make_row

pytestmark = pytest.mark.django_db


def list_rows():
    columns = ("external_id", "use", "territory__signed", "starts_on", "ends_on", "genre", "bpm")
    return sorted(Availability.objects.values_list(*columns), key=str)


def find(**changes):
    page = list_available_stems(
        intent=make_intent(), wanted=StemFilter(**changes), after="", limit=50, now=NOW
    )
    return [stem.columns["external_id"] for stem in page.stems]


@pytest.fixture
def grant(stems):
    return add_license(stems=stems)


def end(grant, people, folder):
    end_grant(grant=grant, ends_on=date(2026, 11, 24), by=None, now=NOW)


def suspend(grant, people, folder):
    suspend_grant(grant=grant, by=None)


def suspend_and_resume(grant, people, folder):
    suspend_grant(grant=grant, by=None)
    resume_grant(grant=grant, by=None)


def supersede(grant, people, folder):
    changes = {"territories": "DE", "uses": ("download",)}
    new = draft_successor(grant=grant, valid_from=date(2026, 12, 5), changes=changes, by=None)
    activate_grant(grant=new, by=None, now=NOW)


def add_another(grant, people, folder):
    new = add_grant(
        agreement=grant.agreement,
        sides=["master", "publishing"],
        uses=["archive"],
        territories="US",
        valid_from=date(2027, 1, 1),
        stems=["stem-1"],
    )
    activate_grant(grant=new, by=None, now=NOW)


def correct(grant, people, folder):
    change = ProposedChange(
        action=ChangeAction.CORRECT_GRANT, grant=grant, corrections={"territories": "FR"}
    )
    propose_changes(title="typing error", changes=[change], by=people[0], now=NOW)
    activate_change_set(change_set=ChangeSet.objects.get(), by=people[1], now=NOW)


def suspend_one(grant, people, folder):
    suspend_stem(external_id="stem-1", by=None, note="claim")


def suspend_and_activate_one(grant, people, folder):
    suspend_stem(external_id="stem-1", by=None, note="claim")
    activate_stem(external_id="stem-1", by=None, now=NOW)


def withdraw_one(grant, people, folder):
    withdraw_stem(external_id="stem-1", by=None, note="gone")


def find_twin(grant, people, folder):
    stem = Stem.objects.get(external_id="stem-2")
    found = FoundTwin(other="stem:stem-1", kind=TwinKind.EXACT)
    record_twins(stem="stem-2", file_sha256=stem.file_sha256, found=[found])


def type_over(grant, people, folder):
    stem = Stem.objects.get(external_id="stem-1")
    stem.genre, stem.bpm, stem.has_voice = "pop", 120.0, True
    save_stem(stem=stem, by=None)


def import_again(grant, people, folder):
    rows = [make_row(1, genre="folk"), make_row(2)]
    assert import_stems(rows=rows, audio_dir=folder).updated == ["stem-1"]


CHANGES = [
    end, suspend, suspend_and_resume, supersede, add_another, correct, suspend_one, suspend_and_activate_one, withdraw_one,
    find_twin, type_over, import_again,
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_what_is_kept_is_what_working_it_out_anew_gives(grant, people, tmp_path, change):
    before = list_rows()
    assert before
    change(grant, people, tmp_path / "audio")
    kept = list_rows()
    refresh_availability(stem_ids=Stem.objects.values_list("id", flat=True))
    assert kept == list_rows()
    assert (kept == before) == (change in (suspend_and_resume, suspend_and_activate_one))


def test_an_emptied_table_is_filled_again(grant):
    before = list_rows()
    Availability.objects.all().delete()
    assert find() == []
    fill_availability()
    assert list_rows() == before
    assert find() == ["stem-1", "stem-2"]


def test_stems_are_looked_for_by_what_is_repeated_with_their_offers(grant, people, tmp_path):
    type_over(grant, people, tmp_path)
    add_license(stems=Stem.objects.filter(external_id="stem-1"), number="VOICE", sides=["voice"])
    assert find(genre="pop", bpm_min=110, bpm_max=130) == ["stem-1"]
    assert find(bpm_max=110) == []


def test_a_page_takes_as_many_queries_for_many_stems_as_for_few(
    grant, django_assert_max_num_queries
):
    with django_assert_max_num_queries(7):
        find()
