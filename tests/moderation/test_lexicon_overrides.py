import datetime as dt
import os
import subprocess
import sys

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.urls import reverse

from moderation.models import LexiconOverride
from moderation.services.lexicon import end_override, resume_override, save_override
from moderation.services.screenings import TextToScreen, judge_text, keep_screening

pytestmark = pytest.mark.django_db


def screen(text, now, language="en"):
    judged = judge_text(given=TextToScreen(text=text, language=language), now=now)
    return keep_screening(judged=judged, client="gen_1")


def make_override(**changes):
    fields = {
        "action": "add",
        "language": "en",
        "text": "grumblefink",
        "category": "harassment",
        "severity": 3,
        "reason": "a new insult at the school",
    }
    return LexiconOverride(**{**fields, **changes})


def override(now, **changes):
    return save_override(override=make_override(**changes), by="mo")


def test_an_added_entry_counts_for_the_next_text(now):
    text = "Happy birthday to my old grumblefink"
    assert screen(text, now).outcome == "allow"
    override(now)
    screening = screen(text, now)
    assert screening.outcome == "review"
    assert [span["term"] for span in screening.answer["spans"]] == ["grumblefink"]
    assert "screening.harassment" in {reason["code"] for reason in screening.answer["reasons"]}


def test_an_override_ends_when_it_expires(now):
    override(now, expires_at=now + dt.timedelta(hours=1))
    text = "Happy birthday to my old grumblefink"
    assert screen(text, now).outcome == "review"
    assert screen(text, now + dt.timedelta(hours=2)).outcome == "allow"


def test_a_silenced_entry_is_no_finding(now):
    text = "Cousin Dick, we love you"
    assert "dick" in {span["term"] for span in screen(text, now).answer["spans"]}
    override(now, action="silence", text="dick", category="")
    assert screen(text, now).answer["spans"] == []


def test_an_ended_override_has_no_effect_until_it_is_resumed_and_the_history_says_why(now):
    text = "Happy birthday to my old grumblefink"
    row = override(now)
    end_override(override=row, why="it is a surname", now=now)
    assert screen(text, now).outcome == "allow"
    resume_override(override=row, why="not only")
    assert screen(text, now).outcome == "review"
    reasons = list(
        row.history.order_by("history_id").values_list("history_change_reason", flat=True)
    )
    assert reasons == [
        "a new insult at the school",
        "ended: it is a surname",
        "in force again: not only",
    ]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_process_that_is_running_feels_a_change_with_its_next_text(now):
    settings = connection.settings_dict
    url = (
        f"sqlite:///{settings['NAME']}"
        if connection.vendor == "sqlite"
        else f"postgres://{settings['USER']}:{settings['PASSWORD']}@{settings['HOST']}:{settings['PORT']}/{settings['NAME']}"
    )
    running = subprocess.Popen(
        [sys.executable, "-c", SERVANT],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        env={**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings"},
    )  # fmt: skip

    def ask():
        running.stdin.write("Happy birthday to my old grumblefink\n")
        return running.stdout.readline().strip()

    with running:
        assert ask() == "allow"
        row = override(now)
        assert ask() == "review"
        end_override(override=row, why="over", now=now)
        assert ask() == "allow"
        running.stdin.close()


# Screens each line it is given, as a web process or a worker does.
SERVANT = """
import sys, django
django.setup()
from django.utils import timezone
from moderation.services.screenings import TextToScreen, judge_text
for line in sys.stdin:
    given = TextToScreen(text=line.strip(), language="en")
    print(judge_text(given=given, now=timezone.now()).result.outcome.value, flush=True)
"""


@pytest.fixture
def moderator(client):
    user = User.objects.create_user("mo", is_staff=True)
    user.groups.add(Group.objects.get(name="Moderators"))
    client.force_login(user)
    return client


def post(client, **changes):
    fields = {
        "action": "add", "language": "en", "text": " Grumblefink ", "category": "harassment", "severity": "3",
        "reason": "new", "expires_at_0": "", "expires_at_1": "",
    }  # fmt: skip
    return client.post(reverse("admin:moderation_lexiconoverride_add"), {**fields, **changes})


def test_a_moderator_adds_an_entry_in_the_admin(moderator):
    assert post(moderator).status_code == 302
    row = LexiconOverride.objects.get()
    assert (row.text, row.created_by) == ("grumblefink", "mo")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"category": ""}, "needs its category"),
        ({"action": "silence", "text": "no such entry"}, "has no such entry"),
    ],
    ids=["no category", "unknown entry"],
)
def test_an_override_without_effect_is_refused(moderator, changes, message):
    assert message in post(moderator, **changes).content.decode()
    assert not LexiconOverride.objects.exists()


def press(client, row, button):
    url = reverse(f"admin:moderation_lexiconoverride_{button}", args=[row.pk])
    return client.post(url, {"_form_submitted": "on", "why": "a surname"})


def test_a_moderator_ends_an_override_and_resumes_it(moderator, now):
    row = override(now)
    press(moderator, row, "end")
    row.refresh_from_db()
    assert not row.is_in_force(now=now + dt.timedelta(minutes=1))
    press(moderator, row, "resume")
    row.refresh_from_db()
    assert row.is_in_force(now=now)
    page = moderator.get(reverse("admin:moderation_lexiconoverride_history", args=[row.pk]))
    assert "ended: a surname" in page.content.decode()


def test_an_empty_list_says_that_the_packs_count_as_they_are(moderator, now):
    url = reverse("admin:moderation_lexiconoverride_changelist")
    assert "Nothing is overridden" in moderator.get(url).content.decode()
    override(now)
    assert "Nothing is overridden" not in moderator.get(url).content.decode()
