"""Evidence packs: what is in them, that they are the same for the same, and what a generator is not told."""

import hashlib
import io
import json
import zipfile

import pytest
from django.contrib.auth.models import Permission
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.urls import reverse

from catalog.models import Agreement, Stem
from compliance.audit import canonicalize
from compliance.models import Verification
from compliance.services.approvals import suspend_approval
from tests.compliance.approved import approve, make_submission
from tests.compliance.two_people import make_person
from tests.conftest import make_client, make_generator, make_key
from tests.songs import LICENSED

pytestmark = pytest.mark.django_db
TIMELINE = "docs/pictures/timeline-honest.svg"
FILES = {
    "README.txt", "SHA256SUMS", "audit-log.jsonl", "certificate.json", "certificate.jwt", "checkpoint.json",
    "clearance.json", "jwks.json", "manifest.json", "rights.json", "status.json", "summary.pdf", "timeline.svg",
    "verification.json",
}  # fmt: skip


@pytest.fixture
def approval(generator, grant, now, request):
    Stem.objects.filter(external_id=LICENSED[0]).update(title="생일 축하 노래 — Größe")
    submission = make_submission(generator, now, measured=False)
    Verification.objects.create(
        submission=submission, outcome="approved", report={"evidence": {"duration_s": 12.0}}, engine_version="9.9",
        duration_s=1.0, timeline_svg=(request.config.rootpath / TIMELINE).read_text(),
    )  # fmt: skip
    return approve(submission, now)


def unpack(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}


def download(api, approval) -> bytes:
    answer = api.get(f"/api/v1/approvals/{approval.public_id}/evidence")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/zip")
    assert f"evidence-{approval.public_id}.zip" in answer.headers["Content-Disposition"]
    return b"".join(answer.streaming_content)


def read_lines(files) -> list[dict]:
    return [json.loads(line) for line in files["audit-log.jsonl"].splitlines()]


def test_a_pack_holds_everything_and_its_sums_fit(api, approval):
    files = unpack(download(api, approval))
    assert files.keys() == FILES
    sums = dict(reversed(line.split("  ")) for line in files["SHA256SUMS"].decode().splitlines())
    assert sums.keys() == FILES - {"SHA256SUMS"}
    for name, expected in sums.items():
        assert hashlib.sha256(files[name]).hexdigest() == expected
    (grant,) = json.loads(files["rights.json"])["grants"]
    assert (grant["label"], grant["agreement"]["number"]) == ("A-1/1", "A-1")
    assert json.loads(files["certificate.json"])["jti"] == approval.public_id
    assert json.loads(files["status.json"])["state"] == "live"
    assert files["summary.pdf"].startswith(b"%PDF")


def test_the_same_state_gives_the_same_bytes_and_another_one_others(
    api, approval, generator, grant, now
):
    first = download(api, approval)
    approve(make_submission(generator, now), now)  # other songs change nothing
    assert download(api, approval) == first
    etag = f'"{hashlib.sha256(first).hexdigest()}"'
    again = api.get(
        f"/api/v1/approvals/{approval.public_id}/evidence", headers={"If-None-Match": etag}
    )
    assert again.status_code == 304
    suspend_approval(approval=approval, actor=make_person("ana"), reason="a dispute", now=now)
    files = unpack(download(api, approval))
    status = json.loads(files["status.json"])
    assert (status["state"], status["change_reason"]) == ("suspended", "a dispute")
    assert read_lines(files)[-1]["kind"] == "approval.suspended"


def test_the_certificate_and_the_checkpoint_in_it_verify(api, approval, tmp_path):
    files = unpack(download(api, approval))
    for name in ("certificate.jwt", "jwks.json", "checkpoint.json"):
        (tmp_path / name).write_bytes(files[name])
    out = io.StringIO()
    call_command(
        "verify_certificate", str(tmp_path / "certificate.jwt"), jwks=tmp_path / "jwks.json", stdout=out
    )  # fmt: skip
    assert "VALID" in out.getvalue()
    call_command("verify_audit_log", checkpoint=tmp_path / "checkpoint.json", stdout=out)
    last = read_lines(files)[-1]
    assert last["hash"] == json.loads(files["checkpoint.json"])["head_hash"]


def test_lines_of_the_log_verify_unless_they_name_people(api, approval):
    lines = read_lines(unpack(download(api, approval)))
    withheld = [line for line in lines if "withheld" in line]
    assert {line["actor"] for line in withheld} == {"a member of staff"}  # a person approved
    whole = [line for line in lines if "withheld" not in line]
    for line in whole:
        digest = line.pop("hash")
        assert hashlib.sha256(canonicalize(line)).hexdigest() == digest
    assert withheld


def test_only_the_owner_gets_it_and_no_contracts_or_fees(api, approval, grant):
    attach_contract(grant)
    text = b"".join(unpack(download(api, approval)).values())
    assert b"user:mo" not in text
    assert b'"fees"' not in text
    stranger = make_client(make_key(make_generator("Stranger"))[1])
    assert stranger.get(f"/api/v1/approvals/{approval.public_id}/evidence").status_code == 404


def attach_contract(grant) -> None:
    agreement = Agreement.objects.get(pk=grant.agreement_id)
    agreement.document.save("contract.pdf", ContentFile(b"%PDF-1.4 the contract"))


def test_staff_get_the_contracts_and_who_decided(client, django_user_model, approval, grant):
    attach_contract(grant)
    address = reverse("admin:compliance_approval_download_evidence", args=[approval.pk])
    client.force_login(django_user_model.objects.create_superuser("ana"))
    page = client.get(reverse("admin:compliance_approval_change", args=[approval.pk]))
    assert address in page.content.decode()
    files = unpack(client.get(address).content)
    assert files["contracts/A-1.pdf"] == b"%PDF-1.4 the contract"
    assert b"user:mo" in files["audit-log.jsonl"]
    assert '"fees": []' in files["rights.json"].decode()
    viewer = django_user_model.objects.create_user("vic", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_approval"))
    client.force_login(viewer)
    assert client.get(address).status_code == 403
