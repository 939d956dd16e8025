"""Webhook endpoints as staff see them: registered, tried out, deleted; the log of what was sent."""

import re

import pytest
from django.urls import reverse

from compliance.models import Event, Job, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from compliance.services.webhooks import MAX_ENDPOINTS, create_endpoint

pytestmark = pytest.mark.django_db
URL = "https://hooks.example/x"
CHANGELIST = "admin:compliance_webhookdelivery_changelist"


@pytest.fixture
def staff(client, django_user_model):
    client.force_login(django_user_model.objects.create_superuser("ana"))
    return client


@pytest.fixture
def endpoint(generator) -> WebhookEndpoint:
    return create_endpoint(generator=generator, url=URL, kinds=[], by="tests")


def change(staff, endpoint, **fields):
    address = reverse("admin:compliance_webhookendpoint_change", args=[endpoint.pk])
    form = {"url": endpoint.url, "kinds": "", "is_enabled": "on"} | fields
    return staff.post(
        address, {name: value for name, value in form.items() if value is not None}, follow=True
    )


def press_test(staff, endpoint) -> str:
    """Press the button on the endpoint's page; return the page that follows."""
    page = staff.get(
        reverse("admin:compliance_webhookendpoint_change", args=[endpoint.pk])
    ).content.decode()
    (name,) = re.findall(r'name="(\w*send_test)"', page)
    return change(staff, endpoint, **{name: "1"}).content.decode()


def test_a_secret_is_shown_when_an_endpoint_is_registered_and_never_again(staff, generator):
    form = {"generator": generator.pk, "url": URL, "kinds": "submission.*\nclearance.denied"}
    page = staff.post(
        reverse("admin:compliance_webhookendpoint_add"), form, follow=True
    ).content.decode()
    made = WebhookEndpoint.objects.get()
    assert made.kinds == ["submission.*", "clearance.denied"]
    assert made.secret in page
    for name, arguments in (("change", [made.pk]), ("changelist", [])):
        page = staff.get(
            reverse(f"admin:compliance_webhookendpoint_{name}", args=arguments)
        ).content.decode()
        assert made.secret not in page
        assert made.secret[10:20] not in page
        assert made.secret_start in page


@pytest.mark.parametrize(
    ("field", "value"),
    [("url", "https://10.0.0.1/"), ("url", "http://hooks.example/"), ("kinds", "everything")],
)
def test_a_faulty_form_is_refused(staff, endpoint, field, value):
    response = change(staff, endpoint, **{field: value})
    assert response.context["adminform"].form.errors[field]
    endpoint.refresh_from_db()
    assert (endpoint.url, endpoint.kinds) == (URL, [])


def test_one_endpoint_too_many_is_refused(staff, generator, endpoint):
    for _ in range(MAX_ENDPOINTS - 1):
        create_endpoint(generator=generator, url=URL, kinds=[], by="tests")
    form = {"generator": generator.pk, "url": URL, "kinds": ""}
    page = staff.post(reverse("admin:compliance_webhookendpoint_add"), form).content.decode()
    assert "as many as may be" in page
    assert WebhookEndpoint.objects.count() == MAX_ENDPOINTS


def test_an_endpoint_is_disabled_and_the_change_is_an_event(staff, endpoint):
    change(staff, endpoint, is_enabled=None)
    endpoint.refresh_from_db()
    assert not endpoint.is_enabled
    event = Event.objects.get(kind="webhook_endpoint.changed")
    assert (event.actor, event.data) == ("user:ana", {"is_enabled": False})


def test_the_test_button_sends_a_test(staff, endpoint):
    page = press_test(staff, endpoint)
    delivery = WebhookDelivery.objects.get()
    assert delivery.public_id in page
    assert delivery.event.kind == "webhook_endpoint.test"
    assert Job.objects.get().subject == delivery.public_id


def test_a_deleted_endpoint_loses_its_secret_and_keeps_its_log(staff, endpoint):
    press_test(staff, endpoint)
    address = reverse("admin:compliance_webhookendpoint_delete", args=[endpoint.pk])
    assert staff.post(address, {"post": "yes"}).status_code == 302
    endpoint.refresh_from_db()
    assert endpoint.deleted_at
    assert endpoint.secret == ""
    assert (
        WebhookDelivery.objects.get().public_id in staff.get(reverse(CHANGELIST)).content.decode()
    )


def test_the_log_shows_every_attempt_and_sends_again(staff, endpoint, now):
    press_test(staff, endpoint)
    delivery = WebhookDelivery.objects.get()
    WebhookAttempt.objects.create(
        delivery=delivery, at=now, duration_ms=7, status_code=503, answer="out of order"
    )
    Job.objects.update(state="dead")
    address = reverse("admin:compliance_webhookdelivery_change", args=[delivery.pk])
    assert "out of order" in staff.get(address).content.decode()
    staff.post(reverse(CHANGELIST), {"action": "send_again", "_selected_action": [delivery.pk]})
    assert Job.objects.filter(state="pending", subject=delivery.public_id).count() == 1


def test_the_secret_is_replaced_shown_once_and_both_sign_for_a_day(staff, endpoint, now):
    old = endpoint.secret
    address = reverse("admin:compliance_webhookendpoint_rotate_secret", args=[endpoint.pk])
    page = reverse("admin:compliance_webhookendpoint_change", args=[endpoint.pk])
    assert staff.post(address, {"_form_submitted": "True"}).headers["HX-Redirect"] == page
    endpoint.refresh_from_db()
    assert endpoint.secret not in ("", old)
    assert endpoint.previous_secret == old
    assert endpoint.previous_secret_until > now
    assert endpoint.secret in staff.get(page).content.decode()
    again = staff.get(page).content.decode()
    assert endpoint.secret not in again
    assert old not in again
    assert Event.objects.filter(kind="webhook_endpoint.secret_rotated").count() == 1


def test_a_secret_is_replaced_by_those_who_may_change_endpoints(
    client, endpoint, django_user_model
):
    client.force_login(django_user_model.objects.create_user("vic", is_staff=True))
    address = reverse("admin:compliance_webhookendpoint_rotate_secret", args=[endpoint.pk])
    assert client.post(address, {"_form_submitted": "True"}).status_code == 403
    secret = endpoint.secret
    endpoint.refresh_from_db()
    assert endpoint.secret == secret
