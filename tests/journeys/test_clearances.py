import datetime as dt

import pytest
from django.utils import timezone

from catalog.models import CapEntry, CapHold
from compliance.models import Clearance
from compliance.services.clearance_times import expire_clearances, warn_of_expiry
from moderation.models import ReviewCase
from moderation.services.reviews import decide_review_case
from tests.conftest import make_client, make_generator, make_key
from tests.reviewer import Reviewer
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
    assert api.post(f"/api/v1/clearances/{clearance}:cancel").json()["outcome"] == "cancelled"
    again = api.post(f"/api/v1/clearances/{clearance}:cancel")
    assert (again.status_code, again.json()["code"]) == (409, "clearance.not_usable")
    assert CapEntry.objects.filter(kind="release").count() == 1


DOUBTFUL = "Привет, мама. Я тебя очень люблю и скучаю по тебе каждый день."


def ask_doubtful(api) -> tuple[str, ReviewCase]:
    answer = ask(api, message=DOUBTFUL).json()
    assert answer["outcome"] == "needs_review"
    return answer["id"], ReviewCase.objects.get(subject_id=answer["id"])


@pytest.mark.parametrize(("decision", "outcome"), [("approve", "cleared"), ("reject", "denied")])
def test_a_reviewer_decides_about_a_doubtful_message_and_caps_are_held_from_then_on(
    api, grant, decision, outcome
):
    clearance, case = ask_doubtful(api)
    assert not CapEntry.objects.exists()
    now = timezone.now()
    decide_review_case(case_id=case.pk, decision=decision, note="read", by=Reviewer("mo"), now=now)
    report = api.get(f"/api/v1/clearances/{clearance}").json()
    assert report["outcome"] == outcome
    assert CapEntry.objects.filter(kind="reserve").count() == (1 if outcome == "cleared" else 0)
    assert (report["expires_at"] or "") > now.isoformat() or outcome == "denied"


def test_a_message_that_waited_is_denied_when_the_cap_was_used_up_meanwhile(api, grant):
    clearance, case = ask_doubtful(api)
    assert [ask(api).json()["outcome"] for _ in range(5)] == ["cleared"] * 5
    decide_review_case(
        case_id=case.pk, decision="approve", note="read", by=Reviewer("mo"), now=timezone.now()
    )
    report = api.get(f"/api/v1/clearances/{clearance}").json()
    assert report["outcome"] == "denied"
    assert "rights.cap_exhausted" in codes(report)


def test_a_message_that_nobody_reads_expires(api, grant, settings):
    clearance, case = ask_doubtful(api)
    later = timezone.now() + dt.timedelta(seconds=settings.CLEARANCE_REVIEW_S + 1)
    assert expire_clearances(now=later) == 1
    decide_review_case(
        case_id=case.pk, decision="approve", note="late", by=Reviewer("mo"), now=later
    )
    assert api.get(f"/api/v1/clearances/{clearance}").json()["outcome"] == "expired"


# -- Extending ---------------------------------------------------------------------------------------------------------


def extend(api, clearance: str, **body):
    return api.post(f"/api/v1/clearances/{clearance}:extend", body, format="json")


def test_a_hold_is_extended_with_its_caps_up_to_the_limit(api, clearance, settings):
    first = api.get(f"/api/v1/clearances/{clearance}").json()["expires_at"]
    longer = extend(api, clearance, hold_seconds=3 * 86_400)
    assert longer.status_code == 200, longer.content
    assert longer.json()["expires_at"] > first
    held = CapHold.objects.get().hold_until
    assert held.isoformat() == longer.json()["expires_at"]
    assert extend(api, clearance, hold_seconds=7 * 86_400).status_code == 200
    again = extend(api, clearance, hold_seconds=7 * 86_400)
    assert (again.status_code, again.json()["code"]) == (409, "clearance.not_usable")
    limit = Clearance.objects.get().decided_at + dt.timedelta(seconds=settings.CLEARANCE_MAX_HOLD_S)
    assert CapHold.objects.get().hold_until == limit


@pytest.mark.parametrize("hold_seconds", [59, 604_801, "long", None])
def test_a_faulty_extension_is_named(api, clearance, hold_seconds):
    response = extend(api, clearance, hold_seconds=hold_seconds)
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == "/hold_seconds"


def test_what_is_not_held_is_not_extended(api, clearance):
    expire_clearances(now=timezone.now() + dt.timedelta(days=2))
    assert extend(api, clearance).status_code == 409


def test_a_hold_that_ends_soon_is_announced_once_and_again_after_it_was_extended(api, clearance):
    def list_warnings() -> int:
        items = api.get("/api/v1/events").json()["items"]
        return sum(event["type"] == "clearance.expiring" for event in items)

    almost = timezone.now() + dt.timedelta(hours=23, minutes=30)
    assert warn_of_expiry(now=timezone.now()) == 0
    assert (warn_of_expiry(now=almost), warn_of_expiry(now=almost), list_warnings()) == (1, 0, 1)
    assert extend(api, clearance, hold_seconds=2 * 86_400).status_code == 200
    assert warn_of_expiry(now=almost) == 0
    assert warn_of_expiry(now=almost + dt.timedelta(days=1)) == 1


def test_another_generator_never_sees_it(api, grant):
    clearance = ask(api).json()["id"]
    stranger = make_client(make_key(make_generator("Stranger"))[1])
    for response in (
        stranger.get(f"/api/v1/clearances/{clearance}"),
        stranger.post(f"/api/v1/clearances/{clearance}:cancel"),
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


def test_a_cancelled_clearance_explains_its_reasons_in_the_language_asked_for(api, grant):
    doubtful = ask(api, message=DOUBTFUL).json()
    assert doubtful["outcome"] == "needs_review"
    cancelled = api.post(
        f"/api/v1/clearances/{doubtful['id']}:cancel", headers={"Accept-Language": "de"}
    )
    assert cancelled.headers["Content-Language"] == "de"
    told = api.get(f"/api/v1/clearances/{doubtful['id']}", headers={"Accept-Language": "de"})
    assert cancelled.json()["reasons"] == told.json()["reasons"]
    english = api.get(f"/api/v1/clearances/{doubtful['id']}").json()["reasons"]
    assert cancelled.json()["reasons"] != english


def test_unknown_fields_are_named_beside_faulty_ones(api, grant):
    answer = ask(api, intent=make_intent(uses="all", brnad="Acme"))
    assert answer.status_code == 422
    pointers = [error["pointer"] for error in answer.json()["errors"]]
    assert sorted(pointers) == ["/intent/brnad", "/intent/uses"]
