"""Approvals as legal staff see them: to read, not to change."""

import pytest
from django.urls import reverse

from tests.compliance.approved import approval

__all__ = ["approval"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client, django_user_model):
    client.force_login(django_user_model.objects.create_superuser("ana"))
    return client


def test_the_list_names_every_approval_with_its_status_as_of_now(staff, approval, now):
    type(approval).objects.update(valid_to=now)
    page = staff.get(reverse("admin:compliance_approval_changelist")).content.decode()
    assert approval.public_id in page
    assert "sunset" in page


def test_the_page_shows_what_is_certified_and_offers_no_change(staff, approval):
    address = reverse("admin:compliance_approval_change", args=[approval.pk])
    page = staff.get(address).content.decode()
    assert "A-1/1" in page
    assert approval.certificate in page
    assert staff.post(address, {"status": "revoked"}).status_code == 403
    assert staff.get(reverse("admin:compliance_approval_add")).status_code == 403
