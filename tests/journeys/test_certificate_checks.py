"""Certificates that somebody shows to the service itself."""

import datetime as dt
from dataclasses import replace

import pytest

from compliance.certificates.certificate import read_certificate, sign_certificate
from compliance.models import Approval
from compliance.services.action_requests import Consent
from compliance.services.approvals import revoke_approval, suspend_approval
from compliance.services.signing_keys import load_keys, rotate_keys
from tests.compliance.approved import approval
from tests.compliance.two_people import make_person

__all__ = ["approval"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def check(client):
    """Ask without an API key."""

    def ask(token: str, **body) -> dict:
        answer = client.post(
            "/api/v1/certificates:verify", {"certificate": token, **body}, "application/json"
        )
        assert answer.status_code == 200, answer.content
        return answer.json()

    return ask


def test_a_certificate_of_ours_holds_and_shows_its_claims(check, approval):
    found = check(approval.certificate, audio_sha256="AB" * 32)
    assert (found["holds"], found["standing"], found["audio"]) == (True, "valid", "same")
    claims = found["claims"]
    assert claims["jti"] == approval.public_id
    assert claims["stems"][0]["grants"][0]["label"] == "A-1/1"
    assert check(approval.certificate)["audio"] == "not_asked"


def test_other_audio_is_told(check, approval):
    found = check(approval.certificate, audio_sha256="00" * 32)
    assert (found["holds"], found["standing"], found["audio"]) == (False, "valid", "other")


def test_what_happened_to_the_approval_is_told_at_once(check, approval, now):
    suspend_approval(approval=approval, actor=make_person("ana"), reason="dispute", now=now)
    assert check(approval.certificate)["standing"] == "suspended"
    consent = Consent(action="approval.revoke", asked_by="user:ana", agreed_by="user:ben")
    revoke_approval(approval=approval, consent=consent, reason="lost", now=now)
    found = check(approval.certificate)
    assert (found["holds"], found["standing"]) == (False, "revoked")


def test_an_end_brought_forward_is_told(check, approval, now):
    Approval.objects.update(valid_to=now)
    assert check(approval.certificate)["standing"] == "ended"


def test_an_old_key_still_verifies_and_a_forgotten_one_does_not(
    check, approval, settings, tmp_path
):
    rotate_keys()
    assert check(approval.certificate)["holds"]
    settings.DATA_DIR = tmp_path / "another service"
    found = check(approval.certificate)
    assert (found["holds"], found["standing"], found["claims"]) == (False, None, None)
    assert found["problem"]


@pytest.mark.parametrize("spoil", ["", "no token", "a.b.c", "eyJhbGciOiJub25lIn0.e30."])
def test_what_is_no_certificate_is_an_answer_and_not_an_error(check, approval, spoil):
    found = check(spoil or approval.certificate[:-4] + "AAAA")
    assert (found["holds"], found["standing"], found["audio"]) == (False, None, "not_asked")


def test_a_genuine_token_that_no_approval_has_is_none_of_ours(check, approval):
    genuine = read_certificate(token=approval.certificate, keys=load_keys())
    token = sign_certificate(certificate=replace(genuine, approval="apr_other"), keys=load_keys())
    assert "No approval apr_other" in check(token)["problem"]


def test_a_period_that_has_not_begun_is_told(check, generator, grant, now):
    from tests.compliance.approved import approve, make_submission
    from tests.songs import make_intent

    soon = (now + dt.timedelta(days=5)).date().isoformat()
    later = approve(make_submission(generator, now, intent=make_intent(starts_on=soon)), now)
    assert check(later.certificate)["standing"] == "not_yet_valid"


def test_a_digest_of_another_length_is_refused(client, approval):
    body = {"certificate": approval.certificate, "audio_sha256": "abc"}
    answer = client.post("/api/v1/certificates:verify", body, "application/json")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/audio_sha256")
