"""Usage reports as legal staff prepare them."""

import datetime as dt

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from compliance.models import UsageReportRow
from tests.compliance.usage.songs import make_approval, play, report

pytestmark = pytest.mark.django_db
PREPARE = "admin:compliance_usagereportrow_prepare"


@pytest.fixture
def staff(client, django_user_model):
    client.force_login(django_user_model.objects.create_superuser("ana"))
    return client


@pytest.fixture
def wanted(generator, grant, now) -> dict[str, str]:
    song = make_approval(generator, now)
    report(generator, play(song, now, quantity=12), now=now)
    return {
        "licensor": str(grant.agreement.licensor_id),
        "starts_on": str(now.date() - dt.timedelta(days=2)),
        "ends_on": str(now.date() + dt.timedelta(days=2)),
    }


def test_a_report_is_previewed_and_downloaded(staff, wanted):
    assert "Preview" in staff.get(reverse(PREPARE)).content.decode()
    page = staff.get(reverse(PREPARE), wanted).content.decode()
    assert "(preview)" in page
    assert ">12<" in page
    for file_format, start in (("csv", b"grant,"), ("xlsx", b"PK"), ("dsr", b"HEAD\t")):
        answer = staff.get(reverse(PREPARE), wanted | {"format": file_format})
        assert answer.content.startswith(start)
        assert "attachment" in answer.headers["Content-Disposition"]


def test_a_period_without_a_day_is_refused_on_the_page(staff, wanted):
    page = staff.get(reverse(PREPARE), wanted | {"ends_on": wanted["starts_on"]}).content.decode()
    assert "Choose a day after" in page


def test_a_running_period_is_not_closed(staff, wanted):
    page = staff.post(reverse(PREPARE), wanted).content.decode()
    assert "can be closed from" in page
    assert not UsageReportRow.objects.exists()


def test_a_period_that_is_over_is_closed_and_shown(staff, wanted, now):
    start, end = (now.date() - dt.timedelta(days=days) for days in (40, 9))
    past = {"starts_on": str(start), "ends_on": str(end)}
    page = staff.post(reverse(PREPARE), wanted | past, follow=True).content.decode()
    row = UsageReportRow.objects.get()
    assert (row.closed_by, row.content_sha256 in page) == ("user:ana", True)
    for name in ("download_csv", "download_xlsx", "download_dsr"):
        assert staff.get(reverse(f"admin:compliance_usagereportrow_{name}", args=[row.pk])).content
    listed = staff.get(reverse("admin:compliance_usagereportrow_changelist")).content.decode()
    assert row.public_id in listed


def test_who_may_only_look_does_not_close(client, django_user_model, wanted):
    viewer = django_user_model.objects.create_user("vic", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_usagereportrow"))
    client.force_login(viewer)
    page = client.get(reverse(PREPARE), wanted)
    assert page.status_code == 200
    assert "Close for good" not in page.content.decode()
    assert client.post(reverse(PREPARE), wanted).status_code == 403
    client.force_login(django_user_model.objects.create_user("bob", is_staff=True))
    assert client.get(reverse(PREPARE), wanted).status_code == 403
