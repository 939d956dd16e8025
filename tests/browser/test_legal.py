"""A contract from signature to its end, entered by one person and put in force by another, in a real browser."""

import datetime as dt
import re

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from catalog.models import Stem
from catalog.models.twins import TwinKind
from catalog.services.agreements import end_grant
from catalog.services.ingest import import_stems
from catalog.services.parties import get_or_add_party
from catalog.services.twins import FoundTwin, record_twins
from tests.browser.conftest import SCREENSHOTS, keep_picture, sign_in
from tests.compliance.approved import approve, make_submission
from tests.songs import AUDIO, LICENSED, SIDES, USES, ask

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "a long enough secret"  # noqa: S105 - of users of one test
TITLES = ("Moonlit drums", "Moonlit keys", "Moonlit guitar")
# Chromium draws a PDF in a process of its own, for which a page cannot wait; only the picture needs it.
PDF_DRAWN_MS = 4000
# A thousand rows come in within a few seconds; a busy machine may take longer.
IMPORT_MS = 60_000
# A window in which a contract and its grants stand side by side.
WIDE_PX = 1720
# The bar at the foot covers this much of a page that is higher than its window.
FOOT_PX = 64
USES_IN_WORDS = "AI output generation, personalised song stream"
# A signed document as small as the format allows.
PDF = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 420 300]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>endobj
4 0 obj<</Length 53>>stream
BT /F 18 Tf 40 240 Td (Stem license MT-2026-01) Tj ET
endstream endobj
5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj
trailer<</Root 1 0 R>>
"""


@pytest.fixture
def staff(django_user_model):
    """An editor and an approver."""
    for name, role in (("ed", "Catalog editors"), ("app", "Catalog approvers")):
        user = django_user_model.objects.create_user(name, password=PASSWORD, is_staff=True)
        user.groups.add(Group.objects.get(name=role))


@pytest.fixture
def stems(db):
    """Three stems with audio and no grant, and the parties of the contract to come."""
    rows = [
        {
            "external_id": name,
            "title": title,
            "artist": "Marigold Transit",
            "role": "drums" if "drums" in name else "other",
            "file": f"{name}.ogg",
        }
        for name, title in zip(LICENSED, TITLES, strict=True)
    ]
    assert not import_stems(rows=rows, audio_dir=AUDIO).errors
    get_or_add_party(name="Greeting Songs Inc.", kind="company")


def change_person(page: Page, username: str) -> None:
    """Sign out whoever is there and sign in somebody else."""
    page.context.clear_cookies()
    sign_in(page, username=username, password=PASSWORD)


def choose(page: Page, field: str, text: str) -> None:
    """Pick a row in a field that searches as one types."""
    page.locator(f"#select2-id_{field}-container").click()
    page.locator(".select2-search__field").fill(text)
    page.get_by_role("option", name=text).click()


def open_tab(page: Page, name: str) -> None:
    page.locator("#content-main nav a").filter(has_text=name).first.click()


def open_change_set(page: Page, title: str) -> None:
    page.goto("/admin/catalog/changeset/")
    page.get_by_role("link", name=title).click()


def find_button(page: Page, name: str) -> Locator:
    """Return a button of the page's head; before its name stands the name of its icon."""
    return page.get_by_role("link", name=re.compile(rf"{name}$"))


def find_cells(page: Page | Locator, name: str) -> Locator:
    """Return the cells of the row of a table in which the name stands."""
    return page.get_by_role("row").filter(has_text=name).locator("td, th")


def decide(page: Page, *, button: str, confirm: str, **fields: str) -> None:
    """Press a button of the page, fill in the dialog it opens and confirm."""
    find_button(page, button).click()
    dialog = page.locator("#dialog")
    expect(dialog).to_be_visible()
    for name, value in fields.items():
        dialog.locator(f"[name={name}]").fill(value)
    dialog.get_by_role("button", name=confirm, exact=True).click()


def keep_whole_page(page: Page, name: str, *, width: int = 1280) -> None:
    """Keep a picture with the bar of buttons below everything, in a window as high as the page."""
    usual = page.viewport_size
    page.set_viewport_size({"width": width, "height": 900})
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": width, "height": max(900, height + FOOT_PX * (height > 900))})
    page.wait_for_function(
        "[...document.images].every(image => image.complete) && document.fonts.status === 'loaded'"
    )
    keep_picture(page, name)
    page.set_viewport_size(usual)


def list_codes(answer) -> set[str]:
    return {reason["code"] for reason in answer["reasons"]}


def enter_agreement(page: Page, *, number: str, signed_on: dt.date) -> None:
    page.goto("/admin/catalog/agreement/add/")
    page.get_by_label("Number").fill(number)
    page.get_by_label("Title").fill("Stems for greeting songs")
    choose(page, "licensor", "Marigold Transit")
    choose(page, "licensee", "Greeting Songs Inc.")
    page.locator("[name=signed_on]").fill(str(signed_on))
    open_tab(page, "Document")
    page.locator("input[type=file][name=document]").set_input_files(
        {"name": "signed.pdf", "mimeType": "application/pdf", "buffer": PDF}
    )
    page.get_by_role("button", name="Save and continue editing").click()


def draft_grant(page: Page, *, starts_on: dt.date, ends_on: dt.date) -> None:
    """Fill in the grant that is open, for all three stems, and save it."""
    for word in SIDES:
        page.locator(f"[name=sides][value={word}]").check()
    for word in USES:
        page.locator(f"[name=uses][value={word}]").check()
    page.get_by_label("Stems", exact=True).fill("\n".join(LICENSED))
    open_tab(page, "Where and when")
    page.get_by_label("Territories").fill("DE, AT, US")
    page.locator("[name=valid_from]").fill(str(starts_on))
    page.locator("[name=valid_until]").fill(str(ends_on))
    open_tab(page, "Conditions")
    page.get_by_label("Clause refs").fill("p. 1, 2.1")
    page.get_by_role("button", name="Save and continue editing").click()


def test_two_people_license_stems_and_end_the_license_and_generators_notice(
    page, staff, stems, api
):
    today = timezone.now().date()
    end = today + dt.timedelta(days=20)
    denied = ask(api).json()
    assert denied["outcome"] == "denied"
    assert "rights.no_grant" in list_codes(denied)

    # The editor enters the contract, and a grant under it.
    sign_in(page, username="ed", password=PASSWORD)
    enter_agreement(page, number="MT-2026-01", signed_on=today - dt.timedelta(days=3))
    expect(page.get_by_text("No grants yet. Save the agreement, then add a grant")).to_be_visible()
    find_button(page, "Add a grant").click()
    draft_grant(page, starts_on=today, ends_on=today + dt.timedelta(days=400))
    expect(page.get_by_text("3 of 249 countries: AT, DE, US")).to_be_visible()
    assert ask(api).json()["outcome"] == "denied"  # a draft allows nothing

    # What was proposed is shown with what it changes; its author cannot put it in force.
    decide(page, button="Propose activation", confirm="Propose", note="Signed by both sides.")
    gains = "AT, DE, US"
    expect(page.get_by_text("You prepared it: somebody else must decide.")).to_be_visible()
    for name in LICENSED:
        expect(find_cells(page, name)).to_have_text([name, USES_IN_WORDS, gains, "-"])
    expect(find_button(page, "Withdraw")).to_be_visible()
    expect(find_button(page, "Activate")).to_have_count(0)

    # The approver sees the same and puts it in force: the same question is cleared.
    change_person(page, "app")
    open_change_set(page, "Activate MT-2026-01/1")
    expect(page.get_by_text("Signed by both sides.")).to_be_visible()
    for name in LICENSED:
        expect(find_cells(page, name)).to_have_text([name, USES_IN_WORDS, gains, "-"])
    keep_whole_page(page, "legal-change-set")
    decide(page, button="Activate", confirm="Activate")
    expect(page.get_by_text("The changes are in force.")).to_be_visible()
    cleared = ask(api).json()
    assert cleared["outcome"] == "cleared", cleared["reasons"]

    page.goto("/admin/catalog/stem/")
    page.get_by_role("link", name=TITLES[0]).click()
    expect(page.locator("audio")).to_be_visible()
    open_tab(page, "Rights")
    expect(find_cells(page, "MT-2026-01/1").nth(1)).to_have_text("Active")
    keep_whole_page(page, "legal-stem")

    # The editor proposes an end, which alone ends nothing; the approver puts it in force.
    change_person(page, "ed")
    page.goto("/admin/catalog/grant/")
    page.get_by_role("link", name="MT-2026-01/1").click()
    expect(page.get_by_text(re.compile("^ed; activated by app, "))).to_be_visible()
    keep_whole_page(page, "legal-grant")
    decide(page, button="Propose an end", confirm="Propose", day=str(end), note="Licensor left.")
    expect(page.get_by_text("You prepared it: somebody else must decide.")).to_be_visible()
    assert ask(api).json()["outcome"] == "cleared"

    change_person(page, "app")
    open_change_set(page, f"End MT-2026-01/1 on {end}")
    for name in LICENSED:
        expect(find_cells(page, name)).to_have_text([name, USES_IN_WORDS, "-", gains])
    decide(page, button="Activate", confirm="Activate")
    expect(page.get_by_text("The changes are in force.")).to_be_visible()

    # The same question, whose period runs past the end, is denied and told why.
    denied = ask(api).json()
    assert denied["outcome"] == "denied"
    assert list_codes(denied) == {"rights.term"}
    named = {(reason["grant"], reason["starts_on"]) for reason in denied["reasons"]}
    assert named == {("MT-2026-01/1", str(end))}

    page.goto("/admin/catalog/grant/")
    find_button(page, "Calendar of ends").click()
    soon = page.get_by_role("region", name="Within 30 days: 1")
    expect(find_cells(soon, "MT-2026-01/1").first).to_have_text(str(end))
    keep_whole_page(page, "legal-calendar")

    page.goto("/admin/catalog/agreement/")
    page.get_by_role("link", name="MT-2026-01").click()
    expect(find_cells(page, "MT-2026-01/1").nth(3)).to_have_text(f"{today} to {end}")
    expect(page.get_by_title("Signed document")).to_be_visible()
    expect(page.get_by_role("link", name="p. 1, 2.1")).to_have_attribute(
        "href", re.compile(r"\.pdf#page=1&")
    )
    page.set_viewport_size({"width": WIDE_PX, "height": 900})
    table = page.get_by_role("table").filter(has_text="Clause").bounding_box()
    document = page.get_by_title("Signed document").bounding_box()
    assert document["x"] >= table["x"] + table["width"]  # side by side
    if SCREENSHOTS:
        page.wait_for_timeout(PDF_DRAWN_MS)
    keep_whole_page(page, "legal-agreement", width=WIDE_PX)
    open_tab(page, "Who read it")
    expect(page.get_by_role("listitem").filter(has_text=re.compile("^ed, .* UTC$"))).to_be_visible()


def test_one_person_suspends_a_license_and_generators_are_denied_at_once(page, staff, grant, api):
    assert ask(api).json()["outcome"] == "cleared"
    sign_in(page, username="ed", password=PASSWORD)
    page.goto("/admin/catalog/grant/")
    expect(find_cells(page, grant.label).filter(has_text="active")).to_be_visible()
    keep_whole_page(page, "legal-grants")
    page.get_by_role("link", name=grant.label).click()
    decide(page, button="Suspend", confirm="Suspend", note="A claim has come in.")
    expect(page.get_by_text("The grant is suspended.")).to_be_visible()
    expect(find_button(page, "Propose to resume")).to_be_visible()
    denied = ask(api).json()
    assert denied["outcome"] == "denied"
    assert list_codes(denied) == {"rights.grant_not_in_force"}


def test_an_error_of_entry_is_corrected_by_two_people_and_generators_notice(
    page, staff, grant, api
):
    assert ask(api).json()["outcome"] == "cleared"
    sign_in(page, username="ed", password=PASSWORD)
    page.goto(f"/admin/catalog/grant/{grant.pk}/change/")
    find_button(page, "Correct").click()
    dialog = page.locator("#dialog")
    dialog.locator("[name=term]").select_option("territories")
    value = dialog.locator("[data-term=territories] [name=value]")
    expect(value).to_have_value("AT, DE, US")  # as it reads now
    value.fill("DE, AT")
    dialog.locator("[name=note]").fill("The contract names two countries (p. 2).")
    dialog.get_by_role("button", name="Propose", exact=True).click()
    expect(page.get_by_text("territories: AT, DE, US → DE, AT")).to_be_visible()

    change_person(page, "app")
    open_change_set(page, f"Correct territories of {grant.label}")
    expect(page.get_by_text("Correct an error of entry")).to_be_visible()
    keep_whole_page(page, "legal-correction")
    decide(page, button="Activate", confirm="Activate")
    expect(page.get_by_text("The changes are in force.")).to_be_visible()
    assert list_codes(ask(api).json()) == {"rights.territory"}
    page.goto(f"/admin/catalog/grant/{grant.pk}/change/")
    expect(page.get_by_text(re.compile("corrected 1 time, last: The contract"))).to_be_visible()


def test_twins_are_heard_side_by_side_and_one_person_settles_which_counts(page, staff, grant):
    stem = Stem.objects.get(external_id=LICENSED[1])
    other = FoundTwin(other=f"stem:{LICENSED[0]}", kind=TwinKind.NEAR_IDENTICAL, score=0.97)
    record_twins(stem=stem.external_id, file_sha256=stem.file_sha256, found=[other])
    sign_in(page, username="ed", password=PASSWORD)
    page.goto(f"/admin/catalog/stem/{stem.pk}/change/")
    expect(page.get_by_text("it sounds like another recording")).to_be_visible()
    expect(find_cells(page, LICENSED[0]).locator("audio")).to_have_count(2)
    page.get_by_role("link", name="Not settled").click()
    expect(page.locator("audio")).to_have_count(2)
    keep_whole_page(page, "legal-twins")
    find_button(page, "Settle").click()
    dialog = page.locator("#dialog")
    dialog.locator("[name=verdict]").select_option("both_count")
    dialog.locator("[name=note]").fill("Two takes of the same part.")
    dialog.get_by_role("button", name="Settle", exact=True).click()
    expect(page.get_by_text("Both count").first).to_be_visible()
    stem.refresh_from_db()
    assert stem.status == "active"


def test_the_page_of_a_stem_leads_to_why_its_songs_were_approved(page, staff, grant, generator):
    now = timezone.now()
    approval = approve(make_submission(generator, now), now)
    end_grant(grant=grant, ends_on=now.date() + dt.timedelta(days=30), by=None, now=now)
    stem = Stem.objects.get(external_id=LICENSED[0])
    sign_in(page, username="app", password=PASSWORD)
    page.goto(f"/admin/catalog/stem/{stem.pk}/change/")
    open_tab(page, "Who uses it")
    expect(page.get_by_text("1 song: 1 live.")).to_be_visible()
    page.get_by_role("link", name=approval.submission.public_id).click()
    expect(
        page.get_by_role("heading", name=f"Why {approval.submission.public_id} was approved")
    ).to_be_visible()
    expect(page.get_by_role("region", name="Grants it rested on")).to_contain_text(
        f"end: {grant.valid_until} → {now.date() + dt.timedelta(days=30)}"
    )
    keep_whole_page(page, "legal-why-approved")


def test_a_table_comes_in_under_a_bar_after_it_was_tried(page, staff):
    n_rows = 1000
    rows = "".join(f"Writer {number:04d},person\n" for number in range(n_rows))
    sign_in(page, username="ed", password=PASSWORD)
    page.goto("/admin/catalog/party/import/")
    page.locator("input[type=file]").set_input_files(
        {"name": "parties.csv", "mimeType": "text/csv", "buffer": f"name,kind\n{rows}".encode()}
    )
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_text(re.compile(r"^[\d,]+ of 1,000 rows checked$"))).to_be_visible()
    keep_picture(page, "legal-import-progress")
    expect(
        page.get_by_text("1000 new, 0 changed, 0 unchanged. Nothing is written yet.")
    ).to_be_visible(timeout=IMPORT_MS)
    expect(page.get_by_text("and 800 rows more")).to_be_visible()
    page.get_by_role("button", name="Confirm import").click()
    expect(page.get_by_text(re.compile(r"^[\d,]+ of 1,000 rows written$"))).to_be_visible()
    page.wait_for_url("**/admin/catalog/party/", timeout=IMPORT_MS)
    expect(page.get_by_text("Import finished: 1000 new")).to_be_visible()


def test_a_wrong_row_of_a_table_is_named_and_the_form_is_there_again(page, staff):
    sign_in(page, username="ed", password=PASSWORD)
    page.goto("/admin/catalog/party/import/")
    table = {
        "name": "parties.csv",
        "mimeType": "text/csv",
        "buffer": b"name,isni\nAna,0000 0001 2150 0901\n",
    }
    page.locator("input[type=file]").set_input_files(table)
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_text("is not a valid ISNI")).to_be_visible()
    expect(page.get_by_text("Confirm import")).to_have_count(0)
    table["buffer"] = b"name,isni\nAna,0000 0001 2150 090X\n"
    page.locator("input[type=file]").set_input_files(table)
    page.get_by_role("button", name="Submit").click()
    expect(
        page.get_by_text("1 new, 0 changed, 0 unchanged. Nothing is written yet.")
    ).to_be_visible()
