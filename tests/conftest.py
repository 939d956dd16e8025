"""What every test shares: a storage of its own, a generator with a key, a caller."""

from pathlib import Path

import pytest
from django.core.cache import cache
from django.db.backends.sqlite3.base import DatabaseOperations as SqliteOperations
from django.utils import timezone
from rest_framework.test import APIClient

from compliance.models.generator import ApiKey, Generator, list_all_scopes
from compliance.services.api_keys import issue_api_key
from tests.songs import clearance, grant  # noqa: F401 - fixtures of every folder


@pytest.fixture(autouse=True)
def _own_storage(settings, tmp_path: Path) -> None:
    """Keep files of one test away from every other."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.DATA_DIR = tmp_path / "data"
    cache.clear()


@pytest.fixture(autouse=True, scope="session")
def _flush_past_triggers() -> None:
    """Let the flush after a transactional test empty tables on SQLite whose triggers forbid it.

    PostgreSQL truncates, which fires no row trigger.
    """
    operations = SqliteOperations
    flush = operations.execute_sql_flush

    def flush_without_triggers(self, sql_list) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            triggers = cursor.fetchall()
            for name, _ in triggers:
                cursor.execute(f'DROP TRIGGER "{name}"')
        flush(self, sql_list)
        with self.connection.cursor() as cursor:
            for _, sql in triggers:
                cursor.execute(sql)

    operations.execute_sql_flush = flush_without_triggers


@pytest.fixture
def now():
    return timezone.now()


def make_generator(name: str = "Songsmith") -> Generator:
    return Generator.objects.create(name=name)


def make_key(generator: Generator, **changes) -> tuple[ApiKey, str]:
    fields = {"label": "tests", "scopes": list_all_scopes(), "by": "tests", **changes}
    return issue_api_key(generator=generator, **fields)


def make_client(key: str | None) -> APIClient:
    client = APIClient()
    if key is not None:
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    return client


@pytest.fixture
def generator(db) -> Generator:
    return make_generator()


@pytest.fixture
def api(generator) -> APIClient:
    """A caller with a key that may do everything a generator does."""
    return make_client(make_key(generator)[1])
