"""An operator issues a key, hands it over, revokes it."""

import re

import pytest
from playwright.sync_api import expect

from compliance.models import ApiKey, Generator
from tests.browser.conftest import keep_picture, sign_in
from tests.conftest import make_client

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "a long enough secret"  # noqa: S105 - of a user of one test


def test_an_operator_issues_a_key_which_is_shown_once_and_revokes_it(page, django_user_model):
    django_user_model.objects.create_superuser("op", password=PASSWORD)
    Generator.objects.create(name="Songsmith")
    sign_in(page, username="op", password=PASSWORD)

    page.goto("/admin/compliance/apikey/add/")
    page.locator(".select2-selection").first.click()
    page.get_by_role("option", name="Songsmith").click()
    page.get_by_label("Label").fill("render farm 2")
    page.get_by_role("button", name="Save", exact=True).click()

    shown = page.locator("code", has_text=re.compile(r"^ctk_"))
    expect(shown).to_be_visible()
    key = shown.inner_text()
    keep_picture(page, "api-key-shown-once")
    assert make_client(key).get("/api/v1/submissions").status_code == 200

    page.reload()
    expect(page.locator("code", has_text=re.compile(r"^ctk_"))).to_have_count(0)
    assert key not in page.content()

    page.locator("input[name=_selected_action]").check()
    page.locator("select[name=action]").select_option("revoke_keys")
    page.get_by_role("button", name=re.compile("run|go", re.IGNORECASE)).click()
    expect(page.get_by_text("1 keys revoked.")).to_be_visible()
    assert ApiKey.objects.get().revoked_at is not None
    assert make_client(key).get("/api/v1/submissions").status_code == 401
