"""What moderators change and see beside the cases: lexicon overrides, policies, a text with its findings, in a real browser."""

import re

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone
from playwright.sync_api import expect

from moderation.models import LexiconOverride, PolicyStatus, PolicyVersion
from moderation.services.built_in_policy import seed_built_in_policy
from moderation.services.lexicon import end_override, save_override
from moderation.services.policies import draft_policy, start_shadow
from moderation.services.screenings import TextToScreen, judge_texts, submit_screenings
from tests.browser.conftest import keep_picture, sign_in

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "a long enough secret"  # noqa: S105 - of users of one test
TEXTS = [
    ("en", "Happy birthday, Mum, you danced with us in the kitchen and we loved every song"),
    ("en", "What a f*cking great year this was, Anna, thank you for all of it and for the dog"),
    ("en", "Thirty years of you and it still feels like sh!t weather cannot touch us, my love"),
    ("es", "Feliz cumpleaños, abuela, gracias por los domingos y por tu risa"),
    ("es", "Qué p*ta suerte tenerte de hermana, gracias por cada verano en la playa con todos"),
    ("pt", "Parabéns, pai, obrigado por cada viagem e por cada história contada"),
    ("fr", "Joyeux anniversaire, mamie, merci pour les étés et pour tes chansons"),
    ("fr", "P*tain quelle année, mon frère, merci pour tout et pour les vacances à la mer"),
    ("de", "Alles Gute, Opa, danke für die Sommer am See und für deine Geschichten"),
    ("de", "Sch*iße, was für ein Jahr, Schwester, danke für alles und für die Musik"),
    ("ko", "엄마 생일 축하해요 언제나 사랑하고 고마워요"),
]


@pytest.fixture
def moderators(django_user_model):
    for name in ("ann", "bob"):
        user = django_user_model.objects.create_user(name, password=PASSWORD, is_staff=True)
        user.groups.add(Group.objects.get(name="Moderators"))


@pytest.fixture
def screenings(db):
    now = timezone.now()
    texts = [TextToScreen(text=text, language=code) for code, text in TEXTS]
    return submit_screenings(judged=judge_texts(given=texts, now=now), client="gen_demo")


@pytest.fixture
def draft(db, screenings):
    """A version in shadow, drafted by Ann, under which swearing passes."""
    now = timezone.now()
    live = PolicyVersion.objects.filter(status=PolicyStatus.PUBLISHED).first()
    if live is None:  # a test before this one emptied the tables
        seed_built_in_policy(using="default")
        live = PolicyVersion.objects.get()
    draft = draft_policy(
        based_on=live,
        note="Let friends swear; look at the rest only where it is nearly certain.",
        by="ann",
        now=now,
    )
    draft.thresholds.update(review=0.99, block=None)
    draft.thresholds.filter(category="profanity").update(review=None)
    start_shadow(policy=draft, now=now)
    texts = [TextToScreen(text=text, language=code) for code, text in TEXTS[:3]]
    submit_screenings(judged=judge_texts(given=texts, now=now), client="gen_demo")
    return draft


def test_a_moderator_adds_a_word_and_ends_another(page, moderators):
    now = timezone.now()
    for fields in (
        {"language": "de", "text": "honk", "action": "add", "category": "harassment", "severity": 2,
         "reason": "School insult, seen in three cases this week"},
        {"language": "en", "text": "dick", "action": "silence",
         "reason": "A name in our Dutch campaign"},
    ):  # fmt: skip
        row = save_override(override=LexiconOverride(**fields), by="ann")
    end_override(override=row, why="the campaign is over", now=now)
    sign_in(page, username="bob", password=PASSWORD)
    page.goto("/admin/moderation/lexiconoverride/add/")
    page.locator("#id_action").select_option("add")
    page.locator("#id_language").select_option("en")
    page.locator("#id_text").fill("Grumblefink")
    page.locator("#id_category").select_option("harassment")
    page.locator("#id_severity").select_option("3")
    page.locator("#id_reason").fill("A new insult at the school of our testers")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("grumblefink").first).to_be_visible()
    expect(page.locator("#lexicon-help")).to_contain_text("the next text feels a change")
    keep_picture(page, "lexicon-overrides")
    assert LexiconOverride.objects.get(text="grumblefink").created_by == "bob"

    page.get_by_role("link", name="honk").first.click()
    page.get_by_role("link", name="End now").click()
    page.get_by_label("Why").fill("a brand of ours")
    page.get_by_role("button", name="End it").click()
    expect(page.get_by_text("It has no effect from the next text on.")).to_be_visible()


def test_a_second_moderator_sees_what_would_change_and_publishes(page, moderators, draft):
    sign_in(page, username="bob", password=PASSWORD)
    page.goto(f"/admin/moderation/policyversion/{draft.pk}/change/")
    impact = page.locator("#policy-impact")
    expect(impact).to_contain_text("would be answered otherwise")
    expect(impact).to_contain_text("review → allow")
    expect(page.locator("#policy-shadow")).to_contain_text("In shadow it answered")
    impact.locator("summary").first.click()
    keep_picture(page, "policy-what-would-change")

    page.get_by_role("link", name="Publish").click()
    page.get_by_role("button", name="Publish").last.click()
    expect(page.get_by_text("It is in force from the next text on.")).to_be_visible()
    draft.refresh_from_db()
    assert (draft.status, draft.published_by) == (PolicyStatus.PUBLISHED, "bob")


def test_a_text_is_covered_until_somebody_asks_and_its_decision_can_be_replayed(
    page, moderators, screenings
):
    doubtful = next(each for each in screenings if each.outcome == "review")
    sign_in(page, username="bob", password=PASSWORD)
    page.goto(f"/admin/moderation/screening/{doubtful.pk}/change/")
    text = page.locator("#case-text p")
    expect(text).to_be_hidden()
    page.locator("#case-text summary").click()
    expect(text).to_be_visible()
    expect(text.locator("mark").first).to_be_visible()
    expect(page.locator("#replay")).to_contain_text(re.compile("as it was answered"))
    keep_picture(page, "screening")
