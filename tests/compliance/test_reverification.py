"""Songs decided with an older engine are verified again: nothing changes by itself, a worse answer asks a person."""

import datetime as dt
from contextlib import nullcontext

import pytest
from django.contrib.auth.models import Permission
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from compliance import tasks
from compliance.models import (
    ApprovalStatus,
    Event,
    Job,
    Reverification,
    ReverificationResult,
    Submission,
    Verification,
)
from compliance.services import reverification
from compliance.services.reverification import (
    RunHasEnded,
    RunIsOpen,
    cancel_reverification,
    list_outdated_songs,
    pause_reverification,
    resume_reverification,
    start_reverification,
)
from moderation.models import ReviewCase
from moderation.services.reviews import decide_review_case, open_review_case
from moderation.signals import DecisionRefused
from tests.compliance.approved import approve, make_submission
from tests.reviewer import Reviewer
from tests.songs import LICENSED, make_silence, make_song

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def decide(generator, grant, now):
    """Approve a song, whatever it holds, with another engine."""

    def decide_song(audio: bytes) -> Submission:
        submission = make_submission(generator, now)
        name = default_storage.save("submissions/song", ContentFile(audio))
        Submission.objects.filter(pk=submission.pk).update(audio=name)
        approve(submission, now)
        return Submission.objects.get(pk=submission.pk)

    return decide_song


def start(**changes) -> Reverification:
    return start_reverification(
        **{"per_minute": 600, "by": "tests", "now": timezone.now()} | changes
    )


def work_off(run: Reverification, *, songs: int = 100) -> Reverification:
    """Do what workers do, without waiting for the pauses."""
    for _ in range(songs + 1):
        job = Job.objects.filter(kind="reverify_song", state="pending").first()
        if job is None:
            break
        Job.objects.filter(pk=job.pk).update(not_before=None)
        tasks.run_job(str(job.pk))
    run.refresh_from_db()
    return run


@pytest.mark.slow
def test_a_worse_answer_asks_a_reviewer_and_changes_nothing_by_itself(decide):
    honest = decide(make_song(*LICENSED[:2]))
    silent = decide(make_silence(12))
    gone = decide(make_silence(12))
    default_storage.delete(gone.audio.name)
    run = work_off(start())
    assert (run.state, run.n_done, run.n_worse) == ("done", 3, 1)
    changes = dict(ReverificationResult.objects.values_list("submission", "change"))
    assert changes == {honest.pk: "same", silent.pk: "worse", gone.pk: "unavailable"}
    for song in (honest, silent, gone):
        song.refresh_from_db()
        assert song.status == "approved"
        assert song.approval.status == ApprovalStatus.LIVE
        assert Verification.objects.filter(submission=song).count() == 1
    case = ReviewCase.objects.get(subject_kind="reverification")
    assert case.subject_id == silent.public_id
    assert "audio.silent" in [reason["code"] for reason in case.reasons]
    assert Event.objects.filter(kind="reverification.worse").count() == 1
    assert not list_outdated_songs().exists()
    assert work_off(start()).n_total == 0


@pytest.mark.slow
@pytest.mark.parametrize(("decision", "status"), [("reject", "suspended"), ("approve", "live")])
def test_a_reviewer_who_rejects_a_worse_answer_suspends_the_approval(decide, decision, status):
    song = decide(make_silence(12))
    work_off(start())
    case = ReviewCase.objects.get(subject_kind="reverification")
    decide_review_case(
        case_id=case.pk, decision=decision, note="heard it", by=Reviewer("mo"), now=timezone.now()
    )
    song.approval.refresh_from_db()
    assert song.approval.status == status


DECIDE, SUSPEND = "moderation.decide_reviewcase", "compliance.suspend_approval"


def open_case(submission: Submission) -> ReviewCase:
    return open_review_case(
        subject_kind="reverification", subject_id=submission.public_id, client="", title="A song",
        reasons=[], evidence={}, now=timezone.now(),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("permissions", "status", "left"),
    [({DECIDE, SUSPEND}, "suspended", "decided"), ({DECIDE}, "live", "open")],
)
def test_rejecting_a_worse_answer_takes_the_right_to_suspend(decide, permissions, status, left):
    song = decide(b"x")
    case = open_case(song)
    by = Reviewer("mo", frozenset(permissions))
    refusal = pytest.raises(DecisionRefused, match=SUSPEND) if left == "open" else nullcontext()
    with refusal:
        decide_review_case(case_id=case.pk, decision="reject", note="", by=by, now=timezone.now())
    case.refresh_from_db()
    song.approval.refresh_from_db()
    assert (song.approval.status, case.status) == (status, left)


def test_standing_by_an_approval_takes_the_right_to_decide_alone(decide):
    song = decide(b"x")
    by = Reviewer("mo", frozenset({DECIDE}))
    decide_review_case(
        case_id=open_case(song).pk, decision="approve", note="", by=by, now=timezone.now()
    )
    song.approval.refresh_from_db()
    assert song.approval.status == ApprovalStatus.LIVE


def test_the_page_says_what_is_missing_to_suspend(decide, client, django_user_model):
    case = open_case(decide(b"x"))
    person = django_user_model.objects.create_user("mo", is_staff=True)
    person.user_permissions.set(
        Permission.objects.filter(codename__in=["decide_reviewcase", "view_reviewcase"])
    )
    client.force_login(person)
    page = reverse("admin:moderation_reviewcase_change", args=[case.pk])
    answer = client.post(page, {"decision": "reject", "note": "heard it"}, follow=True)
    assert "Nothing was changed. user:mo may not suspend" in answer.content.decode()
    case.refresh_from_db()
    assert case.status == "open"


def test_a_run_is_throttled_paused_resumed_and_goes_on_where_it_was(decide):
    for _ in range(3):
        default_storage.delete(decide(b"x").audio.name)
    now = timezone.now()
    run = work_off(start(per_minute=2), songs=0)
    assert run.n_done == 1
    (job,) = Job.objects.filter(state="pending")
    assert job.not_before - now > dt.timedelta(seconds=29)
    pause_reverification(run=run, by="tests")
    assert work_off(run).n_done == 1
    assert not Job.objects.filter(state="pending").exists()
    with pytest.raises(RunIsOpen):
        start()
    resume_reverification(run=run, by="tests", now=now)
    resume_reverification(run=run, by="tests", now=now)
    assert Job.objects.filter(state="pending").count() == 1
    done = work_off(run)
    assert (done.state, done.n_done) == ("done", 3)
    with pytest.raises(RunHasEnded):
        cancel_reverification(run=run, by="tests", now=now)


def test_a_song_that_fails_every_time_is_left_out_and_the_run_goes_on(
    decide, monkeypatch, settings
):
    settings.JOB_MAX_ATTEMPTS = 1
    first, second = decide(b"x"), decide(b"y")
    default_storage.delete(second.audio.name)

    def fail(**kwargs):
        raise RuntimeError("no such luck")

    monkeypatch.setattr(reverification, "measure_song", fail)
    run = work_off(start(), songs=0)
    Job.objects.update(due_at=timezone.now() - dt.timedelta(seconds=1))
    tasks.sweep_jobs()
    run = work_off(run)
    assert (run.state, run.n_done) == ("done", 2)
    result = ReverificationResult.objects.get(submission=first)
    assert result.change == "unavailable"
    assert "no such luck" in result.reasons[0]["text"]


def test_the_command_starts_pauses_reports_and_refuses_in_a_sentence(decide, capsys, tmp_path):
    default_storage.delete(decide(b"x").audio.name)
    with pytest.raises(CommandError, match="no run yet"):
        call_command("reverify", "--status")
    with pytest.raises(CommandError, match="No run is open"):
        call_command("reverify", "--pause")
    with pytest.raises(CommandError, match="at least 1"):
        call_command("reverify", "--per-minute", "0")
    call_command("reverify")
    with pytest.raises(CommandError, match="resume or cancel"):
        call_command("reverify")
    call_command("reverify", "--pause")
    call_command("reverify", "--resume")
    work_off(Reverification.objects.get())
    call_command("reverify", "--report", str(tmp_path / "r.csv"))
    assert "1 of 1 songs (1 unavailable)" in capsys.readouterr().out
    assert (tmp_path / "r.csv").read_text().splitlines()[1].split(",")[1] == "unavailable"


def test_staff_look_after_a_run_on_its_page(decide, admin_client):
    default_storage.delete(decide(b"x").audio.name)
    address = reverse("admin:compliance_reverification_start")
    admin_client.get(address)
    assert not Reverification.objects.exists()
    admin_client.post(address, {"_form_submitted": "on", "per_minute": 30})
    run = Reverification.objects.get()
    assert (run.n_total, run.per_minute) == (1, 30)
    for name, state in (("pause", "paused"), ("resume", "running"), ("cancel", "cancelled")):
        admin_client.post(
            reverse(f"admin:compliance_reverification_{name}", args=[run.pk]),
            {"_form_submitted": "on"},
        )
        run.refresh_from_db()
        assert run.state == state
    page = admin_client.get(reverse("admin:compliance_reverification_change", args=[run.pk]))
    assert page.status_code == 200
