import datetime as dt

import pytest
from django.utils import timezone

from catalog.models import CapEntry
from compliance.models import Clearance
from compliance.services.clearances import expire_clearances
from moderation.models import ReviewCase
from moderation.services.reviews import decide_review_case
from tests.conftest import make_client, make_generator, make_key
from tests.songs import ENDED, LICENSED, UNLICENSED, ask, make_intent

pytestmark = pytest.mark.django_db


def codes(answer, stem=None) -> set[str]:
    return {reason["code"] for reason in answer["reasons"] if stem in (None, reason.get("stem"))}


def test_a_licensed_set_is_cleared_and_its_caps_are_held(api, grant):
    response = ask(api)
    answer = response.json()
    assert (response.status_code, answer["outcome"], answer["reasons"]) == (201, "cleared", [])
    assert answer["expires_at"] > timezone.now().isoformat()
    assert CapEntry.objects.filter(kind="reserve").count() == 1


def test_a_denial_is_a_successful_answer_with_every_reason_of_every_stem(api, grant):
    response = ask(
        api,
        stems=[LICENSED[0], ENDED, UNLICENSED, "no-such-stem"],
        intent=make_intent(territories=["DE", "BR"]),
    )
    answer = response.json()
    assert (response.status_code, answer["outcome"]) == (201, "denied")
    assert "rights.territory" in codes(answer, LICENSED[0])
    assert "rights.expired" in codes(answer, ENDED)
    assert codes(answer, UNLICENSED)
    assert codes(answer, "no-such-stem") == {"rights.unknown_stem"}
    assert not CapEntry.objects.exists()


def test_an_abusive_message_is_not_cleared_though_the_rights_hold(api, grant):
    answer = ask(api, message="You worthless piece of shit, I will kill you tonight.").json()
    assert answer["outcome"] in {"denied", "needs_review"}
    assert any(code.startswith("screening.") for code in codes(answer))


def test_the_cap_cannot_be_overspent(api, grant):
    outcomes = [ask(api).json()["outcome"] for _ in range(7)]
    assert outcomes == ["cleared"] * 5 + ["denied"] * 2


def test_a_hold_that_ran_out_gives_its_cap_back(api, grant):
    for _ in range(5):
        ask(api)
    assert ask(api).json()["outcome"] == "denied"
    assert expire_clearances(now=timezone.now() + dt.timedelta(days=2)) == 5
    assert set(Clearance.objects.values_list("status", flat=True)) == {"expired", "denied"}
    assert ask(api).json()["outcome"] == "cleared"


def test_a_cancelled_clearance_gives_its_cap_back_and_cannot_be_cancelled_twice(api, grant):
    clearance = ask(api).json()["id"]
    assert api.post(f"/api/v1/clearances/{clearance}/cancel").json()["outcome"] == "cancelled"
    again = api.post(f"/api/v1/clearances/{clearance}/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "clearance.not_usable")
    assert CapEntry.objects.filter(kind="release").count() == 1


@pytest.mark.parametrize(("decision", "outcome"), [("approve", "cleared"), ("reject", "denied")])
def test_a_reviewer_decides_about_a_doubtful_message(api, grant, decision, outcome):
    answer = ask(
        api, message="Привет, мама. Я тебя очень люблю и скучаю по тебе каждый день."
    ).json()
    assert answer["outcome"] == "needs_review"
    case = ReviewCase.objects.get(subject_id=answer["id"])
    decide_review_case(case_id=case.pk, decision=decision, note="read", by="mo", now=timezone.now())
    assert api.get(f"/api/v1/clearances/{answer['id']}").json()["outcome"] == outcome
    assert CapEntry.objects.filter(kind="release").count() == (1 if outcome == "denied" else 0)


def test_another_generator_never_sees_it(api, grant):
    clearance = ask(api).json()["id"]
    stranger = make_client(make_key(make_generator("Stranger"))[1])
    for response in (
        stranger.get(f"/api/v1/clearances/{clearance}"),
        stranger.post(f"/api/v1/clearances/{clearance}/cancel"),
    ):
        assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_the_same_key_gives_the_same_clearance(api, grant):
    first, second = (ask(api, **{"Idempotency-Key": "k-1"}) for _ in range(2))
    assert first.json() == second.json()
    assert second.headers["Idempotency-Replayed"] == "true"
    other = ask(api, stems=LICENSED[:1], **{"Idempotency-Key": "k-1"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency.mismatch")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"stems": []}, "/stems"),
        ({"stems": ["a", "a"]}, "/stems"),
        ({"stems": [7]}, "/stems/0"),
        ({"intent": make_intent(territories=["Atlantis"])}, "/intent/territories"),
        ({"intent": make_intent(uses=["world_domination"])}, "/intent/uses"),
        ({"intent": make_intent(ends_on="2020-01-01")}, "/intent/ends_on"),
        ({"intent": make_intent(starts_on="tomorrow")}, "/intent/starts_on"),
        ({"message": 7}, "/message"),
        ({"message": ""}, "/message"),
        ({"mesage": "typo"}, "/mesage"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_faulty_field_is_named(api, grant, change, pointer):
    body = {"message": "Hello mother", "stems": list(LICENSED), "intent": make_intent()} | change
    response = api.post("/api/v1/clearances", body, format="json")
    assert response.status_code == 422, response.content
    assert response.headers["Content-Type"] == "application/problem+json"
    assert pointer in {error["pointer"] for error in response.json()["errors"]}


def test_reasons_are_explained_in_the_language_asked_for(api, grant):
    denied = ask(api, stems=[ENDED], **{"Accept-Language": "ko, en;q=0.5"})
    assert denied.headers["Content-Language"] == "ko"
    explanations = {reason["code"]: reason["explanation"] for reason in denied.json()["reasons"]}
    assert explanations["rights.expired"] == "라이선스가 만료되었습니다."
    again = api.get(
        f"/api/v1/clearances/{denied.json()['id']}", headers={"Accept-Language": "pt-BR"}
    )
    assert "A licença terminou." in {reason["explanation"] for reason in again.json()["reasons"]}
    assert "Accept-Language" in again.headers["Vary"]
