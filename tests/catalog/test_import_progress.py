"""An import that tells how far it is."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from catalog.models import Party
from tests.catalog.test_admin import log_in

pytestmark = pytest.mark.django_db(transaction=True)
ACCEPT = {"Accept": "application/x-ndjson"}
N_ROWS = 50


@pytest.fixture
def editor(people):
    return log_in(people[0], "Catalog editors")


def send_table(client, *, text: str, headers=ACCEPT):
    file = SimpleUploadedFile("parties.csv", text.encode(), content_type="text/csv")
    form = {"import_file": file, "format": "0", "resource": ""}
    return client.post(reverse("admin:catalog_party_import"), form, headers=headers)


def read_lines(response) -> list[dict]:
    return [json.loads(line) for line in b"".join(response.streaming_content).splitlines()]


def make_table(n_rows: int) -> str:
    return "name,kind\n" + "".join(f"Party {number},person\n" for number in range(n_rows))


def find_name(page: str, field: str) -> str:
    """Return the value of a hidden field of the page."""
    tag = next(tag for tag in page.split("<input")[1:] if f'name="{field}"' in tag.split(">")[0])
    return tag.split('value="')[1].split('"')[0]


def test_rows_are_counted_while_the_table_is_tried_and_while_it_comes_in(editor, people):
    *progress, end = read_lines(send_table(editor, text=make_table(N_ROWS)))
    assert progress == [{"done": done, "of": N_ROWS} for done in (20, 40, 50)]
    assert f"{N_ROWS} new, 0 changed, 0 unchanged" in end["page"]
    assert not Party.objects.exists()

    fields = ("import_file_name", "original_file_name", "format")
    form = {field: find_name(end["page"], field) for field in fields}
    answer = editor.post(reverse("admin:catalog_party_process_import"), form, headers=ACCEPT)
    *progress, end = read_lines(answer)
    assert progress == [{"done": done, "of": N_ROWS} for done in (20, 40, 50)]
    assert end == {"location": reverse("admin:catalog_party_changelist")}
    assert Party.objects.count() == N_ROWS
    assert Party.objects.first().history.get().history_user == people[0]
    page = editor.get(end["location"]).content.decode()
    assert f"Import finished: {N_ROWS} new" in page


def test_a_wrong_row_is_named_on_the_page_at_the_end(editor):
    text = make_table(3) + "Wrong,robot\n"
    *_, end = read_lines(send_table(editor, text=text))
    assert "robot" in end["page"]
    assert "Confirm import" not in end["page"]


def test_who_may_not_import_is_refused_before_the_first_line(people):
    viewer = log_in(people[1], "Catalog viewers")
    assert send_table(viewer, text=make_table(1)).status_code == 403


def test_a_failure_is_the_last_line_and_nothing_is_imported(editor, monkeypatch):
    def fail(*_args, **_options):
        raise OSError("disk full")

    monkeypatch.setattr("catalog.exchange.resources.PartyResource.import_data", fail)
    (end,) = read_lines(send_table(editor, text=make_table(1)))
    assert "Either every row is in or none" in end["error"]


def test_a_browser_without_scripts_gets_the_page_as_ever_and_a_long_table_in_part(editor):
    page = send_table(editor, text=make_table(250), headers={}).content.decode()
    assert "250 new, 0 changed" in page
    assert page.count("Party ") < 250
    assert "and 50 rows more" in page
