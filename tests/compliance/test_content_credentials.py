"""Content credentials: what a signed song says, and that no altered one passes."""

import io
import json
import stat

import numpy as np
import pytest
import soundfile
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import DatabaseError

from compliance.certificates.content_credentials import (
    CERTIFICATE_LABEL,
    LICENSE_FIELD,
    read_credentials,
)
from compliance.models import ContentCredential, Submission
from compliance.services.approvals import suspend_approval
from compliance.services.content_credential_keys import (
    InvalidSigner,
    load_signer,
)
from compliance.services.content_credentials import (
    ApprovalNotLive,
    CredentialsNotEmbeddable,
    get_content_credential,
)
from config.checks import check_content_credential_signer, check_content_credentials_are_trusted
from tests.compliance.approved import approve, make_submission
from tests.compliance.two_people import make_person
from tests.songs import LICENSED

pytestmark = pytest.mark.django_db
RATE_HZ = 44_100
MEDIA_TYPES = {"wav": "audio/wav", "mp3": "audio/mpeg", "flac": "audio/flac", "m4a": "audio/mp4"}


def make_audio(container: str) -> bytes:
    """Three seconds of noise: more bytes of sound than of credentials, whatever the container."""
    samples = np.random.default_rng(1).uniform(-0.2, 0.2, 3 * RATE_HZ)
    file = io.BytesIO()
    if container == "m4a":
        return encode_m4a(samples)
    soundfile.write(file, samples, RATE_HZ, format=container.upper())
    return file.getvalue()


def encode_m4a(samples) -> bytes:
    import av

    file = io.BytesIO()
    pcm = (samples * 32767).astype("<i2").reshape(1, -1)
    with av.open(file, "w", format="mp4") as output:
        stream = output.add_stream("aac", rate=RATE_HZ, layout="mono")
        for start in range(0, pcm.shape[1], 1024):
            block = np.ascontiguousarray(pcm[:, start : start + 1024])
            frame = av.AudioFrame.from_ndarray(block, format="s16", layout="mono")
            frame.sample_rate = RATE_HZ
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return file.getvalue()


@pytest.fixture
def approve_song(generator, grant, now):
    """Approve a song of this container, with real bytes in storage."""

    def make(container: str = "wav"):
        submission = make_submission(generator, now)
        name = default_storage.save(f"submissions/{container}", ContentFile(make_audio(container)))
        Submission.objects.filter(pk=submission.pk).update(audio=name)
        submission.refresh_from_db()
        return approve(submission, now)

    return make


def sign(approval, now, **options):
    return get_content_credential(approval=approval, now=now, **{"as_sidecar": False, **options})


def read_stored(row, name: str = "file") -> bytes:
    with getattr(row, name).open("rb") as file:
        return file.read()


def read(path, container, **options):
    return read_credentials(path, media_type=MEDIA_TYPES[container], **options)


@pytest.mark.parametrize("container", MEDIA_TYPES)
def test_a_signed_copy_says_what_it_is_made_of_and_shows_every_change(
    approve_song, container, now, tmp_path
):
    approval = approve_song(container)
    credential = sign(approval, now)
    assert (credential.media_type, credential.is_sidecar) == (MEDIA_TYPES[container], False)
    signed = read_stored(credential)
    assert len(signed) == credential.file_bytes
    path = tmp_path / "signed"
    path.write_bytes(signed)

    found = read(path, container)
    assert found.is_intact
    assert found.problems == ("signingCredential.untrusted",)
    ingredients = found.manifest["ingredients"]
    assert [each["title"] for each in ingredients] == sorted(LICENSED[:2])
    assert {each["relationship"] for each in ingredients} == {"componentOf"}
    licensed = ingredients[0]["metadata"][LICENSE_FIELD]
    assert (licensed["grants"], len(licensed["sha256"])) == (["A-1/1"], 64)
    assertions = {each["label"]: each["data"] for each in found.manifest["assertions"]}
    created, placed = assertions["c2pa.actions.v2"]["actions"]
    assert created["digitalSourceType"].endswith("/compositeWithTrainedAlgorithmicMedia")
    assert len(placed["parameters"]["ingredients"]) == 2
    certified = assertions[CERTIFICATE_LABEL]
    assert certified["token"] == approval.certificate
    assert certified["certificate"].endswith(f"/approvals/{approval.public_id}/certificate")

    altered = bytearray(signed)
    altered[len(altered) // 2] ^= 0xFF
    path.write_bytes(altered)
    assert not read(path, container).is_intact
    with pytest.raises(CommandError, match=r"INVALID: .*mismatch"):
        call_command("verify_content_credentials", str(path), stdout=io.StringIO())


def test_training_is_not_allowed_where_a_grant_does_not_allow_it(approve_song, now, tmp_path):
    path = tmp_path / "signed.wav"
    path.write_bytes(read_stored(sign(approve_song(), now)))
    assertions = {each["label"]: each["data"] for each in read(path, "wav").manifest["assertions"]}
    entries = assertions["cawg.training-mining"]["entries"]
    assert {rule["use"] for rule in entries.values()} == {"notAllowed"}


def test_a_copy_is_made_once_and_kept(approve_song, now):
    approval = approve_song()
    first, again = sign(approval, now), sign(approval, now)
    assert first.pk == again.pk
    with pytest.raises(DatabaseError, match="only grows"):
        ContentCredential.objects.update(media_type="audio/other")


def test_ogg_gets_a_manifest_beside_it(approve_song, now, tmp_path):
    approval = approve_song("ogg")
    with pytest.raises(CredentialsNotEmbeddable, match="form=sidecar"):
        sign(approval, now)
    credential = sign(approval, now, as_sidecar=True)
    assert (credential.media_type, credential.is_sidecar) == ("application/c2pa", True)
    song, sidecar = tmp_path / "song.ogg", tmp_path / "song.c2pa"
    song.write_bytes(read_stored(approval.submission, "audio"))
    sidecar.write_bytes(read_stored(credential))
    out = io.StringIO()
    call_command("verify_content_credentials", str(song), sidecar=sidecar, stdout=out)
    assert "componentOf moonlit-drums (A-1/1)" in out.getvalue()
    song.write_bytes(song.read_bytes()[:-1] + b"x")
    with pytest.raises(CommandError, match="INVALID"):
        call_command("verify_content_credentials", str(song), sidecar=sidecar, stdout=out)


def test_a_format_that_embeds_has_no_sidecar(approve_song, now):
    with pytest.raises(CredentialsNotEmbeddable, match="without form=sidecar"):
        sign(approve_song("flac"), now, as_sidecar=True)


def test_nothing_is_signed_for_an_approval_that_does_not_hold(approve_song, now):
    approval = approve_song()
    suspend_approval(approval=approval, actor=make_person("ana"), reason="dispute", now=now)
    with pytest.raises(ApprovalNotLive, match="suspended"):
        sign(approval, now)


def test_a_reader_that_trusts_the_root_says_trusted(approve_song, now, tmp_path):
    path, roots = tmp_path / "signed.wav", tmp_path / "roots.pem"
    path.write_bytes(read_stored(sign(approve_song(), now)))
    chain = load_signer().chain_pem
    roots.write_text(chain[chain.rindex("-----BEGIN") :])
    out = io.StringIO()
    call_command("verify_content_credentials", str(path), trust=roots, stdout=out)
    assert out.getvalue().endswith("TRUSTED\n")
    out = io.StringIO()
    call_command("verify_content_credentials", str(path), json=True, stdout=out)
    text, _, verdict = out.getvalue().strip().rpartition("\n")
    assert (json.loads(text)["title"].startswith("apr_"), verdict) == (True, "VALID")


@pytest.mark.parametrize("content", [b"", b"not audio", make_audio("wav")])
def test_what_is_not_signed_is_said_to_be_so(content, tmp_path):
    path = tmp_path / "plain"
    path.write_bytes(content)
    with pytest.raises(CommandError, match="NOT SIGNED"):
        call_command("verify_content_credentials", str(path), stdout=io.StringIO())


def test_the_test_chain_is_made_once_readable_by_the_service_alone_and_warned_of(settings):
    first = load_signer()
    path = settings.DATA_DIR / "keys" / "content-credentials-test.pem"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_signer() == first
    assert [found.id for found in check_content_credentials_are_trusted(None)] == ["config.W010"]


def test_a_real_chain_comes_from_two_files(settings, tmp_path):
    made = load_signer()
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    settings.C2PA_CERTIFICATE_FILE, settings.C2PA_KEY_FILE = str(chain), ""
    with pytest.raises(InvalidSigner, match="both"):
        load_signer()
    settings.C2PA_KEY_FILE = str(key)
    with pytest.raises(InvalidSigner, match="No such file"):
        load_signer()
    chain.write_text(made.chain_pem)
    key.write_text("no key")
    assert [found.id for found in check_content_credential_signer(None)] == ["config.E010"]
    key.write_text(made.key_pem)
    assert load_signer() == made
    assert check_content_credential_signer(None) == []
    assert check_content_credentials_are_trusted(None) == []
    root_first = made.chain_pem[made.chain_pem.rindex("-----BEGIN") :]
    chain.write_text(root_first)
    with pytest.raises(InvalidSigner, match="first certificate"):
        load_signer()
