"""Every row of the table of duties, done by those it names and tried by everybody else, through the services themselves."""

import datetime as dt
import uuid

import pytest

from catalog.queries.stopped import get_grant_source
from compliance.lifecycle.duties import DUTIES, Duty
from compliance.models import ActionRequest, Clearance, Event, Recall, RequestStatus
from compliance.models.generator import list_all_scopes
from compliance.services.acknowledgements import Acknowledgement, acknowledge_songs
from compliance.services.action_requests import SamePerson, ask_second_person, withdraw_request
from compliance.services.actors import SYSTEM, Actor, NotAllowed, as_generator
from compliance.services.agreements import agree_to_request, turn_down_request
from compliance.services.approval_ends import sunset_approvals, supersede_approval
from compliance.services.approvals import suspend_approval
from compliance.services.clearance_times import expire_clearances, extend_clearance
from compliance.services.clearances import (
    cancel_clearance,
    decide_clearance_review,
    judge_message,
    request_clearance,
)
from compliance.services.decisions import decide_submission_review, refer_submission
from compliance.services.recall_batches import apply_chunk, finish_recall
from compliance.services.recall_previews import preview_recall
from compliance.services.recalls import (
    begin_recall,
    cancel_recall,
    close_recall,
    open_due_recalls,
    open_recall,
    undo_recall,
)
from compliance.services.reverification import decide_reverification_review
from compliance.services.rights_intent import read_intent
from compliance.services.song_files import StoredSong
from compliance.services.submissions import submit_song
from moderation.services.screenings import TextToScreen
from tests.compliance.approved import approve, make_submission
from tests.compliance.two_people import make_person
from tests.songs import LICENSED, make_intent, make_manifest

pytestmark = pytest.mark.django_db
DOUBTFUL = "Привет, мама. Я тебя очень люблю и скучаю по тебе каждый день."
UNEXPLAINED = [{"code": "audio.unexplained", "text": "Something is hidden."}]
ROOT = make_person("root")


class Scene:
    """What an action is about, made by those who may."""

    def __init__(self, generator, grant, now):
        self.generator, self.grant, self.now, self.approval = generator, grant, now, None

    def ask(self, actor=None, *, text="Happy birthday, Mom!", language="en"):
        given = TextToScreen(text=text, language=language, campaign="")
        intent = make_intent()
        return request_clearance(
            generator=self.generator, message=judge_message(given=given, now=self.now), stems=LICENSED,
            intent=read_intent(intent), intent_json=intent, now=self.now,
            actor=actor or as_generator(self.generator, scopes=list_all_scopes()),
        )  # fmt: skip

    def make_song(self, reasons=()):
        """A song that a person has to decide about."""
        song = make_submission(self.generator, self.now)
        song.transition_to("in_review", reasons=list(reasons))
        return song

    def make_approval(self, status="live"):
        approval = approve(make_submission(self.generator, self.now), self.now)
        if status == "suspended":
            suspend_approval(approval=approval, actor=ROOT, reason="r", now=self.now)
        return approval

    @property
    def source(self):
        return get_grant_source(label=self.grant.label, on=self.now.date())

    def open_recall(self, actor=ROOT, *, measure="suspend"):
        self.approval = self.approval or self.make_approval()
        return open_recall(
            source=self.source, measure=measure, reason="r", effective_at=self.now, n_songs=1, actor=actor, now=self.now
        )  # fmt: skip

    def make_applied_recall(self):
        recall = self.open_recall()
        begin_recall(recall=recall, now=self.now)
        while apply_chunk(recall_id=recall.pk, now=self.now):
            pass
        finish_recall(recall_id=recall.pk, now=self.now)
        recall.refresh_from_db()
        assert recall.status == "open"
        return recall

    def make_request(self, by="user:ana"):
        approval = self.make_approval()
        return ActionRequest.objects.create(
            action="approval.revoke", subjects=[approval.public_id], reason="r", asked_by=by, asked_at=self.now
        )  # fmt: skip


# Each way sets the scene and returns what an actor then tries.


def request(scene):
    return lambda actor: scene.ask(actor)


def cancel(scene):
    clearance = scene.ask()
    return lambda actor: cancel_clearance(clearance=clearance, actor=actor, now=scene.now)


def extend(scene):
    clearance = scene.ask()
    Clearance.objects.update(expires_at=scene.now + dt.timedelta(seconds=60))
    return lambda actor: extend_clearance(
        clearance=clearance, hold_s=None, actor=actor, now=scene.now
    )


def decide_message(scene):
    clearance = scene.ask(text=DOUBTFUL, language=None)
    assert clearance.status == "needs_review"
    return lambda actor: decide_clearance_review(
        public_id=clearance.public_id, approved=True, actor=actor, now=scene.now
    )


def expire(scene):
    scene.ask()
    return lambda actor: expire_clearances(now=scene.now + dt.timedelta(days=99), actor=actor)


def submit(scene):
    song = StoredSong(
        public_id=f"sub_{uuid.uuid4().hex}", audio_name="a", audio_sha256="ab" * 32, audio_bytes=1, vocal_name="",
        vocal_sha256="",
    )  # fmt: skip
    clearance = scene.ask()
    return lambda actor: submit_song(
        generator=scene.generator, clearance=clearance, song=song, manifest=make_manifest(LICENSED[0]), actor=actor,
        now=scene.now,
    )  # fmt: skip


def verify(scene):
    song = make_submission(scene.generator, scene.now)
    return lambda actor: refer_submission(
        submission=song, actor=actor, reasons=[], evidence={}, now=scene.now
    )


def decide_song(scene, *, approved, reasons=()):
    song = scene.make_song(reasons)
    return lambda actor: decide_submission_review(
        public_id=song.public_id, approved=approved, note="n", actor=actor, now=scene.now
    )


def suspend(scene):
    approval = scene.make_approval()
    return lambda actor: suspend_approval(approval=approval, actor=actor, reason="r", now=scene.now)


def suspend_reviewed(scene):
    song = scene.make_approval().submission.public_id
    return lambda actor: decide_reverification_review(
        public_id=song, approved=False, note="", actor=actor, now=scene.now
    )


def ask_for(scene, *, action, status):
    approval = scene.make_approval(status)
    return lambda actor: ask_second_person(
        action=action, subjects=[approval.public_id], reason="r", actor=actor, now=scene.now
    )


def supersede(scene):
    old, new = scene.make_approval(), scene.make_approval()
    return lambda actor: supersede_approval(approval=old, successor=new, actor=actor, now=scene.now)


def sunset(scene):
    valid_to = scene.make_approval().valid_to
    return lambda actor: sunset_approvals(now=valid_to, actor=actor)


def preview(scene):
    scene.make_approval()
    source = scene.source
    return lambda actor: preview_recall(
        source=source, measure="takedown", effective_at=scene.now, actor=actor
    )


def open_one(scene, *, measure):
    scene.approval = scene.make_approval()
    return lambda actor: scene.open_recall(actor, measure=measure)


def apply_recall(scene):
    recall = scene.open_recall()
    begin_recall(recall=recall, now=scene.now)
    return lambda actor: apply_chunk(recall_id=recall.pk, now=scene.now, actor=actor)


def cancel_one(scene):
    recall = scene.open_recall()
    return lambda actor: cancel_recall(recall=recall, actor=actor, now=scene.now)


def undo(scene):
    recall = scene.make_applied_recall()
    return lambda actor: undo_recall(recall=recall, reason="r", actor=actor, now=scene.now)


def acknowledge(scene):
    recall = scene.make_applied_recall()
    item = Acknowledgement(approval=scene.approval.public_id, action="paused", at=scene.now)
    return lambda actor: acknowledge_songs(
        recall_id=recall.public_id, generator=scene.generator, items=[item], actor=actor, now=scene.now
    )  # fmt: skip


def close(scene):
    recall = scene.make_applied_recall()
    return lambda actor: close_recall(recall=recall, actor=actor, now=scene.now)


def agree(scene):
    request = scene.make_request()
    return lambda actor: agree_to_request(request=request, actor=actor, note="", now=scene.now)


def refuse(scene):
    request = scene.make_request()
    return lambda actor: turn_down_request(request=request, actor=actor, note="", now=scene.now)


def withdraw(scene):
    def take_back(actor):
        withdraw_request(request=asked[actor.label], actor=actor, now=scene.now)

    asked = {
        label: scene.make_request(label)
        for label in ("system", "generator:gen_1", "user:mo", "somebody")
    }
    return take_back


WAYS = {
    "clearance.request": request,
    "clearance.cancel": cancel,
    "clearance.extend": extend,
    "clearance.decide": decide_message,
    "clearance.expire": expire,
    "submission.submit": submit,
    "submission.verify": verify,
    "submission.approve": lambda scene: decide_song(scene, approved=True),
    "submission.approve_unexplained": lambda scene: decide_song(scene, approved=True, reasons=UNEXPLAINED),
    "submission.reject": lambda scene: decide_song(scene, approved=False),
    "approval.suspend": suspend,
    "approval.suspend_reviewed": suspend_reviewed,
    "approval.reinstate": lambda scene: ask_for(scene, action="approval.reinstate", status="suspended"),
    "approval.revoke": lambda scene: ask_for(scene, action="approval.revoke", status="live"),
    "approval.supersede": supersede,
    "approval.sunset": sunset,
    "recall.preview": preview,
    "recall.open": lambda scene: open_one(scene, measure="suspend"),
    "recall.open_large": lambda scene: open_one(scene, measure="takedown"),
    "recall.apply": apply_recall,
    "recall.cancel": cancel_one,
    "recall.undo": undo,
    "recall.acknowledge": acknowledge,
    "recall.close": close,
    "request.agree": agree,
    "request.refuse": refuse,
    "request.withdraw": withdraw,
}  # fmt: skip


def list_actors(duty: Duty) -> list[tuple[str, Actor, bool]]:
    """Every kind of actor: with just what the row asks for, with everything else, and with all there is."""
    scopes = frozenset(list_all_scopes())
    program, person = "generator:gen_1", "user:mo"
    actors = [
        ("the service", SYSTEM, duty.system and duty.people == 1),
        ("a generator with every scope", Actor(label=program, scopes=scopes), bool(duty.scope)),
        ("a generator with every other scope", Actor(label=program, scopes=scopes - {duty.scope}), False),
        ("a generator with permissions", Actor(label=program, has_perm=lambda _: True), False),
        ("a person with every permission", Actor(label=person, has_perm=lambda _: True), bool(duty.permission)),
        ("a person with every other permission", Actor(label=person, has_perm=lambda p: p != duty.permission), False),
        ("a person with scopes", Actor(label=person, scopes=scopes), False),
        ("somebody unheard of", Actor(label="somebody", has_perm=lambda _: True, scopes=scopes), False),
    ]  # fmt: skip
    if duty.scope:
        actors.append(
            ("a generator with the scope", Actor(label=program, scopes=frozenset({duty.scope})), True)
        )  # fmt: skip
    if duty.permission:
        only = Actor(label=person, has_perm=lambda p: p == duty.permission)
        actors.append(("a person with the permission", only, True))
    return actors


ALLOWED = [
    pytest.param(duty, actor, id=f"{duty.action}: {name}")
    for duty in DUTIES
    for name, actor, allowed in list_actors(duty)
    if allowed
]
FOR_TWO = [duty for duty in DUTIES if duty.people > 1]


@pytest.fixture
def scene(generator, grant, now):
    return Scene(generator, grant, now)


def test_every_row_has_its_way():
    assert list(WAYS) == [duty.action for duty in DUTIES]


@pytest.mark.parametrize("duty", DUTIES, ids=lambda duty: duty.action)
def test_nobody_may_whom_the_row_does_not_name(scene, duty):
    attempt = WAYS[duty.action](scene)
    n_before = Event.objects.count()
    for _, actor, allowed in list_actors(duty):
        if not allowed:
            with pytest.raises(NotAllowed, match=actor.label):
                attempt(actor)
    assert Event.objects.count() == n_before


@pytest.mark.parametrize(("duty", "actor"), ALLOWED)
def test_whom_the_row_names_may(scene, duty, actor):
    attempt = WAYS[duty.action](scene)
    n_before = Event.objects.count()
    attempt(actor)
    assert Event.objects.count() > n_before or duty.action == "recall.preview"


@pytest.mark.parametrize("duty", FOR_TWO, ids=lambda duty: duty.action)
def test_what_takes_two_is_done_when_another_one_agrees_and_not_before(scene, duty):
    first = make_person("mo", duty.permission, "compliance.decide_actionrequest")
    WAYS[duty.action](scene)(first)
    request = ActionRequest.objects.get()
    assert (request.action, request.status, request.asked_by) == (duty.action, "waiting", "user:mo")
    n_done = count_done(request)
    with pytest.raises(SamePerson):
        agree_to_request(request=request, actor=first, note="", now=scene.now)
    for who in (
        make_person("li", duty.permission),
        SYSTEM,
        as_generator(scene.generator, scopes=list_all_scopes()),
    ):
        with pytest.raises(NotAllowed):
            agree_to_request(request=request, actor=who, note="", now=scene.now)
    assert count_done(request) == n_done == 0
    second = make_person("li", "compliance.decide_actionrequest")
    agree_to_request(request=request, actor=second, note="", now=scene.now)
    request.refresh_from_db()
    assert (request.status, request.decided_by) == (RequestStatus.AGREED, "user:li")
    assert count_done(request) == 1


def count_done(request: ActionRequest) -> int:
    """How often what was asked for has happened, as the log says."""
    kinds = {
        "approval.reinstate": "approval.reinstated",
        "approval.revoke": "approval.revoked",
        "submission.approve_unexplained": "approval.approved",
        "recall.open_large": "recall.scheduled",
        "recall.undo": "recall.scheduled",
    }
    rows = Event.objects.filter(kind=kinds[request.action])
    return rows.filter(actor__contains="mo").count() if request.action == "submission.approve_unexplained" else (
        rows.filter(subject__in=[f"approval:{s}" for s in request.subjects] + [f"recall:{s}" for s in request.subjects]).count()
    )  # fmt: skip


def test_the_service_revokes_by_a_recall_alone(scene):
    from catalog.services.agreements import end_grant

    approval = scene.make_approval()
    end_grant(grant=scene.grant, ends_on=scene.now.date(), by=None, now=scene.now)
    open_due_recalls(now=scene.now)
    recall = Recall.objects.get()
    while apply_chunk(recall_id=recall.pk, now=scene.now):
        pass
    approval.refresh_from_db()
    assert (approval.status, approval.changed_by) == ("revoked", "system")
