"""Things that exist, for operations that ask for one by its id: with made-up ids, these would only ever answer 404."""

import json
import os
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import django
import requests

from config.demo.processes import run_command

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()
from tests.songs import LOVING, make_intent, make_manifest, make_song  # noqa: E402 - Django comes first

DEADLINE_S = 120
# Two songs: one that stays, and one that is recalled, with its stem.
LASTING, RECALLED = ("moonlit-drums", "moonlit-keys"), ("lanterns-drums", "lanterns-bass")
RECALL = """
from django.utils import timezone
from catalog.models import Stem
from compliance.models import Recall
now = timezone.now()
Recall.objects.create(cause="decided", stem=Stem.objects.get(external_id="lanterns-drums"), measure="suspend", effective_at=now,
    deadline_at=now, opened_at=now, opened_by="user:ana")
"""
# Songs that wait for another one to take their place, which each can do once: copies of the one that stays.
N_REPLACEABLE = 20
COPY = f"""
from compliance.identifiers import new_submission_id
from compliance.models import Approval
approval = Approval.objects.select_related("submission").get(public_id="{{approval}}")
song = approval.submission
for _ in range({N_REPLACEABLE}):
    song.pk, song.public_id, song._state.adding = None, new_submission_id(), True
    song.save()
    copy = Approval.objects.create(submission=song, valid_from=approval.valid_from, valid_to=approval.valid_to,
        certificate=approval.certificate)
    print(copy.public_id)
"""


def make_material(*, url: str, key: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Return by collection, such as `clearances`, the id of something that the generator has.

    `recalled` is an approval, `replaceable` are approvals (with spaces between them) that another one may supersede.
    """
    ask = requests.Session()
    ask.headers["Authorization"] = f"Bearer {key}"

    def post(path: str, **content: object) -> str:
        answer = ask.post(
            f"{url}/api/v1/{path}", headers={"Idempotency-Key": str(uuid.uuid4())}, timeout=60, **content
        )  # type: ignore[arg-type]  # fmt: skip
        answer.raise_for_status()
        return str(answer.json()["id"])

    def wait_for(path: str, found: Callable[[Any], Any]) -> Any:
        deadline = time.monotonic() + DEADLINE_S
        while not (wanted := found(ask.get(f"{url}/api/v1/{path}", timeout=60).json())):
            if time.monotonic() > deadline:
                raise TimeoutError(f"Nothing came of {path} within {DEADLINE_S} s.")
            time.sleep(0.2)
        return wanted

    def clear(stems: tuple[str, ...]) -> str:
        return post("clearances", json={"message": LOVING, "stems": stems, "intent": make_intent()})

    def submit(stems: tuple[str, ...]) -> str:
        return post(
            "submissions", files={"audio": ("song.wav", make_song(*stems))},
            data={"clearance": clear(stems), "manifest": json.dumps(make_manifest(*stems))},
        )  # fmt: skip

    recalled, submission = submit(RECALLED), submit(LASTING)
    approvals = [
        wait_for(f"submissions/{one}", lambda answer: answer["approval"])
        for one in (recalled, submission)
    ]
    run_command("shell", "--no-imports", "-c", RECALL, environment=environment)
    copy = COPY.format(approval=approvals[1])
    replaceable = run_command("shell", "--no-imports", "-c", copy, environment=environment).split()
    recall = wait_for("recalls", lambda answer: answer["items"] and answer["items"][0]["id"])
    return {
        "submissions": submission,
        "approvals": approvals[1],
        "recalled": approvals[0],
        "replaceable": " ".join(replaceable),
        "recalls": recall,
        "clearances": clear(LASTING),
        "screenings": post("screenings", json={"text": LOVING}),
        "webhook-endpoints": post("webhook-endpoints", json={"url": "https://example.com/hook"}),
        "events": ask.get(f"{url}/api/v1/events", timeout=60).json()["items"][0]["id"],
    }
