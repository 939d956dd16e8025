"""A recall from the wizard to the undo, by two people in a real browser."""

import datetime as dt
import re

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone
from playwright.sync_api import Page, expect

from compliance import tasks
from compliance.models import Approval, Job, Recall
from compliance.services.acknowledgements import Acknowledgement, acknowledge_songs
from compliance.services.actors import as_generator
from compliance.services.recalls import open_due_recalls
from tests.browser.conftest import keep_picture, sign_in
from tests.compliance.approved import approve, make_submission
from tests.conftest import make_generator
from tests.songs import make_intent

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "a long enough secret"  # noqa: S105 - of users of one test
N_SONGS = {"Songsmith": 3, "Chorus Engine": 1}


@pytest.fixture
def songs(grant, now) -> list[Approval]:
    """Four songs of two generators."""
    approvals = []
    for name, n_songs in N_SONGS.items():
        generator = make_generator(name)
        for number in range(n_songs):
            intent = make_intent(territories=["DE", "AT", "US"][: number + 1])
            approvals.append(approve(make_submission(generator, now, intent=intent), now))
    return approvals


@pytest.fixture
def staff(django_user_model):
    """One who asks and one who agrees."""
    for name, role in (("olive", "Compliance officers"), ("ada", "Compliance approvers")):
        user = django_user_model.objects.create_user(name, password=PASSWORD, is_staff=True)
        user.groups.add(Group.objects.get(name=role))


def change_person(page: Page, username: str) -> None:
    page.context.clear_cookies()
    sign_in(page, username=username, password=PASSWORD)


def press_in_dialog(page: Page, *, button: str, confirm: str, **fields: str) -> None:
    page.get_by_role("link", name=re.compile(rf"{button}$")).click()
    dialog = page.locator("#dialog")
    expect(dialog).to_be_visible()
    for name, value in fields.items():
        dialog.locator(f"[name={name}]").fill(value)
    dialog.get_by_role("button", name=confirm, exact=True).click()


def move_songs() -> None:
    """Do what the supervisor and a worker do."""
    open_due_recalls(now=timezone.now())
    for job in Job.objects.filter(kind="apply_recall", state="pending"):
        tasks.run_job(str(job.pk))


def list_states() -> set[str]:
    return set(Approval.objects.values_list("status", flat=True))


def test_songs_are_recalled_by_two_people_and_acknowledged(page, songs, grant, staff):
    change_person(page, "olive")
    page.goto("/admin/compliance/recall/")
    page.get_by_role("link", name=re.compile("Recall songs$")).click()
    page.get_by_label("Grant or stem").fill("A-1/9")
    page.get_by_label("Why").fill("The licensor ended the agreement.")
    page.get_by_role("button", name="Show what it does").click()
    expect(page.get_by_text("was ever in force")).to_be_visible()

    page.get_by_label("Grant or stem").fill("A-1/1")
    page.get_by_label("What happens to them").select_option("contract")
    page.get_by_role("button", name="Show what it does").click()
    expect(page.locator("#damage")).to_contain_text("4 songs built on A-1/1")
    expect(page.get_by_role("region", name="Generators")).to_contain_text("Songsmith")
    keep_picture(page, "recall-wizard")
    assert not Recall.objects.exists()
    page.get_by_role("button", name="Propose the recall").click()
    expect(page.get_by_text("Type 4, the number of songs")).to_be_visible()
    page.get_by_label("Type the number of songs").fill("4")
    page.get_by_role("button", name="Propose the recall").click()
    expect(page.get_by_text("Waiting for a second person").first).to_be_visible()
    move_songs()
    assert list_states() == {"live"}
    page.goto("/admin/compliance/actionrequest/")
    page.locator("#result_list tbody a").first.click()
    expect(page.get_by_text("Somebody else than you")).to_be_visible()
    assert not page.get_by_role("link", name=re.compile("Agree$")).count()

    change_person(page, "ada")
    page.goto("/admin/compliance/actionrequest/")
    keep_picture(page, "requests")
    page.locator("#result_list tbody a").first.click()
    keep_picture(page, "request")
    press_in_dialog(page, button="Agree", confirm="Agree")
    expect(page.get_by_text("Done.")).to_be_visible()
    move_songs()
    assert list_states() == {"revoked"}

    recall = Recall.objects.get()
    first = songs[0]
    acknowledge_songs(
        recall_id=recall.public_id, generator=first.submission.generator,
        items=[
            Acknowledgement(
                approval=first.public_id, action="taken_down", at=timezone.now() - dt.timedelta(minutes=5),
                evidence_url="https://songsmith.example/removed/1",
            )
        ],
        actor=as_generator(first.submission.generator, scopes={"recalls:write"}), now=timezone.now(),
    )  # fmt: skip
    page.goto(f"/admin/compliance/recall/{recall.pk}/change/")
    expect(page.locator("#recall-progress")).to_contain_text("All 4 songs done")
    expect(page.get_by_text("2 to do")).to_be_visible()
    keep_picture(page, "recall")
    page.goto("/admin/compliance/recall/")
    keep_picture(page, "recalls")
    page.goto(f"/admin/compliance/recall/{recall.pk}/report/")
    expect(page.locator("#recall-report")).to_contain_text("https://songsmith.example/removed/1")
    keep_picture(page, "recall-report")
    with page.expect_download() as download:
        page.get_by_role("link", name="Every song as CSV").click()
    assert len(download.value.path().read_text().splitlines()) == 5


def test_one_person_suspends_a_few_songs_and_two_give_them_back(page, songs, grant, staff):
    change_person(page, "olive")
    page.goto("/admin/compliance/recall/new/")
    page.get_by_label("Grant or stem").fill("A-1/1")
    page.get_by_label("Why").fill("A dispute about the flute.")
    page.get_by_role("button", name="Show what it does").click()
    page.get_by_role("button", name="Recall 4 songs").click()
    expect(page.locator("#recall-progress")).to_contain_text("Begins at")
    open_due_recalls(now=timezone.now())
    expect(page.locator("#recall-progress")).to_contain_text("0 of 0 songs done", timeout=10_000)
    move_songs()
    expect(page.locator("#recall-progress")).to_contain_text("All 4 songs done", timeout=10_000)
    assert list_states() == {"suspended"}

    page.reload()
    press_in_dialog(page, button="Undo…", confirm="Ask", note="They settled it.")
    expect(page.get_by_text("Somebody else has to agree now.")).to_be_visible()
    change_person(page, "ada")
    page.goto("/admin/compliance/actionrequest/")
    page.locator("#result_list tbody a").first.click()
    press_in_dialog(page, button="Agree", confirm="Agree")
    expect(page.get_by_text("Done.")).to_be_visible()
    move_songs()
    assert list_states() == {"live"}


def test_an_approval_is_suspended_and_reinstated(page, songs, staff):
    approval = songs[0]
    change_person(page, "olive")
    page.goto(f"/admin/compliance/approval/{approval.pk}/change/")
    press_in_dialog(page, button="Suspend", confirm="Suspend", note="A complaint.")
    expect(page.get_by_text("Suspended. The certificate says so")).to_be_visible()
    keep_picture(page, "approval")
    press_in_dialog(page, button="Reinstate…", confirm="Ask", note="Unfounded.")
    expect(page.get_by_text("Somebody else has to agree now.")).to_be_visible()
    approval.refresh_from_db()
    assert approval.status == "suspended"
    change_person(page, "ada")
    page.goto("/admin/compliance/actionrequest/")
    page.locator("#result_list tbody a").first.click()
    press_in_dialog(page, button="Agree", confirm="Agree")
    expect(page.get_by_text("Done.")).to_be_visible()
    approval.refresh_from_db()
    assert (approval.status, approval.changed_by) == ("live", "user:olive and user:ada")
