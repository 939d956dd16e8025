"""`manage.py explain`: why a song was approved or denied, from what was kept that day."""

import io
import json
from importlib import import_module

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from catalog.services.agreements import end_grant
from compliance.models import Clearance, Event
from compliance.services.actors import SYSTEM
from compliance.services.decisions import reject_submission
from compliance.services.sealing import seal_all_events
from tests.compliance import approved
from tests.compliance.approved import make_submission
from tests.songs import LICENSED, make_intent

pytestmark = pytest.mark.django_db
approval = approved.approval


def explain(public_id: str, *options: str) -> str:
    out = io.StringIO()
    call_command("explain", public_id, *options, stdout=out)
    return out.getvalue()


def test_an_approved_song_is_explained_as_of_its_day(approval, grant, now):
    end_grant(grant=grant, ends_on=now.date(), by=None, now=now)
    told = explain(approval.public_id)
    assert told == explain(approval.submission.public_id)
    assert f"Song {approval.submission.public_id}: approved on" in told
    assert "by mo." in told
    assert f"Approval {approval.public_id}: live today" in told
    assert "A-1/1, Marigold Transit: Active;" in told  # as it was
    assert "status: active → ended" in told  # as it is
    assert f"{LICENSED[0]}, " in told
    assert "Reasons: none" in told
    assert "approved by engine 9.9" in told
    assert "submission.approved by user:mo" in told


def test_json_says_the_same_in_plain_values(approval):
    told = json.loads(explain(approval.public_id, "--json"))
    assert (told["outcome"], told["decided_by"], told["engine"]) == ("approved", "mo", "9.9")
    assert told["approval"] == {"id": approval.public_id, "status_today": "live"}
    assert [grant["label"] for grant in told["grants"]] == ["A-1/1"]
    assert {stem["external_id"] for stem in told["stems"]} == set(LICENSED[:2])
    assert [line["kind"] for line in told["log"]] == ["approval.approved", "submission.approved"]
    assert all(line["is_intact"] for line in told["log"])


def test_a_rejected_song_is_explained_by_its_reasons(generator, grant, now):
    song = make_submission(generator, now)
    reason = {"code": "audio.undeclared_stem", "text": "Another stem is in it.", "stem": "moonlit"}
    reject_submission(submission=song, actor=SYSTEM, reasons=[reason], now=now)
    told = explain(song.public_id)
    assert f"Song {song.public_id}: rejected on" in told
    assert "by the service." in told
    assert "audio.undeclared_stem (stem moonlit): Another stem is in it." in told
    assert "Approval" not in told
    assert json.loads(explain(song.public_id, "--json"))["reasons"] == [reason]


def test_a_denied_clearance_is_explained(api, grant):
    answer = api.post(
        "/api/v1/clearances", {"message": "Happy birthday!", "stems": ["no-such-stem"], "intent": make_intent()},
        format="json",
    ).json()  # fmt: skip
    told = explain(answer["id"])
    assert f"Clearance {answer['id']}: denied on" in told
    assert "(stem no-such-stem)" in told
    assert answer["reasons"][0]["code"] in told
    assert "clearance.denied by generator:" in told


def test_an_altered_log_is_said_to_be_altered(approval):
    seal_all_events()
    import_module("compliance.migrations.0004_audit_chain").lift_guards(
        None, connection.schema_editor()
    )
    Event.objects.filter(kind="submission.approved").update(actor="user:eve")
    with pytest.raises(CommandError, match="Entries of the log that are not what was sealed: 1"):
        explain(approval.public_id)


def test_what_does_not_exist_is_said_in_one_sentence(db):
    with pytest.raises(CommandError, match="There is no song, approval or clearance sub_none"):
        explain("sub_none")
    assert not Clearance.objects.exists()
