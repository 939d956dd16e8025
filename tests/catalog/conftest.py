"""Stems in the database, with audio in a folder of their own."""

import pytest

from tests.catalog.rows import add_stems


@pytest.fixture
def stems(db, tmp_path):
    """Two stems that wait in review."""
    return add_stems(tmp_path / "audio", 2)


@pytest.fixture
def people(django_user_model):
    """Somebody who prepares and somebody who activates."""
    return tuple(
        django_user_model.objects.create_user(username=name, is_staff=True)
        for name in ("maker", "checker")
    )
