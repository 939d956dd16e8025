"""Legal staff prepare a usage report, download it, and fetch the evidence of a song, in a real browser."""

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from compliance.models import Approval
from tests.browser.conftest import keep_picture, sign_in
from tests.compliance.usage.songs import make_approval, play, replace_grant, report

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "a long enough secret"  # noqa: S105 - of a user of one test
CAPS = (
    {"limit": 1_000, "unit": "song"},
    {"limit": 50_000, "unit": "play", "on_limit": "notify"},
    {"limit": 900_000, "unit": "second", "period": "month", "on_limit": "notify"},
)
FEES = (
    {"kind": "flat", "amount": Decimal(500), "currency": "EUR"},
    {"kind": "per_song", "amount": Decimal("0.25"), "currency": "EUR"},
    {"kind": "per_play", "amount": Decimal("0.0031"), "currency": "EUR"},
    {"kind": "rev_share", "amount": Decimal("12.5"), "currency": "EUR"},
)


@pytest.fixture
def song(generator, grant, now, django_user_model) -> Approval:
    """A song that was played in two countries, some of it taken back."""
    django_user_model.objects.create_superuser("ana", password=PASSWORD)
    replace_grant(grant, now, caps=CAPS, fees=FEES)
    song = make_approval(generator, now)
    report(
        generator, play(song, now, quantity=1240), play(song, now, quantity=310, territory="US", event_id="us"),
        play(song, now, quantity=-12, event_id="back"), play(song, now, quantity=41, kind="download", event_id="down"),
        play(song, now, quantity=7, kind="share", event_id="share", territory="US"), now=now,
    )  # fmt: skip
    return song


def test_a_report_is_prepared_downloaded_and_refused_to_be_closed_too_early(page: Page, song, now):
    sign_in(page, username="ana", password=PASSWORD)
    page.goto(reverse("admin:compliance_usagereportrow_changelist"))
    page.get_by_role("link", name="Prepare a report").click()
    page.get_by_label("Licensor").select_option("Marigold Transit")
    page.get_by_label("From").fill(str(now.date() - dt.timedelta(days=11)))
    page.get_by_label("Until").fill(str(now.date() + dt.timedelta(days=19)))
    page.get_by_role("button", name="Preview").click()
    totals = page.get_by_role("region", name="Marigold Transit")
    expect(totals).to_contain_text("1538")  # plays, what was taken back deducted
    expect(totals).to_contain_text("505.0178 EUR")
    expect(page.get_by_role("region", name="Caps")).to_contain_text("50000")
    keep_picture(page, "usage-report")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download DSR").click()
    assert download.value.path().read_text().startswith("HEAD\t")
    page.get_by_role("button", name="Close for good").click()
    expect(page.get_by_role("alert")).to_contain_text("can be closed from")


def test_the_evidence_of_a_song_is_one_button_away(page: Page, song):
    sign_in(page, username="ana", password=PASSWORD)
    page.goto(reverse("admin:compliance_approval_change", args=[song.pk]))
    keep_picture(page, "approval")
    with page.expect_download() as download:
        page.get_by_role("link", name="Evidence pack").click()
    assert download.value.suggested_filename == f"evidence-{song.public_id}.zip"
    assert download.value.path().read_bytes().startswith(b"PK")
