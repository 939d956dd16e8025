"""The sandbox: every reason code has a name that brings it about, and nothing of it reaches what is live."""

import pytest

from catalog.models import CapEntry
from catalog.rights.reasons import RightsCode
from compliance.explanations import load_explanations
from compliance.models import ApprovalBasis, Submission
from compliance.services.generators import get_or_create_sandbox
from compliance.services.sandbox import find_code, name_input
from moderation.models import ReviewCase
from moderation.services.sandbox import NAMES
from tests.conftest import make_client, make_key
from tests.journeys.test_submissions import work_off
from tests.songs import ENDED, LICENSED, ask, make_manifest, make_silence, submit

pytestmark = pytest.mark.django_db(transaction=True)
SONG_CODES = sorted(code for code in load_explanations() if code.startswith(("audio.", "ops.")))


@pytest.fixture
def sandbox(generator):
    """A caller with a sandbox key of the generator."""
    return make_client(make_key(get_or_create_sandbox(generator=generator, by="tests"))[1])


def practice(sandbox, *stems: str) -> dict:
    """Submit a song whose manifest names these stems; return how it ended."""
    cleared = ask(sandbox, stems=stems).json()
    assert cleared["outcome"] == "cleared", cleared
    accepted = submit(
        sandbox, clearance=cleared["id"], audio=make_silence(0.1), manifest=make_manifest(*stems)
    ).json()
    work_off()
    return sandbox.get(f"/api/v1/submissions/{accepted['id']}").json()


def test_every_code_of_rights_has_a_stem_that_brings_it_about(sandbox, db):
    stems = {name_input(code): code for code in RightsCode}
    answer = ask(sandbox, stems=stems).json()
    assert answer["outcome"] == "denied"
    assert {reason["stem"]: reason["code"] for reason in answer["reasons"]} == stems
    assert all(reason["explanation"] for reason in answer["reasons"])


@pytest.mark.parametrize("name", NAMES)
def test_every_code_of_screening_has_words_that_bring_it_about(sandbox, name):
    message = f"Dear mother, sandbox-screening-{name} and all my love."
    for answer in (
        ask(sandbox, message=message, stems=["sandbox-ok"]).json(),
        sandbox.post("/api/v1/screenings", {"text": message}, format="json").json(),
    ):
        assert answer["outcome"] in {"denied", "block"}
        assert [reason["code"] for reason in answer["reasons"]] == [f"screening.{name}"]


def test_every_code_of_songs_has_a_stem_that_brings_it_about(sandbox):
    stems = {name_input(code): code for code in SONG_CODES}
    report = practice(sandbox, *stems)
    assert report["state"] == "rejected"
    assert {reason["stem"]: reason["code"] for reason in report["reasons"]} == stems


def test_a_song_against_which_nothing_stands_is_approved_and_licensed_to_nobody(
    sandbox, api, client
):
    report = practice(sandbox, "sandbox-ok")
    assert (report["state"], report["reasons"]) == ("approved", [])
    approval = sandbox.get(f"/api/v1/approvals/{report['approval']}").json()
    assert approval["state"] == "live"
    check = client.post(
        "/api/v1/certificates:verify", {"certificate": approval["certificate"]}, content_type="application/json"
    )  # fmt: skip
    assert check.json()["holds"] is False
    assert "key" in check.json()["problem"]
    assert api.get(f"/api/v1/approvals/{report['approval']}").status_code == 404


@pytest.mark.parametrize("where", ["message", "manifest"])
def test_a_review_bothers_no_reviewer(sandbox, where):
    if where == "message":
        answer = ask(sandbox, message="sandbox-review please", stems=["sandbox-ok"]).json()
        assert answer["outcome"] == "needs_review"
    else:
        assert practice(sandbox, "sandbox-review")["state"] == "in_review"
    assert not ReviewCase.objects.exists()


def test_real_stems_are_evaluated_as_they_stand_and_no_cap_is_touched(sandbox, grant):
    for _ in range(7):  # two more than the grant's cap allows
        assert ask(sandbox, stems=LICENSED).json()["outcome"] == "cleared"
    denied = ask(sandbox, stems=[*LICENSED, ENDED]).json()
    assert "rights.expired" in {reason["code"] for reason in denied["reasons"]}
    assert practice(sandbox, *LICENSED)["state"] == "approved"
    assert not CapEntry.objects.exists()
    assert not ApprovalBasis.objects.exists()  # so no recall finds it


def test_live_requests_know_no_magic(api, grant):
    answer = ask(api, stems=["sandbox-ok"], message="sandbox-screening-hate, dear mother").json()
    assert [reason["code"] for reason in answer["reasons"]] == ["rights.unknown_stem"]
    assert not Submission.objects.exists()


@pytest.mark.parametrize(
    "stem", ["sandbox-ok", "sandbox-rights-of_tomorrow", "xsandbox-rights-use"]
)
def test_other_names_stand_for_no_code(stem):
    assert find_code(stem) is None
