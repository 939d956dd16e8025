import threading

import pytest
from django.db import connections

from catalog.models import GrantTarget, Stem
from catalog.queries.prepared import PreparedQuery, Slot
from tests.catalog.rows import add_license

pytestmark = pytest.mark.django_db
BY_NAME = PreparedQuery(
    lambda: Stem.objects.filter(external_id__in_set=Slot("names")).order_by("id").values_list("id")
)


def test_a_prepared_query_answers_for_any_set_of_values(stems):
    ids = [(stem.pk,) for stem in stems]
    assert list(BY_NAME.ask(names=["stem-1"])) == ids[:1]
    assert list(BY_NAME.ask(names={"stem-2", "stem-1", "' OR 1=1"})) == ids
    assert list(BY_NAME.ask(names=())) == []


def test_values_come_converted_and_foreign_keys_are_sets_too(stems):
    grant = add_license(stems=stems[:1])
    query = PreparedQuery(
        lambda: GrantTarget.objects.filter(stem__in_set=Slot("stems")).values_list(
            "grant__uses", "grant__valid_from"
        )
    )
    found = list(query.ask(stems=[stem.pk for stem in stems]))
    assert found == [(grant.uses, grant.valid_from)]


@pytest.mark.django_db(transaction=True)
def test_each_thread_asks_on_its_own_connection(stems):
    found = []

    def ask():
        try:
            found.extend(BY_NAME.ask(names=["stem-2"]))
        finally:
            connections.close_all()

    thread = threading.Thread(target=ask)
    list(BY_NAME.ask(names=["stem-1"]))
    thread.start()
    thread.join()
    assert found == [(stems[1].pk,)]
