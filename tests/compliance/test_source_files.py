"""The catalog's audio as local files: asked for one by one, pulled where storage has no paths."""

import pytest
from django.core.files.storage import default_storage

from catalog.models import Stem
from catalog.queries.audio_sources import find_audio_source
from compliance.services.source_files import CACHE_FOLDER, CatalogFiles
from tests.songs import LICENSED, REFERENCE

pytestmark = pytest.mark.django_db


def test_local_storage_gives_the_files_themselves(grant):
    stems = CatalogFiles("stem")
    stem = Stem.objects.get(external_id=LICENSED[0])
    assert str(stems[LICENSED[0]]) == stem.audio.path
    assert stems.get("ghost") is None
    assert REFERENCE not in stems
    assert REFERENCE in CatalogFiles("reference")
    assert set(LICENSED) < set(stems)


def test_a_verification_asks_for_what_it_needs_alone(grant, django_assert_num_queries):
    stems = CatalogFiles("stem")
    with django_assert_num_queries(2):
        for _ in range(3):
            assert stems[LICENSED[0]].is_file()
            assert stems.get("ghost") is None


def test_object_storage_is_pulled_once_and_what_it_lost_is_missing(settings, request):
    backend = {"BACKEND": "tests.object_storage.ObjectStorage"}
    settings.STORAGES = settings.STORAGES | {"default": backend}
    request.getfixturevalue("grant")
    stems = CatalogFiles("stem")
    path = stems[LICENSED[0]]
    assert path.parent == settings.DATA_DIR / CACHE_FOLDER
    source = find_audio_source(kind="stem", external_id=LICENSED[0])
    assert path.read_bytes() == default_storage.open(source.file_name).read()
    default_storage.delete(source.file_name)
    assert CatalogFiles("stem")[LICENSED[0]] == path
    path.unlink()
    assert CatalogFiles("stem").get(LICENSED[0]) is None
