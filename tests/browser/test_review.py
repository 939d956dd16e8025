"""A moderator's day, in a real browser."""

import re

import pytest
from django.contrib.auth.models import Group
from playwright.sync_api import expect

from compliance import tasks
from compliance.models import ActionRequest, Job, Submission
from tests.browser.conftest import keep_picture, sign_in
from tests.songs import LICENSED, make_manifest, make_song, submit

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "a long enough secret"  # noqa: S105 - of a user of one test


@pytest.fixture
def moderator(django_user_model):
    user = django_user_model.objects.create_user("mo", password=PASSWORD, is_staff=True)
    user.groups.add(Group.objects.get(name="Moderators"))
    return user


@pytest.fixture
def song_in_doubt(api, clearance) -> str:
    """A song whose vocal was not submitted: it waits for a reviewer."""
    song = make_song(*LICENSED, "../vocal")
    accepted = submit(
        api, clearance=clearance, audio=song, manifest=make_manifest(*LICENSED)
    ).json()
    tasks.run_job(str(Job.objects.get(kind="verify_submission").pk))
    assert Submission.objects.get().status == "in_review"
    return accepted["id"]


def test_a_moderator_hears_a_song_sees_the_reasons_and_approves_it(page, moderator, song_in_doubt):
    sign_in(page, username="mo", password=PASSWORD)
    page.goto("/admin/moderation/reviewcase/")
    keep_picture(page, "review-cases")
    page.get_by_role("link", name=re.compile(song_in_doubt)).click()

    player = page.locator("audio").first
    expect(player).to_be_visible()
    player.evaluate("player => { player.preload = 'auto'; player.load(); }")
    page.wait_for_function("document.querySelector('audio').duration > 11")
    expect(page.get_by_text("audio.unexplained").first).to_be_visible()
    page.wait_for_function(
        "[...document.images].every(image => image.complete && image.naturalWidth > 0)"
    )
    keep_picture(page, "review-case")

    page.get_by_label(re.compile("note", re.IGNORECASE)).fill("The voice is our own singer.")
    page.get_by_role("button", name=re.compile("approve", re.IGNORECASE)).click()
    expect(page.get_by_text(re.compile("approved", re.IGNORECASE)).first).to_be_visible()
    assert Submission.objects.get().status == "in_review"  # unexplained audio takes a second person
    assert ActionRequest.objects.get().asked_by == "user:mo"


def test_a_moderator_cannot_open_what_is_legal_staffs(browser, live_server, moderator):
    context = browser.new_context(base_url=live_server.url)
    page = context.new_page()
    sign_in(page, username="mo", password=PASSWORD)
    for path in ("/admin/catalog/grant/", "/admin/compliance/apikey/", "/admin/auth/user/"):
        assert page.goto(path).status == 403, path
    context.close()
