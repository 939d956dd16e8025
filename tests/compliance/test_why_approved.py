"""Who uses a stem, and why a song was approved as of its day."""

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from catalog.models import Stem
from catalog.queries.approved_songs import count_by_status, find_approved_songs
from catalog.services.agreements import end_grant
from tests.compliance import approved
from tests.compliance.approved import approve, make_submission
from tests.songs import LICENSED, UNLICENSED

pytestmark = pytest.mark.django_db
approval = approved.approval


@pytest.fixture
def viewer(django_user_model) -> Client:
    user = django_user_model.objects.create_user("viewer", is_staff=True)
    user.groups.add(Group.objects.get(name="Catalog viewers"))
    client = Client()
    client.force_login(user)
    return client


def open_page(client, approval):
    return client.get(reverse("why-approved", args=[approval.submission.public_id]))


def test_songs_are_found_by_their_stems_and_counted(approval):
    songs = find_approved_songs([LICENSED[0]])
    assert [song.id for song in songs] == [approval.submission.public_id]
    assert count_by_status(songs) == "1 live"
    assert find_approved_songs([LICENSED[2]]) == ()  # cleared, and not in the song
    assert find_approved_songs([UNLICENSED, "moonlit", ""]) == ()
    assert find_approved_songs([]) == ()


def test_a_song_that_is_not_approved_is_none_of_them(generator, grant, now):
    submission = make_submission(generator, now)
    assert find_approved_songs(LICENSED) == ()
    approve(submission, now)
    assert len(find_approved_songs(LICENSED)) == 1


def test_the_page_of_a_stem_links_to_its_songs(viewer, approval):
    stem = Stem.objects.get(external_id=LICENSED[0])
    page = viewer.get(reverse("admin:catalog_stem_change", args=[stem.pk])).content.decode()
    assert "1 song: 1 live." in page
    assert reverse("why-approved", args=[approval.submission.public_id]) in page


def test_an_approval_is_replayed_as_of_its_day_beside_what_changed(viewer, approval, grant):
    before = open_page(viewer, approval).content.decode()
    assert "A-1/1" in before
    assert "Marigold Transit" in before
    assert "→" not in before
    assert "when mo decided" in before
    assert "Approved by engine 9.9" in before
    assert "AI output generation, personalised song stream" in before
    assert "ai_output_generation" not in before
    now = timezone.now()
    end_grant(grant=grant, ends_on=now.date(), by=None, now=now)
    Stem.objects.filter(external_id=LICENSED[0]).update(title="Renamed")
    replay = open_page(viewer, approval).context["replay"]
    (rested_on,) = replay.grants
    assert rested_on.status == "Active"
    assert "status: active → ended" in rested_on.changes
    assert {stem.external_id: stem.title for stem in replay.stems}[LICENSED[0]] == LICENSED[0]
    assert f"title: {LICENSED[0]} → Renamed" in replay.stems[0].changes


def test_the_replay_is_for_legal_staff(approval, django_user_model):
    client = Client()
    assert open_page(client, approval).status_code == 302
    client.force_login(django_user_model.objects.create_user("nobody", is_staff=True))
    assert open_page(client, approval).status_code == 403


def test_a_song_without_approval_has_no_replay(viewer):
    assert viewer.get(reverse("why-approved", args=["sub_none"])).status_code == 404
