import hashlib
import json

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone
from django_q.models import OrmQ

from catalog.models import CapEntry
from compliance import tasks
from compliance.models import ActionRequest, Event, Job, Submission, Verification
from compliance.services.action_requests import SamePerson
from compliance.services.agreements import agree_to_request, turn_down_request
from moderation.models import ReviewCase
from moderation.services.reviews import decide_review_case
from tests.compliance.two_people import make_person
from tests.conftest import make_client, make_generator, make_key
from tests.reviewer import Reviewer
from tests.songs import (
    AUDIO,
    LICENSED,
    REFERENCE,
    UNLICENSED,
    ask,
    make_manifest,
    make_silence,
    make_song,
    submit,
)

pytestmark = pytest.mark.django_db(transaction=True)


def work_off() -> None:
    """Do what a worker does with every waiting job."""
    for job in Job.objects.filter(state="pending"):
        tasks.run_job(str(job.pk))


def read(api, submission: str):
    return api.get(f"/api/v1/submissions/{submission}").json()


@pytest.fixture
def honest_song() -> bytes:
    return make_song(*LICENSED)


def test_an_honest_song_is_approved(api, clearance, honest_song):
    response = submit(
        api, clearance=clearance, audio=honest_song, manifest=make_manifest(*LICENSED)
    )
    accepted = response.json()
    assert (response.status_code, accepted["state"], accepted["report"]) == (202, "received", None)
    assert response.headers["Location"] == f"/api/v1/submissions/{accepted['id']}"
    assert accepted["audio_sha256"] == hashlib.sha256(honest_song).hexdigest()
    assert OrmQ.objects.count() == 1

    work_off()
    report = read(api, accepted["id"])
    assert (report["state"], report["reasons"]) == ("approved", [])
    assert report["report"]["outcome"] == "approved"
    assert CapEntry.objects.filter(kind="capture").count() == 1
    assert list(Event.objects.filter(subject__contains=accepted["id"]).values_list("kind", flat=True)) == [
        "submission.received", "submission.approved",
    ]  # fmt: skip
    timeline = api.get(f"/api/v1/submissions/{accepted['id']}/timeline.svg")
    assert timeline.headers["Content-Type"] == "image/svg+xml"
    assert timeline.content.startswith(b"<svg")
    picture = api.get(f"/api/v1/submissions/{accepted['id']}/timeline.png")
    assert picture.headers["Content-Type"] == "image/png"
    assert picture.content.startswith(b"\x89PNG")


def test_a_song_is_decided_once_however_often_its_job_is_delivered(api, clearance, honest_song):
    submit(api, clearance=clearance, audio=honest_song, manifest=make_manifest(*LICENSED))
    job = Job.objects.get()
    for _ in range(3):
        tasks.run_job(str(job.pk))
    assert Verification.objects.count() == 1


def test_an_undeclared_stem_is_named_with_its_interval(api, clearance):
    song = make_song(*LICENSED, UNLICENSED)
    accepted = submit(
        api, clearance=clearance, audio=song, manifest=make_manifest(*LICENSED)
    ).json()
    work_off()
    report = read(api, accepted["id"])
    assert report["state"] == "rejected"
    named = next(r for r in report["reasons"] if r["code"] == "audio.undeclared_stem")
    assert named["stem"] == UNLICENSED
    assert 0 <= named["start_s"] < named["end_s"] <= 12.5
    assert CapEntry.objects.filter(kind="capture").count() == 0


def test_a_declared_stem_that_does_not_sound_is_named(api, clearance):
    song = make_song(*LICENSED[:2])
    accepted = submit(
        api, clearance=clearance, audio=song, manifest=make_manifest(*LICENSED)
    ).json()
    work_off()
    report = read(api, accepted["id"])
    assert report["state"] == "rejected"
    assert ("audio.declared_absent", LICENSED[2]) in {
        (r["code"], r.get("stem")) for r in report["reasons"]
    }


def test_somebody_elses_recording_is_identified(api, clearance):
    audio = (AUDIO / f"{REFERENCE}.ogg").read_bytes()
    accepted = submit(
        api, clearance=clearance, audio=audio, manifest=make_manifest(*LICENSED)
    ).json()
    work_off()
    report = read(api, accepted["id"])
    assert report["state"] == "rejected"
    assert REFERENCE in {reason.get("reference") for reason in report["reasons"]}


BAD_AUDIO = {
    "text": (b"this is no audio at all, only words " * 50, "audio.unreadable"),
    "a header only": (make_song(*LICENSED)[:60], "audio.too_short"),
    "silence": (make_silence(12.0), "audio.silent"),
    "half a second": (make_song(*LICENSED, seconds=0.5), "audio.too_short"),
    "longer than allowed": (make_song(*LICENSED, seconds=25.0), "audio.too_long"),
    "a truncated flac": (make_song(*LICENSED, file_format="FLAC")[:5000], "audio."),
}


@pytest.mark.parametrize(("audio", "code"), BAD_AUDIO.values(), ids=BAD_AUDIO)
def test_audio_that_cannot_be_used_is_an_outcome_with_a_reason(
    api, clearance, settings, audio, code
):
    settings.MAX_AUDIO_DURATION_S = 20.0
    accepted = submit(
        api, clearance=clearance, audio=audio, manifest=make_manifest(*LICENSED)
    ).json()
    work_off()
    report = read(api, accepted["id"])
    assert report["state"] == "rejected"
    assert any(reason["code"].startswith(code) for reason in report["reasons"]), report["reasons"]


@pytest.mark.parametrize("file_format", ["FLAC", "MP3", "OGG"])
def test_the_content_of_a_file_counts_and_not_its_name(api, clearance, file_format):
    song = make_song(*LICENSED, file_format=file_format)  # sent under the name song.wav
    accepted = submit(
        api, clearance=clearance, audio=song, manifest=make_manifest(*LICENSED)
    ).json()
    work_off()
    assert read(api, accepted["id"])["state"] == "approved"


def test_a_reviewer_hears_and_approves_a_song_in_doubt(
    api, clearance, honest_song, client, django_user_model
):
    submission = submit(
        api, clearance=clearance, audio=honest_song, manifest=make_manifest(*LICENSED)
    ).json()["id"]
    tasks.BURIALS["verify_submission"](Job.objects.get())  # as if verification had failed for good
    assert read(api, submission)["state"] == "in_review"
    case = ReviewCase.objects.get(subject_id=submission)
    audio_url = case.evidence["audio"][0]["url"]

    assert client.get(audio_url).status_code == 302  # nobody is signed in
    client.force_login(django_user_model.objects.create_superuser("mo"))
    heard = client.get(audio_url, headers={"Range": "bytes=0-99"})
    assert (heard.status_code, heard.headers["Content-Range"]) == (
        206,
        f"bytes 0-99/{len(honest_song)}",
    )
    assert b"".join(heard.streaming_content) == honest_song[:100]

    decide_review_case(
        case_id=case.pk, decision="approve", note="fine", by=Reviewer("mo"), now=timezone.now()
    )
    assert read(api, submission)["state"] == "in_review"  # nobody measured it: that takes two
    request = ActionRequest.objects.get()
    with pytest.raises(SamePerson):
        agree_to_request(request=request, actor=make_person("mo"), note="", now=timezone.now())
    agree_to_request(request=request, actor=make_person("li"), note="", now=timezone.now())
    assert read(api, submission)["state"] == "approved"
    assert Submission.objects.get(public_id=submission).decided_by == "user:mo and user:li"


@pytest.mark.parametrize(("by", "state"), [("li", "rejected"), ("mo", "in_review")])
def test_what_a_second_person_refuses_is_rejected_and_who_asked_gives_it_back_to_review(
    api, clearance, honest_song, by, state
):
    submission = submit(
        api, clearance=clearance, audio=honest_song, manifest=make_manifest(*LICENSED)
    ).json()["id"]
    tasks.BURIALS["verify_submission"](Job.objects.get())
    case = ReviewCase.objects.get(subject_id=submission)
    decide_review_case(
        case_id=case.pk, decision="approve", note="", by=Reviewer("mo"), now=timezone.now()
    )
    turn_down_request(
        request=ActionRequest.objects.get(), actor=make_person(by), note="who sings?", now=timezone.now()
    )  # fmt: skip
    report = read(api, submission)
    assert report["state"] == state
    n_open = ReviewCase.objects.filter(subject_id=submission, status="open").count()
    assert n_open == (1 if state == "in_review" else 0)


def test_a_reviewer_cannot_approve_what_is_no_longer_licensed(api, grant, clearance, honest_song):
    submission = submit(
        api, clearance=clearance, audio=honest_song, manifest=make_manifest(*LICENSED)
    ).json()["id"]
    tasks.BURIALS["verify_submission"](Job.objects.get())
    from catalog.services.agreements import suspend_grant

    suspend_grant(grant=grant, by=None)
    case = ReviewCase.objects.get(subject_id=submission)
    decide_review_case(
        case_id=case.pk, decision="approve", note="fine", by=Reviewer("mo"), now=timezone.now()
    )
    report = read(api, submission)
    assert report["state"] == "rejected"
    assert any(reason["code"].startswith("rights.") for reason in report["reasons"])


def test_the_same_submission_sent_twice_is_one_song(api, clearance, honest_song):
    first, second = (
        submit(
            api,
            clearance=clearance,
            audio=honest_song,
            manifest=make_manifest(*LICENSED),
            **{"Idempotency-Key": "s-1"},
        )
        for _ in range(2)
    )
    assert first.json() == second.json()
    assert (second.status_code, second.headers["Idempotency-Replayed"]) == (202, "true")
    assert Submission.objects.count() == 1
    assert len(default_storage.listdir("submissions")[1]) == 1


def test_another_generator_neither_reads_nor_uses_it(api, clearance, honest_song):
    submission = submit(
        api, clearance=clearance, audio=honest_song, manifest=make_manifest(*LICENSED)
    ).json()["id"]
    stranger = make_client(make_key(make_generator("Stranger"))[1])
    assert stranger.get(f"/api/v1/submissions/{submission}").status_code == 404
    assert stranger.get("/api/v1/submissions").json()["items"] == []
    taken = submit(
        stranger, clearance=clearance, audio=honest_song, manifest=make_manifest(*LICENSED)
    )
    assert taken.status_code == 404


def test_a_denied_clearance_allows_no_song(api, grant, honest_song):
    denied = ask(api, stems=[UNLICENSED]).json()["id"]
    response = submit(api, clearance=denied, audio=honest_song, manifest=make_manifest(UNLICENSED))
    assert (response.status_code, response.json()["code"]) == (409, "clearance.not_usable")
    assert (
        not default_storage.exists("submissions") or default_storage.listdir("submissions")[1] == []
    )


def test_every_further_song_takes_a_cap_of_its_own(api, clearance, honest_song):
    statuses = [
        submit(
            api, clearance=clearance, audio=honest_song, manifest=make_manifest(*LICENSED)
        ).status_code
        for _ in range(6)
    ]
    assert statuses == [202] * 5 + [409]


FAULTY_MANIFESTS = {
    "not JSON": ("{", "/manifest"),
    "a list": ("[]", "/manifest"),
    "an unknown field": (make_manifest(LICENSED[0], tempoo=1.0), "/manifest/placements/0/tempoo"),
    "a negative time": (
        make_manifest(LICENSED[0], song_start_s=-1),
        "/manifest/placements/0/song_start_s",
    ),
    "not a number": (
        json.dumps(make_manifest(LICENSED[0], length_s=float("nan"))),
        "/manifest/placements/0/length_s",
    ),
    "a word for a number": (
        make_manifest(LICENSED[0], gain_db="loud"),
        "/manifest/placements/0/gain_db",
    ),
    "a stem nobody cleared": (make_manifest(UNLICENSED), "/manifest/placements/0/stem"),
    "an unknown stem": (make_manifest("no-such-stem"), "/manifest/placements/0/stem"),
}


@pytest.mark.parametrize(("manifest", "pointer"), FAULTY_MANIFESTS.values(), ids=FAULTY_MANIFESTS)
def test_a_faulty_manifest_is_refused_with_a_pointer(
    api, clearance, honest_song, manifest, pointer
):
    response = submit(api, clearance=clearance, audio=honest_song, manifest=manifest)
    assert response.status_code == 422
    assert pointer in {error["pointer"] for error in response.json()["errors"]}
    assert not Submission.objects.exists()


def test_missing_and_unknown_fields_are_all_named(api, clearance):
    response = api.post(
        "/api/v1/submissions", {"clearence": clearance, "audio": "words"}, format="multipart"
    )
    pointers = {error["pointer"] for error in response.json()["errors"]}
    assert {"/clearance", "/clearence", "/manifest", "/audio"} <= pointers


def test_a_file_over_the_limit_is_refused(api, clearance, honest_song, settings):
    settings.MAX_AUDIO_BYTES = 1000
    response = submit(
        api, clearance=clearance, audio=honest_song, manifest=make_manifest(*LICENSED)
    )
    assert (response.status_code, response.json()["code"]) == (413, "request.too_large")
    assert not Submission.objects.exists()


def test_submissions_are_listed_page_by_page(api, clearance, honest_song, monkeypatch):
    monkeypatch.setattr("compliance.api.views.PAGE_SIZE", 2)
    monkeypatch.setattr("compliance.api.cursors.PAGE_SIZE", 2)
    made = [
        submit(
            api, clearance=clearance, audio=honest_song, manifest=make_manifest(*LICENSED)
        ).json()["id"]
        for _ in range(3)
    ]
    first = api.get("/api/v1/submissions").json()
    second = api.get("/api/v1/submissions", {"cursor": first["next_cursor"]}).json()
    assert [row["id"] for row in first["items"] + second["items"]] == made[::-1]
    assert second["next_cursor"] is None
