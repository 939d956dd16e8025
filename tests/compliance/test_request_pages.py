"""Requests for a second person in the admin, as a browser sends them."""

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from compliance.models import ActionRequest
from tests.compliance.approved import approval

__all__ = ["approval"]
pytestmark = pytest.mark.django_db
SENT = {"_form_submitted": "True"}  # what the dialog of the theme sends


@pytest.fixture
def sign_in(client, django_user_model):
    """Sign in somebody with a role."""

    def sign(name: str, role: str):
        user, _ = django_user_model.objects.get_or_create(username=name, is_staff=True)
        user.groups.set([Group.objects.get(name=role)])
        client.force_login(user)
        return client

    return sign


def ask_to_revoke(client, approval) -> ActionRequest:
    address = reverse("admin:compliance_approval_ask_to_revoke", args=[approval.pk])
    assert client.post(address, {**SENT, "note": "lost"}).status_code == 200
    return ActionRequest.objects.get()


def test_one_asks_and_another_agrees(sign_in, approval):
    request = ask_to_revoke(sign_in("olive", "Compliance officers"), approval)
    approval.refresh_from_db()
    assert (request.asked_by, approval.status) == ("user:olive", "live")
    client = sign_in("ada", "Compliance approvers")
    page = client.get(reverse("admin:compliance_actionrequest_change", args=[request.pk]))
    assert approval.public_id in page.content.decode()
    agreed = client.post(reverse("admin:compliance_actionrequest_agree", args=[request.pk]), SENT)
    assert "HX-Redirect" in agreed.headers
    approval.refresh_from_db()
    assert (approval.status, approval.changed_by) == ("revoked", "user:olive and user:ada")


def test_who_asked_does_not_agree_though_they_may_for_others(sign_in, approval):
    request = ask_to_revoke(sign_in("olive", "Compliance officers"), approval)
    client = sign_in("olive", "Compliance approvers")
    client.post(reverse("admin:compliance_actionrequest_agree", args=[request.pk]), SENT)
    approval.refresh_from_db()
    request.refresh_from_db()
    assert (approval.status, request.status) == ("live", "waiting")


def test_who_may_not_is_refused(sign_in, approval):
    request = ask_to_revoke(sign_in("olive", "Compliance officers"), approval)
    viewer = sign_in("vic", "Compliance viewers")
    agree = reverse("admin:compliance_actionrequest_agree", args=[request.pk])
    assert viewer.post(agree, SENT).status_code == 403
    suspend = reverse("admin:compliance_approval_suspend", args=[approval.pk])
    assert viewer.post(suspend, {**SENT, "note": "x"}).status_code == 403
    assert viewer.get(reverse("admin:compliance_recall_wizard")).status_code == 403
    approval.refresh_from_db()
    assert approval.status == "live"
