"""Whatever is typed into an address, a form or an action of the admin, the answer is a page and never a failure."""

import contextlib
from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import NoReverseMatch, reverse

from tests.catalog.rows import add_license, add_stems

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
ADMINS = sorted(admin.site._registry, key=lambda model: model._meta.label_lower)
GARBAGE = ("zzz", "9" * 30, "\x00", "-1,'☃")
DIALOG_FIELDS = ("note", "day", "limit", "verdict", "territories", "valid_from", "format", "import_file")  # fmt: skip


@pytest.fixture
def client(django_user_model, generator, tmp_path) -> Client:
    """Somebody who may do everything, where there are rows of most kinds."""
    add_license(stems=add_stems(tmp_path / "audio"), cap=5)
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
        names += [f"{inline.formset.prefix}-0-{name}" for name in inline.formset.empty_form.fields]
    return names


def list_counts(client: Client, address: str) -> dict[str, str]:
    """Return what says that each table inside a form has one new row."""
    page = client.get(address)
    inlines = (page.context or {}).get("inline_admin_formsets", ()) if page.context else ()
    counts = {"TOTAL_FORMS": "1", "INITIAL_FORMS": "0"}
    return {
        f"{inline.formset.prefix}-{name}": value
        for inline in inlines
        for name, value in counts.items()
    }


def ask_addresses(client: Client, model) -> Iterator[tuple[str, int]]:
    changelist = get_address(model, "changelist")
    page = client.get(changelist)
    filters = page.context["cl"].filter_specs if page.status_code == 200 else []
    names = {name for one in filters for name in one.expected_parameters()}
    for text in GARBAGE:
        for page in ("change", "history", "delete"):
            address = get_address(model, page, text)
            yield address, client.get(address).status_code
        for name in ("q", "p", "o", "e", "id__exact", *sorted(names)):
            yield f"{name}={text}", client.get(changelist, {name: text}, follow=True).status_code


def send_forms(client: Client, model) -> Iterator[tuple[str, int]]:
    addresses = [get_address(model, "add")]
    if (row := model._default_manager.first()) is not None:
        addresses.append(get_address(model, "change", row.pk))
    for address in addresses:
        names, counts = list_fields(client, address), list_counts(client, address)
        for text in GARBAGE:
            sent = dict.fromkeys(names, text)
            yield f"GET {address} {text}", client.get(address, sent).status_code
            yield f"POST {address} {text}", client.post(address, {**sent, **counts}).status_code
            yield (
                f"POST, counts {text}",
                client.post(address, {**sent, **dict.fromkeys(counts, text)}).status_code,
            )


def run_actions(client: Client, model) -> Iterator[tuple[str, int]]:
    address = get_address(model, "changelist")
    page = client.get(address)
    form = page.context.get("action_form") if page.context else None
    actions = [value for value, _ in form.fields["action"].choices] if form else []
    for text in GARBAGE:
        for action in {*actions, text, "delete_selected"}:
            sent = {"action": action, "_selected_action": [text, "1"], "index": "0"}
            yield f"{action} {text}", client.post(address, sent).status_code


def open_dialogs(client: Client, model) -> Iterator[tuple[str, int]]:
    row = model._default_manager.first()
    names = {path.name for path in admin.site._registry[model].get_urls() if path.name}
    prefix = f"{model._meta.app_label}_{model._meta.model_name}_"
    usual = {f"{prefix}{page}" for page in ("changelist", "add", "history", "delete", "change")}
    for name in sorted(names - usual):
        for text in GARBAGE:
            sent = {**dict.fromkeys(DIALOG_FIELDS, text), "_form_submitted": "on"}
            for key in (text, str(row.pk) if row else "1"):
                address = find_address(name, key)
                if address is None:
                    continue  # no address of this page can hold such a key
                yield f"GET {address}", client.get(address, sent).status_code
                yield f"POST {address} {text}", client.post(address, sent).status_code


def find_address(name: str, key: str) -> str | None:
    """Return the address of a page, with as many keys as it takes; None if it takes no such key."""
    for args in ([], [key], [key, key]):
        with contextlib.suppress(NoReverseMatch):
            return reverse(f"admin:{name}", args=args)
    return None


@pytest.mark.parametrize("model", ADMINS, ids=lambda model: model._meta.label_lower)
@pytest.mark.parametrize(
    "ask", [ask_addresses, send_forms, run_actions, open_dialogs], ids=lambda ask: ask.__name__
)
def test_garbage_is_answered(client, model, ask):
    assert [(asked, code) for asked, code in ask(client, model) if code >= 500] == []
