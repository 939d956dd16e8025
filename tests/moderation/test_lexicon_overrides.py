import datetime as dt

import pytest
from django.contrib.auth.models import Group, User
from django.urls import reverse

from moderation.models import LexiconOverride
from moderation.services.lexicon import save_override
from moderation.services.screenings import judge_text, keep_screening

pytestmark = pytest.mark.django_db


def screen(text, now, language="en"):
    judged = judge_text(text=text, language=language, kind="message", now=now)
    return keep_screening(judged=judged, client="gen_1")


def override(now, **changes):
    fields = {
        "action": "add",
        "language": "en",
        "text": "grumblefink",
        "category": "harassment",
        "severity": 3,
        "reason": "a new insult at the school",
    }
    return save_override(override=LexiconOverride(**{**fields, **changes}), by="mo")


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
