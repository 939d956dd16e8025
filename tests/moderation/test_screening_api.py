import pytest

from moderation.models import ReviewCase, Screening
from moderation.services.reviews import decide_review_case
from tests.conftest import make_client, make_generator, make_key
from tests.reviewer import Reviewer

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
    decide_review_case(case_id=case.pk, decision="reject", note="abuse", by=Reviewer("mo"), now=now)
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


# -- Batches -----------------------------------------------------------------------------------------------------------


def post_batch(api, *texts, **headers):
    return api.post("/api/v1/screenings:batch", {"texts": texts}, format="json", headers=headers)


def test_a_batch_answers_each_text_in_its_place(api, generator):
    response = post_batch(
        api,
        {"text": "I love you, Mom", "language": "en"},
        {"text": "Eres una hija de puta", "language": "es"},
        {"text": "la la la\nla la", "kind": "lyrics"},
    )
    assert response.status_code == 201
    report = response.json()
    assert (report["screened"], report["failed"]) == (3, 0)
    results = report["results"]
    assert [result["index"] for result in results] == [0, 1, 2]
    outcomes = [result["screening"]["outcome"] for result in results]
    assert outcomes == ["allow", "review", "allow"]
    stored = Screening.objects.filter(client=generator.public_id)
    assert {row.public_id for row in stored} == {r["screening"]["id"] for r in results}
    case = ReviewCase.objects.get()
    assert case.subject_id == results[1]["screening"]["id"]
    assert results[1]["screening"]["review"]["status"] == "open"


def test_a_text_gets_the_same_answer_alone_and_in_a_batch(api):
    texts = ["you are a piece of shit", "happy birthday, Dad", "I know where you live, sleep well"]
    alone = [post(api, text=text, language="en").json() for text in texts]
    together = post_batch(api, *({"text": text, "language": "en"} for text in texts)).json()
    own = {"id", "created_at"}
    for one, result in zip(alone, together["results"], strict=True):
        assert {k: v for k, v in one.items() if k not in own} == {
            k: v for k, v in result["screening"].items() if k not in own
        }


def test_a_text_that_cannot_be_screened_fails_alone(api):
    report = post_batch(
        api, {"text": ""}, {"text": 7}, "text", {"text": "love", "kind": "poem"}, {"text": "I love you"},
    ).json()  # fmt: skip
    assert (report["screened"], report["failed"]) == (1, 4)
    refusals = [result["refusals"] for result in report["results"]]
    assert [each[0]["pointer"] for each in refusals[:-1]] == [
        "/texts/0/text", "/texts/1/text", "/texts/2", "/texts/3/kind",
    ]  # fmt: skip
    assert refusals[0][0]["code"] == "text.empty"
    assert refusals[-1] == []
    assert Screening.objects.count() == 1


@pytest.mark.parametrize(
    "body",
    [{}, {"texts": []}, {"texts": "love"}, {"texts": [{"text": "a"}] * 1_001}, [1]],
    ids=["nothing", "empty", "no list", "1,001", "a list"],
)
def test_what_is_no_batch_is_refused(api, body):
    response = api.post("/api/v1/screenings:batch", body, format="json")
    assert response.status_code == 422
    assert "1 to 1000" in str(response.json()["errors"])


def test_a_batch_sent_twice_is_screened_once(api):
    answers = [
        post_batch(api, {"text": "I love you"}, **{"Idempotency-Key": "one"}) for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json()
    assert answers[1]["Idempotency-Replayed"] == "true"
    assert Screening.objects.count() == 1


@pytest.mark.slow
def test_a_batch_of_a_thousand_is_stored_in_a_handful_of_queries(
    api, django_assert_max_num_queries
):
    texts = [{"text": f"I love you {n} times", "language": "en"} for n in range(1_000)]
    with django_assert_max_num_queries(40):
        report = post_batch(api, *texts).json()
    assert report["screened"] == Screening.objects.count() == 1_000


def test_a_key_without_the_scope_may_not_screen_batches(generator):
    api = make_client(make_key(generator, scopes=["screenings:read"])[1])
    assert post_batch(api, {"text": "love"}).status_code == 403


# -- What the answer says ----------------------------------------------------------------------------------------------


def test_the_answer_names_the_entries_that_matched_and_how_they_were_hidden(api):
    answer = post(api, text="you b1tch, you kike", language="en").json()
    spans = {span["text"]: span for span in answer["spans"]}
    assert (spans["b1tch"]["severity"], spans["b1tch"]["disguise"]) == (2, "leet")
    assert (spans["kike"]["severity"], spans["kike"]["language"]) == (4, "en")
    assert "disguise" not in spans["kike"]
    assert answer["policy_version"] == "policy-1"
    assert answer["engine_version"].startswith("screening-")


def test_lyrics_name_the_line_of_a_finding(api):
    text = "\n".join(["la la la"] * 6 + ["you are a piece of shit"] + ["la la"] * 6)
    answer = post(api, text=text, language="en", kind="lyrics").json()
    assert answer["outcome"] == "review"
    assert {span["line"] for span in answer["spans"]} == {7}


def test_reasons_come_in_the_language_of_the_text_or_the_one_asked_for(api):
    body = {"text": "Feliz cumpleaños, pedazo de mierda", "language": "es"}
    own = api.post("/api/v1/screenings", body, format="json").json()
    asked = api.post(
        "/api/v1/screenings", body, format="json", headers={"Accept-Language": "xx, de-AT;q=0.8, en;q=0.5"}
    ).json()  # fmt: skip
    assert (own["explanation_language"], asked["explanation_language"]) == ("es", "de")
    assert own["reasons"][0]["text"] != asked["reasons"][0]["text"]
    assert own["reasons"][0]["code"] == asked["reasons"][0]["code"]


def test_the_campaign_of_a_text_is_kept_with_its_answer(api):
    assert post(api, text="I love you", campaign="soap").json()["campaign"] == "soap"
    assert Screening.objects.get().campaign == "soap"
