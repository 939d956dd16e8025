"""A song that was submitted before is known again: told to its own generator, a reason to look for anybody else's."""

import pytest

from compliance.models import AudioFingerprint, Collection, IndexGeneration, Job, Submission
from compliance.services.earlier_songs import publish_songs
from compliance.tasks import run_job
from moderation.models import ReviewCase
from tests.conftest import make_client, make_generator, make_key
from tests.songs import LICENSED, ask, make_manifest, make_song, submit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
SECONDS = 24.0


def send(api, *, file_format: str = "WAV", clearance: str = "") -> dict:
    clearance = clearance or ask(api).json()["id"]
    song = make_song(*LICENSED, seconds=SECONDS, file_format=file_format)
    manifest = make_manifest(*LICENSED, length_s=SECONDS)
    accepted = submit(api, clearance=clearance, audio=song, manifest=manifest).json()
    for job in Job.objects.filter(state="pending"):
        run_job(str(job.pk))
    return api.get(f"/api/v1/submissions/{accepted['id']}").json()


@pytest.mark.parametrize("is_published", [False, True])
@pytest.mark.usefixtures("grant")
def test_a_repeated_song_is_told_to_its_generator_and_reviewed_for_another(api, is_published):
    first = send(api)
    assert (first["state"], first["reasons"]) == ("approved", [])
    if is_published:
        publish_songs()
        assert IndexGeneration.objects.get(collection=Collection.SONGS).n_recordings == 1

    again = send(api, file_format="FLAC")
    assert again["state"] == "approved"
    (reason,) = again["reasons"]
    assert reason["code"] == "audio.repeated_song"
    assert first["id"] in reason["text"]
    assert [one["submission"] for one in again["report"]["repeats"]] == [first["id"]]

    other = make_client(make_key(make_generator("Other"))[1])
    copied = send(other)
    assert copied["state"] == "in_review"
    assert [reason["code"] for reason in copied["reasons"]] == ["audio.repeated_song"]
    assert first["id"] not in str(copied)
    assert again["id"] not in str(copied)
    case = ReviewCase.objects.get()
    assert {link["label"] for link in case.evidence["links"]} >= {
        f"Song it repeats: {first['id']}", f"Song it repeats: {again['id']}",
    }  # fmt: skip

    publish_songs()
    assert AudioFingerprint.objects.filter(collection=Collection.SONGS).count() == 3
    generation = IndexGeneration.objects.filter(collection=Collection.SONGS).first()
    assert (generation.n_recordings, len(generation.segments)) == (3, 1)


def test_another_try_under_the_same_clearance_is_no_repetition(api, clearance):
    for _ in range(2):
        assert send(api, clearance=clearance)["reasons"] == []
    assert Submission.objects.count() == 2
