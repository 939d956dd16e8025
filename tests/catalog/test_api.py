import pytest

from catalog.models import CapEntry, Stem
from tests.catalog.rows import add_license, add_stems
from tests.conftest import make_client, make_generator, make_key

pytestmark = pytest.mark.django_db
INTENT = {
    "territories": ["DE", "FR"],
    "uses": ["download"],
    "starts_on": "2026-12-01",
    "ends_on": "2027-01-01",
}
AVAILABLE = {
    "available_for": "download",
    "territories": "DE,FR",
    "starts_on": "2026-12-01",
    "ends_on": "2027-01-01",
}


def check(api, stems=("stem-1", "stem-2"), **changes):
    body = {"stems": list(stems), "intent": {**INTENT, **changes}}
    return api.post("/api/v1/rights:check", body, format="json")


def get_ids(response):
    return [stem["id"] for stem in response.json()["stems"]]


def test_a_check_answers_and_reserves_nothing(api, stems):
    add_license(stems=stems, cap=3)
    answer = check(api)
    assert answer.status_code == 200
    assert answer.json()["outcome"] == "cleared"
    assert answer.json()["valid"]["binding_cap"]["remaining"] == 3
    assert answer.json()["valid"]["until"] == "2028-01-01"
    assert not CapEntry.objects.exists()


def test_a_denial_is_an_answer_with_every_reason(api, stems):
    add_license(stems=stems[:1])
    answer = check(api, stems=["stem-1", "stem-2", "ghost"], territories=["DE", "US"]).json()
    assert answer["outcome"] == "denied"
    found = {(reason["code"], reason["stem"]) for reason in answer["reasons"]}
    assert found == {
        ("rights.territory", "stem-1"),
        ("rights.not_active", "stem-2"),
        ("rights.no_grant", "stem-2"),
        ("rights.unknown_stem", "ghost"),
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"territories": ["XX"]},
        {"uses": ["theft"]},
        {"ends_on": "2026-12-01"},
        {"territories": []},
        {"plays": -1},
        {"colour": "red"},
        {"edits": {"stem-1": {"pitch_cents": "NaN"}}},
    ],
    ids=["territory", "use", "period", "nowhere", "plays", "unknown_field", "nan"],
)
def test_a_question_that_makes_no_sense_is_refused(api, stems, changes):
    response = check(api, **changes)
    assert response.status_code == 422
    assert response.json()["code"] == "request.invalid"


def test_declared_edits_are_held_to_the_limits(api, stems):
    add_license(stems=stems, max_pitch_cents=50)
    answer = check(api, edits={"stem-1": {"pitch_cents": 60}}).json()
    assert {(r["code"], r["stem"]) for r in answer["reasons"]} == {("rights.edit_limit", "stem-1")}


def test_stems_are_listed_by_what_they_may_be_used_for(api, db, tmp_path):
    stems = add_stems(tmp_path / "audio", 3)
    add_license(stems=stems[:2], number="A", cap=1)
    add_license(stems=stems[2:], number="B", uses=["event"])
    assert get_ids(api.get("/api/v1/stems", AVAILABLE)) == ["stem-1", "stem-2"]
    assert get_ids(api.get("/api/v1/stems", {**AVAILABLE, "territories": "US"})) == []
    assert get_ids(api.get("/api/v1/stems", {**AVAILABLE, "min_songs_left": 2})) == []
    first = api.get("/api/v1/stems", AVAILABLE).json()["stems"][0]
    assert (first["songs_left"], first["valid_until"]) == (1, "2028-01-01")
    assert len(get_ids(api.get("/api/v1/stems"))) == 3


def test_stems_are_found_by_tempo_genre_and_role(api, stems):
    Stem.objects.filter(external_id="stem-1").update(genre="pop", bpm=120, key="C minor")
    add_license(stems=Stem.objects.all())
    assert get_ids(api.get("/api/v1/stems", {**AVAILABLE, "genre": "pop"})) == ["stem-1"]
    assert get_ids(api.get("/api/v1/stems", {"bpm_min": 110, "bpm_max": 130})) == ["stem-1"]
    assert get_ids(api.get("/api/v1/stems", {"key": "C minor", "role": "drums"})) == ["stem-1"]
    assert get_ids(api.get("/api/v1/stems", {"role": "bass"})) == []


@pytest.mark.parametrize("name", ["campaign", "genre", "role", "key"])
def test_a_text_that_stems_are_filtered_by_is_taken_as_it_comes_and_holds_no_u0000(api, name):
    assert api.get("/api/v1/stems", {name: " "}).status_code == 200
    answer = api.get("/api/v1/stems", {name: "\0"})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, f"/{name}")


@pytest.mark.parametrize("question", [{}, AVAILABLE], ids=["all", "available"])
def test_pages_follow_one_another_without_gap_or_repetition(api, db, tmp_path, question):
    stems = add_stems(tmp_path / "audio", 5)
    add_license(stems=stems)
    seen, cursor = [], None
    for _ in range(5):
        page = api.get(
            "/api/v1/stems", {**question, "limit": 2, **({"cursor": cursor} if cursor else {})}
        )
        seen += get_ids(page)
        cursor = page.json()["next"]
        if cursor is None:
            break
    assert seen == [stem.external_id for stem in stems]


def test_an_unchanged_page_is_answered_by_its_etag(api, stems):
    add_license(stems=stems)
    first = api.get("/api/v1/stems", AVAILABLE)
    again = api.get("/api/v1/stems", AVAILABLE, HTTP_IF_NONE_MATCH=first.headers["ETag"])
    assert again.status_code == 304
    Stem.objects.filter(external_id="stem-1").update(status="suspended")
    changed = api.get("/api/v1/stems", AVAILABLE, HTTP_IF_NONE_MATCH=first.headers["ETag"])
    assert changed.status_code == 200


@pytest.mark.parametrize(
    "question",
    [
        {"available_for": "download"},
        {"cursor": "???"},
        {"limit": 0},
        {**AVAILABLE, "territories": "XX"},
    ],
    ids=["no_place", "cursor", "limit", "territory"],
)
def test_a_wrong_query_is_refused(api, db, question):
    assert api.get("/api/v1/stems", question).status_code == 422


def test_the_catalog_needs_its_scope(db):
    generator = make_generator()
    client = make_client(make_key(generator, scopes=["screenings:write"])[1])
    assert client.get("/api/v1/stems").status_code == 403
    assert make_client(None).get("/api/v1/stems").status_code == 401
