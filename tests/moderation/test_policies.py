"""Policies as versions: drafted, tried in shadow, published by another person, replayed for good."""

import datetime as dt
from importlib import import_module

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.urls import reverse

from moderation.models import (
    PolicyMoved,
    PolicyStatus,
    PolicyThreshold,
    PolicyVersion,
    Screening,
)
from moderation.queries import UnknownPolicy, get_policies, get_policy
from moderation.screening.policy import BUILT_IN_POLICY, InvalidPolicy, Outcome
from moderation.services.policies import (
    OwnPolicy,
    PolicyKept,
    discard_draft,
    draft_policy,
    publish_policy,
    start_shadow,
    stop_shadow,
)
from moderation.services.policy_impact import (
    count_shadow_outcomes,
    preview_policy,
    replay_screening,
)
from moderation.services.screenings import TextToScreen, judge_text, keep_screening

pytestmark = pytest.mark.django_db
SWEARING = "this party was f*cking great, Anna, best day of the year for all of us"


@pytest.fixture
def built_in():
    return PolicyVersion.objects.get(number=1)


@pytest.fixture
def lenient(built_in, now):
    """A draft under which swearing passes in English."""
    draft = draft_policy(based_on=built_in, note="Swearing passes in English.", by="ann", now=now)
    let_swear(draft, language="en")
    return draft


def let_swear(draft, **place):
    """Add thresholds for a place: nobody looks at profanity, and at the rest only where it is certain."""
    for row in list(draft.thresholds.all()):
        row.pk, row.block = None, None
        row.review = None if row.category == "profanity" else 1.0
        for name, value in place.items():
            setattr(row, name, value)
        row.save()


def screen(text, now, **fields):
    given = TextToScreen(text=text, language="en", **fields)
    return keep_screening(judged=judge_text(given=given, now=now), client="gen_1")


def publish(policy, now):
    start_shadow(policy=policy, now=now)
    return publish_policy(policy=policy, by="bob", now=now)


def test_the_built_in_policy_is_version_1(built_in):
    assert built_in.status == PolicyStatus.PUBLISHED
    assert built_in.build_policy() == get_policies().live
    assert set(built_in.build_policy().thresholds) == set(BUILT_IN_POLICY.thresholds)


def lift_guards():
    """Drop the triggers, until the test's transaction is rolled back."""
    import_module("moderation.migrations.0008_policy_guards").drop(None, connection.schema_editor())


def test_without_any_version_the_built_in_policy_decides():
    lift_guards()
    PolicyVersion.objects.all().delete()
    assert get_policies().live == get_policy(version="policy-1") == BUILT_IN_POLICY


def test_a_published_version_decides_about_the_next_text_and_retires_the_last(
    lenient, built_in, now
):
    assert screen(SWEARING, now).outcome == "review"
    publish(lenient, now)
    later = screen(SWEARING, now)
    assert (later.outcome, later.policy_version) == ("allow", "policy-2")
    built_in.refresh_from_db()
    assert (built_in.status, built_in.retired_at) == (PolicyStatus.RETIRED, now)


def test_a_draft_in_shadow_answers_nobody_and_is_written_down(lenient, now):
    start_shadow(policy=lenient, now=now)
    screening = screen(SWEARING, now)
    assert (screening.outcome, screening.policy_version) == ("review", "policy-1")
    assert (screening.shadow_outcome, screening.shadow_version) == ("allow", "policy-2")
    assert count_shadow_outcomes(version="policy-2") == {"en": {("review", "allow"): 1}}


def test_whoever_drafted_a_policy_does_not_publish_it(lenient, now):
    start_shadow(policy=lenient, now=now)
    with pytest.raises(OwnPolicy):
        publish_policy(policy=lenient, by="ann", now=now)
    with pytest.raises(IntegrityError, match="published_by_another"):
        PolicyVersion.objects.filter(pk=lenient.pk).update(published_by="ann")


def test_a_draft_is_tried_before_it_is_published(lenient, built_in, now):
    with pytest.raises(PolicyMoved):
        publish_policy(policy=lenient, by="bob", now=now)
    built_in.refresh_from_db()
    assert built_in.status == PolicyStatus.PUBLISHED


def test_one_version_at_a_time_is_in_shadow(lenient, built_in, now):
    start_shadow(policy=lenient, now=now)
    second = draft_policy(based_on=built_in, note="second", by="ann", now=now)
    with pytest.raises(PolicyMoved, match="policy-2 is in shadow"):
        start_shadow(policy=second, now=now)
    stop_shadow(policy=lenient)
    assert start_shadow(policy=second, now=now).status == PolicyStatus.SHADOW


def test_thresholds_that_miss_a_category_are_not_tried(lenient, now):
    lenient.thresholds.filter(category="hate").delete()
    with pytest.raises(InvalidPolicy, match="hate"):
        start_shadow(policy=lenient, now=now)


def test_only_a_draft_is_discarded(lenient, built_in, now):
    with pytest.raises(PolicyKept):
        discard_draft(policy=built_in)
    discard_draft(policy=lenient)
    assert list(PolicyVersion.objects.all()) == [built_in]


def test_a_preview_counts_what_would_change_by_language_and_category(lenient, now):
    for text in (SWEARING, SWEARING + " really", "I love you, Mom"):
        screen(text, now)
    impact = preview_policy(policy=lenient.build_policy(), live=BUILT_IN_POLICY)
    assert (impact.n_seen, impact.n_all, impact.n_changed) == (3, 3, 2)
    (change,) = impact.changes
    assert (change.language, change.category, change.before, change.after, change.count) == (
        "en", "profanity", Outcome.REVIEW, Outcome.ALLOW, 2,
    )  # fmt: skip
    assert [example.text for example in change.examples] == [SWEARING + " really", SWEARING]


def test_a_preview_looks_at_the_newest_only(lenient, now):
    for text in (SWEARING, "I love you, Mom"):
        screen(text, now)
    impact = preview_policy(policy=lenient.build_policy(), live=BUILT_IN_POLICY, limit=1)
    assert (impact.n_seen, impact.n_all, impact.n_changed) == (1, 2, 0)


def test_thresholds_of_a_campaign_count_for_its_texts_alone(built_in, now):
    draft = draft_policy(based_on=built_in, note="The soap campaign swears.", by="ann", now=now)
    let_swear(draft, campaign="soap")
    publish(draft, now)
    assert screen(SWEARING, now, campaign="soap").outcome == "allow"
    assert screen(SWEARING, now).outcome == "review"


@pytest.mark.parametrize(
    "text",
    [SWEARING, "I love you, Mom", "You filthy kike, gas the jews", "I want to die and end it all"],
    ids=["review", "allow", "block", "care"],
)
def test_a_decision_is_replayed_under_the_policy_of_its_day(lenient, now, text):
    screening = screen(text, now)
    publish(lenient, now)
    replay = replay_screening(screening=Screening.objects.get(pk=screening.pk))
    assert (replay.outcome.value, replay.policy_version) == (screening.outcome, "policy-1")
    assert replay.is_same
    raised = {each.category.value for each in replay.scores if each.is_raised}
    assert raised == {reason["category"] for reason in screening.answer["reasons"]}


def test_a_decision_is_replayed_under_another_policy(lenient, now):
    screening = screen(SWEARING, now)
    replay = replay_screening(screening=screening, version="policy-2")
    assert (replay.outcome, replay.is_same) == (Outcome.ALLOW, False)
    with pytest.raises(UnknownPolicy):
        replay_screening(screening=screening, version="policy-99")


def test_the_command_replays_a_screening(lenient, now, capsys):
    screening = screen(SWEARING, now)
    call_command("replay_screening", screening.public_id)
    printed = capsys.readouterr().out
    assert "answered review under policy-1; replayed review under policy-1" in printed
    assert "profanity" in printed
    call_command("replay_screening", screening.public_id, "--policy", "2")
    assert "replayed allow under policy-2" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["scr_none"], "no screening scr_none"), (["{id}", "--policy", "9"], "no policy 'policy-9'")],
    ids=["screening", "policy"],
)
def test_the_command_names_what_it_does_not_know(now, arguments, message):
    screening = screen("I love you, Mom", now)
    with pytest.raises(CommandError, match=message):
        call_command(
            "replay_screening", *(each.format(id=screening.public_id) for each in arguments)
        )


def test_a_replay_that_comes_out_otherwise_is_an_error(now):
    screening = screen("I love you, Mom", now)
    Screening.objects.update(outcome="block")
    with pytest.raises(CommandError, match="differs"):
        call_command("replay_screening", screening.public_id)


# -- In the admin ------------------------------------------------------------------------------------------------------


@pytest.fixture
def moderator(client):
    user = User.objects.create_user("bob", is_staff=True)
    user.groups.add(Group.objects.get(name="Moderators"))
    client.force_login(user)
    return client


def press(client, policy, button, **fields):
    url = reverse(f"admin:moderation_policyversion_{button}", args=[policy.pk])
    return client.post(url, {"_form_submitted": "on", **fields})


def show(client, policy):
    return client.get(reverse("admin:moderation_policyversion_change", args=[policy.pk]))


def test_a_moderator_drafts_changes_tries_and_another_publishes(moderator, built_in, now):
    screen(SWEARING, now)
    assert press(moderator, built_in, "draft_from", note="Swear").headers["HX-Redirect"]
    draft = PolicyVersion.objects.get(number=2)
    assert draft.drafted_by == "bob"
    row = draft.thresholds.get(category="profanity")
    rows = list(draft.thresholds.all())
    form = {
        "note": "Swearing passes", "thresholds-TOTAL_FORMS": len(rows), "thresholds-INITIAL_FORMS": len(rows),
    }  # fmt: skip
    for place, each in enumerate(rows):
        review = "" if each.pk == row.pk else each.review
        block = "" if each.block is None else each.block
        form |= {
            f"thresholds-{place}-{name}": value
            for name, value in {
                "id": each.pk, "policy": draft.pk, "category": each.category, "language": "",
                "campaign": "", "review": review, "block": block,
            }.items()
        }  # fmt: skip
    url = reverse("admin:moderation_policyversion_change", args=[draft.pk])
    assert moderator.post(url, form).status_code == 302
    assert draft.thresholds.get(category="profanity").review is None
    press(moderator, draft, "try_in_shadow")
    press(moderator, draft, "publish")
    draft.refresh_from_db()
    assert draft.status == PolicyStatus.SHADOW, "its author does not publish it"
    ann = User.objects.create_user("ann", is_staff=True)
    ann.groups.add(Group.objects.get(name="Moderators"))
    moderator.force_login(ann)
    press(moderator, draft, "publish")
    draft.refresh_from_db()
    assert (draft.status, draft.published_by) == (PolicyStatus.PUBLISHED, "ann")


def test_the_page_shows_what_would_change(moderator, lenient, now):
    screening = screen(SWEARING, now)
    page = show(moderator, lenient).content.decode()
    assert "review → allow" in page
    assert screening.public_id in page
    assert "1</strong> would be answered otherwise" in page


@pytest.mark.parametrize(
    ("review", "block", "message"),
    [(0.0, "", "expected review"), (0.5, 0.6, "expected block"), ("", "", "a person must look")],
    ids=["everything", "early block", "nobody looks at hate"],
)
def test_a_threshold_out_of_order_is_refused(moderator, lenient, review, block, message):
    form = {
        "note": "n", "thresholds-TOTAL_FORMS": 1, "thresholds-INITIAL_FORMS": 0, "thresholds-0-policy": lenient.pk,
        "thresholds-0-category": "hate", "thresholds-0-language": "de", "thresholds-0-campaign": "",
        "thresholds-0-review": review, "thresholds-0-block": block,
    }  # fmt: skip
    url = reverse("admin:moderation_policyversion_change", args=[lenient.pk])
    assert message in moderator.post(url, form).content.decode()
    assert not lenient.thresholds.filter(language="de").exists()


def test_what_was_published_cannot_be_typed_over(moderator, built_in):
    page = show(moderator, built_in).content.decode()
    assert 'name="thresholds-0-review"' not in page
    url = reverse("admin:moderation_policyversion_change", args=[built_in.pk])
    moderator.post(url, {"note": "other"})
    built_in.refresh_from_db()
    assert built_in.note != "other"
    assert (
        moderator.post(
            reverse("admin:moderation_policyversion_delete", args=[built_in.pk]), {"post": "yes"}
        ).status_code
        == 403
    )


def test_the_page_of_a_screening_replays_it(moderator, lenient, now):
    screening = screen(SWEARING, now)
    publish(lenient, now + dt.timedelta(minutes=1))
    url = reverse("admin:moderation_screening_change", args=[screening.pk])
    page = " ".join(moderator.get(url).content.decode().split())
    assert "policy-1</strong>: review, as it was answered" in page
    assert "policy-2</strong>: allow" in page


def change_thresholds(policy):
    return {
        "change": lambda: policy.thresholds.update(review=0.01),
        "delete": lambda: policy.thresholds.all()._raw_delete("default"),
        "add": lambda: PolicyThreshold.objects.create(
            policy=policy, category="hate", language="de", review=0.99
        ),
        "take over": lambda: (
            PolicyThreshold.objects.exclude(policy=policy)
            .filter(policy__status="draft", category="hate")
            .update(policy=policy, language="fr")
        ),
    }


@pytest.mark.parametrize("how", ["change", "delete", "add", "take over"])
@pytest.mark.parametrize("status", ["shadow", "published", "retired"])
def test_the_database_keeps_the_thresholds_of_what_is_no_draft(lenient, built_in, now, status, how):
    start_shadow(policy=lenient, now=now)
    policy = lenient
    if status != "shadow":
        publish_policy(policy=lenient, by="bob", now=now)
        policy = lenient if status == "published" else built_in
    policy.refresh_from_db()
    assert policy.status == status
    draft_policy(based_on=built_in, note="others", by="ann", now=now)
    before = list(policy.thresholds.values())
    with pytest.raises(DatabaseError, match="keeps its thresholds"), transaction.atomic():
        change_thresholds(policy)[how]()
    assert list(policy.thresholds.values()) == before


@pytest.mark.parametrize("how", ["change", "delete", "add", "take over"])
def test_a_draft_takes_every_change_of_its_thresholds(lenient, built_in, now, how):
    draft_policy(based_on=built_in, note="others", by="ann", now=now)
    before = list(lenient.thresholds.values())
    change_thresholds(lenient)[how]()
    assert list(lenient.thresholds.values()) != before


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "draft"},
        {"status": "shadow"},
        {"number": 9},
        {"note": "x"},
        {"published_by": "eve"},
    ],
    ids=str,
)
def test_the_database_lets_what_was_in_force_only_retire(built_in, changes):
    with pytest.raises(DatabaseError, match="only retires"), transaction.atomic():
        PolicyVersion.objects.filter(pk=built_in.pk).update(**changes)
    assert PolicyVersion.objects.filter(pk=built_in.pk).update(status="retired") == 1
    with pytest.raises(DatabaseError, match="only retires"), transaction.atomic():
        PolicyVersion.objects.filter(pk=built_in.pk).update(status="published")
    with pytest.raises(DatabaseError, match="only drafts are deleted"), transaction.atomic():
        PolicyVersion.objects.filter(pk=built_in.pk)._raw_delete("default")
