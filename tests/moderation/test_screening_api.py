import pytest

from moderation.models import ReviewCase, Screening
from moderation.services.reviews import decide_review_case
from tests.conftest import make_client, make_generator, make_key

pytestmark = pytest.mark.django_db


def post(api, **body):
    return api.post("/api/v1/screenings", body, format="json")


def test_a_loving_message_is_allowed(api, generator):
    response = post(api, text="I love you, Mom, happy birthday", language="en")
    assert response.status_code == 201
    answer = response.json()
    assert answer["outcome"] == "allow"
    assert answer["language"]["code"] == "en"
    assert answer["reasons"] == answer["spans"] == []
    assert answer["review"] is None
    assert Screening.objects.get().client == generator.public_id
    assert answer["id"].startswith("scr_")
    assert len(answer["id"]) == len("scr_") + 24


def test_a_doubtful_message_becomes_a_review_case_and_tells_what_came_of_it(api, now):
    answer = post(api, text="you are a piece of shit", language="en").json()
    assert answer["outcome"] == "review"
    assert answer["review"] == {"status": "open", "decision": None, "decided_at": None}
    case = ReviewCase.objects.get()
    assert (case.subject_kind, case.subject_id) == ("screening", answer["id"])
    decide_review_case(case_id=case.pk, decision="reject", note="abuse", by="mo", now=now)
    later = api.get(f"/api/v1/screenings/{answer['id']}").json()
    assert later["review"]["decision"] == "reject"
    assert later["outcome"] == "review"


def test_another_generator_does_not_see_it(api):
    answer = post(api, text="I love you").json()
    stranger = make_client(make_key(make_generator("Other"))[1])
    assert api.get(f"/api/v1/screenings/{answer['id']}").status_code == 200
    assert stranger.get(f"/api/v1/screenings/{answer['id']}").status_code == 404


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "text.empty"), ("a" * 100_000, "text.too_long"), ("\ud800", "text.invalid_unicode")],
    ids=["empty", "100 kB", "lone surrogate"],
)
def test_a_text_that_cannot_be_screened_is_a_coded_error(api, text, code):
    body = '{"text": "\\ud800"}' if text == "\ud800" else None
    response = (
        api.post("/api/v1/screenings", body, content_type="application/json")
        if body
        else post(api, text=text)
    )
    assert response.status_code == 422
    assert response["Content-Type"] == "application/problem+json"
    assert code in {error["code"] for error in response.json()["errors"]}
    assert not Screening.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": 7},
        {"text": None},
        {"text": "love", "kind": "poem"},
        {"text": "a", "language": "x" * 21},
    ],
    ids=["nothing", "number", "null", "unknown kind", "long language"],
)
def test_a_request_of_the_wrong_shape_is_refused(api, body):
    assert post(api, **body).status_code == 422


def test_a_key_without_the_scope_is_refused(generator):
    api = make_client(make_key(generator, scopes=["clearances:write"])[1])
    assert post(api, text="love").status_code == 403
