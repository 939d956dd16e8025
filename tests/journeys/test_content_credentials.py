"""A generator downloads the signed copy of its song."""

import hashlib

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from compliance.models import Submission
from compliance.services.approvals import suspend_approval
from tests.compliance.approved import approve, make_submission
from tests.compliance.test_content_credentials import make_audio
from tests.compliance.two_people import make_person
from tests.conftest import make_client, make_generator, make_key

pytestmark = pytest.mark.django_db


def make_approval(generator, now, container: str):
    submission = make_submission(generator, now)
    name = default_storage.save("submissions/song", ContentFile(make_audio(container)))
    Submission.objects.filter(pk=submission.pk).update(audio=name)
    submission.refresh_from_db()
    return approve(submission, now)


def read(answer) -> bytes:
    return b"".join(answer.streaming_content)


def test_the_signed_song_is_the_same_each_time_and_costs_nothing_to_who_has_it(
    api, client, generator, grant, now
):
    approval = make_approval(generator, now, "flac")
    address = f"/api/v1/approvals/{approval.public_id}/c2pa"
    answer = api.get(address, headers={"Accept": "audio/*"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "audio/flac")
    song = read(answer)
    sha256 = hashlib.sha256(song).hexdigest()
    assert answer.headers["ETag"] == f'"{sha256}"'
    assert len(song) == int(answer.headers["Content-Length"])
    assert read(api.get(address)) == song
    again = api.get(address, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    checked = client.post(
        "/api/v1/certificates:verify",
        {"certificate": approval.certificate, "audio_sha256": sha256},
        "application/json",
    ).json()
    assert (checked["holds"], checked["audio"]) == (True, "signed_copy")


def test_ogg_is_refused_with_the_way_out(api, generator, grant, now):
    approval = make_approval(generator, now, "ogg")
    address = f"/api/v1/approvals/{approval.public_id}/c2pa"
    answer = api.get(address)
    assert (answer.status_code, answer.json()["code"]) == (409, "c2pa.not_embeddable")
    assert "form=sidecar" in answer.json()["detail"]
    sidecar = api.get(f"{address}?form=sidecar")
    assert (sidecar.status_code, sidecar.headers["Content-Type"]) == (200, "application/c2pa")
    assert read(sidecar)
    wrong = api.get(f"{address}?form=cassette")
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/form")


def test_only_the_owner_of_a_live_approval_gets_it(api, generator, grant, now):
    approval = make_approval(generator, now, "wav")
    address = f"/api/v1/approvals/{approval.public_id}/c2pa"
    stranger = make_client(make_key(make_generator("Stranger"))[1])
    assert stranger.get(address).status_code == 404
    suspend_approval(approval=approval, actor=make_person("ana"), reason="dispute", now=now)
    answer = api.get(address)
    assert (answer.status_code, answer.json()["code"]) == (409, "approval.not_live")


def test_a_song_whose_audio_is_gone_is_said_to_be_so(api, generator, grant, now):
    approval = make_approval(generator, now, "wav")
    default_storage.delete(approval.submission.audio.name)
    answer = api.get(f"/api/v1/approvals/{approval.public_id}/c2pa")
    assert (answer.status_code, answer.json()["code"]) == (410, "audio.not_kept")
