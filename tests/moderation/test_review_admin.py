import pytest
from django.contrib.auth.models import Group, User
from django.urls import reverse

from moderation.models import ReviewCase
from moderation.services.reviews import note_second_person, open_review_case
from moderation.services.screenings import TextToScreen, judge_text, submit_screening
from moderation.signals import review_case_decided

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(now):
    given = TextToScreen(text="Mom <3 you are a piece of shit", language="en")
    submit_screening(judged=judge_text(given=given, now=now), client="gen_1")
    return ReviewCase.objects.get()


@pytest.fixture
def moderator(client):
    user = User.objects.create_user("mo", is_staff=True)
    user.groups.add(Group.objects.get(name="Moderators"))
    client.force_login(user)
    return client


def url_of(case):
    return reverse("admin:moderation_reviewcase_change", args=[case.pk])


def test_a_moderator_sees_the_text_with_its_hits_marked_and_escaped(moderator, case):
    page = moderator.get(url_of(case)).content.decode()
    assert "Mom &lt;3 you are a " in page
    assert ">piece of </mark>" in page
    assert "screening.harassment" in page
    assert 'value="approve"' in page


def test_the_text_is_covered_until_somebody_asks_for_it(moderator, case):
    page = moderator.get(url_of(case)).content.decode()
    covered = page[page.index('<details id="case-text"') : page.index("</details>")]
    assert "Mom &lt;3" in covered
    assert " open" not in covered[: covered.index(">")]
    assert "Show the text (30 characters; marked: harassment, profanity)" in covered


def test_a_moderator_finds_the_case_in_the_list(moderator, case):
    page = moderator.get(reverse("admin:moderation_reviewcase_changelist")).content.decode()
    assert case.title in page
    assert "screening.harassment" in page


def test_a_moderator_decides_a_case(moderator, case):
    response = moderator.post(url_of(case), {"decision": "reject", "note": "abuse"}, follow=True)
    assert "Rejected: " in response.content.decode()
    case.refresh_from_db()
    assert (case.decision, case.decided_by, case.note) == ("reject", "mo", "abuse")
    page = moderator.get(url_of(case)).content.decode()
    assert "by mo on" in page
    assert "abuse" in page
    assert 'value="approve"' not in page


def test_a_decided_case_is_not_decided_again(moderator, case):
    moderator.post(url_of(case), {"decision": "approve", "note": ""})
    response = moderator.post(url_of(case), {"decision": "reject", "note": "no"}, follow=True)
    assert "Nothing was changed." in response.content.decode()
    case.refresh_from_db()
    assert case.decision == "approve"


def test_a_rejection_needs_its_reason(moderator, case):
    page = moderator.post(url_of(case), {"decision": "reject", "note": " "}).content.decode()
    assert "Say why it is rejected." in page
    case.refresh_from_db()
    assert case.status == "open"


def test_somebody_without_the_permission_cannot_see_or_decide(client, case):
    client.force_login(User.objects.create_user("guest", is_staff=True))
    assert client.get(url_of(case)).status_code == 403
    assert client.post(url_of(case), {"decision": "approve", "note": ""}).status_code == 403


def test_a_moderator_may_do_no_more_than_decide_and_read(moderator, case):
    group = Group.objects.get(name="Moderators")
    assert sorted(group.permissions.values_list("codename", flat=True)) == [
        "add_lexiconoverride", "change_lexiconoverride", "change_policyversion", "decide_reviewcase",
        "publish_policyversion", "view_lexiconoverride", "view_policyversion", "view_reviewcase", "view_reviewdecision",
        "view_screening",
    ]  # fmt: skip
    assert moderator.get(reverse("admin:moderation_screening_changelist")).status_code == 200
    assert moderator.get(reverse("admin:moderation_reviewcase_add")).status_code == 403
    assert (
        moderator.post(reverse("admin:moderation_reviewcase_delete", args=[case.pk])).status_code
        == 403
    )


def test_audio_pictures_and_links_of_the_evidence_are_on_the_page(moderator, case):
    case.evidence = {
        "audio": [{"label": "Submitted song", "url": "/media/song.wav"}],
        "images": [{"label": "Timeline", "url": "/media/timeline.svg"}],
        "links": [{"label": "Full report", "url": "/reports/sub_1"}],
    }
    case.save()
    page = moderator.get(url_of(case)).content.decode()
    assert '<audio controls preload="none"' in page
    assert 'src="/media/timeline.svg"' in page
    assert 'href="/reports/sub_1"' in page


@pytest.fixture
def case_for_two(now):
    return open_review_case(
        subject_kind="song", subject_id="sub_1", client="gen_1", title="A song", takes_two=True, evidence={}, now=now,
        reasons=[{"code": "audio.unexplained", "text": "Something is hidden."}],
    )  # fmt: skip


@pytest.fixture
def second_person_awaited():
    """Whoever listens to decisions asks for a second person, as compliance does for such a song."""

    def ask(sender, *, case, **_kwargs):
        if case.decision == "approve":
            note_second_person(
                subject_kind="song", subject_id=case.subject_id, state="awaited", by=""
            )

    review_case_decided.connect(ask)
    yield
    review_case_decided.disconnect(ask)


def test_a_case_for_two_says_so_before_anybody_decides(moderator, case, case_for_two):
    page = moderator.get(url_of(case_for_two)).content.decode()
    assert "This takes two people." in page
    assert "Approve as the first of two" in page
    assert "two people" not in moderator.get(url_of(case)).content.decode()


def test_the_first_of_two_is_told_that_nothing_is_approved_yet(
    moderator, case_for_two, second_person_awaited
):
    response = moderator.post(
        url_of(case_for_two), {"decision": "approve", "note": ""}, follow=True
    )
    told = response.content.decode()
    assert "It is not approved yet: a second person must agree." in told
    assert "Approved" not in told
    assert "Waits for a second person" in told  # in the list
    page = moderator.get(url_of(case_for_two)).content.decode()
    assert "Not approved yet: a second person must agree." in page
    assert "<strong>Approved" not in page


@pytest.mark.parametrize(
    ("state", "on_the_page", "in_the_list"),
    [
        ("agreed", "Approved by two people:", "Approved by two people"),
        ("refused", "the second person, li, refused", "Refused by the second person"),
        ("withdrawn", "took it back", "Taken back"),
    ],
)
def test_what_the_second_person_said_is_on_the_page_and_in_the_list(
    moderator, case_for_two, second_person_awaited, state, on_the_page, in_the_list
):
    moderator.post(url_of(case_for_two), {"decision": "approve", "note": ""})
    note_second_person(subject_kind="song", subject_id="sub_1", state=state, by="li")
    assert on_the_page in moderator.get(url_of(case_for_two)).content.decode()
    listed = moderator.get(reverse("admin:moderation_reviewcase_changelist")).content.decode()
    assert in_the_list in listed


def test_one_no_is_enough(moderator, case_for_two, second_person_awaited):
    response = moderator.post(
        url_of(case_for_two), {"decision": "reject", "note": "n"}, follow=True
    )
    assert "Rejected: A song." in response.content.decode()
