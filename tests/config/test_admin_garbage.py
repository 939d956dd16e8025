"""Whatever is typed into an address, a form or an action of the admin, the answer is a page and never a failure."""

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import NoReverseMatch, reverse

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
ADMINS = sorted(admin.site._registry, key=lambda model: model._meta.label_lower)
each_admin = pytest.mark.parametrize("model", ADMINS, ids=lambda model: model._meta.label_lower)
GARBAGE = {"a word": "zzz", "a huge number": "9" * 30, "no character": "\x00", "a sign": "-1,'☃"}
each_text = pytest.mark.parametrize("text", GARBAGE.values(), ids=GARBAGE.keys())


@pytest.fixture
def client(django_user_model, grant, generator) -> Client:
    """Somebody who may do everything, where there are rows of most kinds."""
    client = Client(raise_request_exception=False)
    client.force_login(django_user_model.objects.create_superuser("op"))
    return client


def get_address(model, page: str, *args) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def list_fields(client: Client, address: str) -> list[str]:
    """Return the names of every field of the form on a page, those of the rows inside it too."""
    page = client.get(address)
    if page.status_code != 200 or not page.context or "adminform" not in page.context:
        return []
    names = list(page.context["adminform"].form.fields)
    for inline in page.context.get("inline_admin_formsets", ()):
        prefix = inline.formset.prefix
        names += [f"{prefix}-TOTAL_FORMS", f"{prefix}-INITIAL_FORMS"]
        names += [f"{prefix}-0-{name}" for name in inline.formset.empty_form.fields]
    return names


@each_admin
@each_text
def test_garbage_in_addresses_is_answered(client, model, text):
    for page in ("change", "history", "delete"):
        assert client.get(get_address(model, page, text)).status_code < 500, page
    changelist = get_address(model, "changelist")
    page = client.get(changelist)
    filters = page.context["cl"].filter_specs if page.status_code == 200 else []
    names = {name for one in filters for name in one.expected_parameters()}
    for name in ("q", "p", "o", "e", "id__exact", *sorted(names)):
        assert client.get(changelist, {name: text}, follow=True).status_code < 500, name


@each_admin
@each_text
def test_garbage_in_forms_is_answered(client, model, text):
    addresses = [get_address(model, "add")]
    row = model._default_manager.first()
    if row is not None:
        addresses.append(get_address(model, "change", row.pk))
    for address in addresses:
        names = list_fields(client, address)
        everything = dict.fromkeys(names, text)
        counts = {
            name: value
            for name in names
            for suffix, value in (("-TOTAL_FORMS", "1"), ("-INITIAL_FORMS", "0"))
            if name.endswith(suffix)
        }
        assert client.post(address, {**everything, **counts}).status_code < 500, address
        assert client.get(address, everything).status_code < 500, address


@each_admin
@each_text
def test_garbage_in_actions_is_answered(client, model, text):
    address = get_address(model, "changelist")
    page = client.get(address)
    form = page.context["cl"].result_list and page.context.get("action_form")
    actions = [value for value, _ in form.fields["action"].choices] if form else []
    for action in {*actions, text, "delete_selected"}:
        sent = {"action": action, "_selected_action": [text, "1"], "index": "0"}
        assert client.post(address, sent).status_code < 500, sent


@each_admin
@each_text
def test_garbage_in_dialogs_is_answered(client, model, text):
    site = admin.site._registry[model]
    row = model._default_manager.first()
    names = [path.name for path in site.get_urls() if path.name]
    prefix = f"{model._meta.app_label}_{model._meta.model_name}_"
    usual = {f"{prefix}{page}" for page in ("changelist", "add", "history", "delete", "change")}
    for name in {*names} - usual:
        for key in {text, str(row.pk) if row else "1"}:
            try:
                address = reverse(f"admin:{name}", args=[key])
            except NoReverseMatch:
                address = reverse(f"admin:{name}")
            fields = (
                "note",
                "day",
                "limit",
                "verdict",
                "territories",
                "file_format",
                "format",
                "input_format",
                "resource",
            )
            sent = {**dict.fromkeys(fields, text), "_form_submitted": "on"}
            assert client.get(address, sent).status_code < 500, address
            assert client.post(address, sent).status_code < 500, address
