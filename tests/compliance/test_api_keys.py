import datetime as dt

import pytest

from compliance.models import ApiKey
from compliance.services.api_keys import (
    ApiKeyRefused,
    authenticate_api_key,
    revoke_api_key,
    rotate_api_key,
)
from compliance.services.generators import get_or_create_sandbox
from tests.conftest import make_generator, make_key

pytestmark = pytest.mark.django_db


def test_a_key_opens_and_is_stored_only_as_a_hash(generator, now):
    row, key = make_key(generator)
    assert authenticate_api_key(key=key, now=now).generator == generator
    stored = ApiKey.objects.values().get(pk=row.pk)
    assert key not in str(stored)
    assert key[len(row.prefix) :] not in str(stored)


@pytest.mark.parametrize(
    "wrong", ["", "ctk_", "ctk_unknown0000", "Bearer"], ids=["empty", "prefix", "unknown", "word"]
)
def test_an_unknown_key_is_refused(generator, now, wrong):
    make_key(generator)
    with pytest.raises(ApiKeyRefused, match="not known"):
        authenticate_api_key(key=wrong, now=now)


def test_a_key_with_one_character_changed_is_refused(generator, now):
    _, key = make_key(generator)
    changed = key[:-1] + ("A" if key[-1] != "A" else "B")
    with pytest.raises(ApiKeyRefused, match="not known"):
        authenticate_api_key(key=changed, now=now)


def test_an_expired_key_is_refused_from_its_last_moment_on(generator, now):
    _, key = make_key(generator, expires_at=now)
    authenticate_api_key(key=key, now=now - dt.timedelta(seconds=1))
    with pytest.raises(ApiKeyRefused, match="expired"):
        authenticate_api_key(key=key, now=now)


def test_a_revoked_key_is_refused_and_another_one_still_opens(generator, now):
    row, revoked = make_key(generator)
    _, other = make_key(generator)
    revoke_api_key(api_key=row, by="tests", now=now)
    with pytest.raises(ApiKeyRefused, match="revoked"):
        authenticate_api_key(key=revoked, now=now)
    assert authenticate_api_key(key=other, now=now)


def test_every_key_of_an_inactive_generator_is_refused(now):
    generator = make_generator()
    _, key = make_key(generator)
    generator.is_active = False
    generator.save()
    with pytest.raises(ApiKeyRefused, match="inactive"):
        authenticate_api_key(key=key, now=now)


def test_a_replaced_key_and_its_successor_work_together_for_the_overlap(generator, now):
    row, old = make_key(generator, scopes=["catalog:read"])
    successor, new = rotate_api_key(api_key=row, by="tests", now=now, overlap=dt.timedelta(hours=1))
    assert (successor.scopes, successor.label) == (["catalog:read"], row.label)
    for key in (old, new):
        assert authenticate_api_key(key=key, now=now + dt.timedelta(minutes=59))
    with pytest.raises(ApiKeyRefused, match="expired"):
        authenticate_api_key(key=old, now=now + dt.timedelta(hours=1))
    assert authenticate_api_key(key=new, now=now + dt.timedelta(days=900))


def test_a_key_that_has_ended_has_no_successor(generator, now):
    expired, _ = make_key(generator, expires_at=now)
    revoked, _ = make_key(generator)
    revoke_api_key(api_key=revoked, by="tests", now=now)
    for row in (expired, revoked):
        with pytest.raises(ApiKeyRefused, match="has ended"):
            rotate_api_key(api_key=row, by="tests", now=now)


def test_a_generator_has_one_sandbox(generator):
    sandbox = get_or_create_sandbox(generator=generator, by="tests")
    assert sandbox.is_sandbox
    assert not generator.is_sandbox
    assert get_or_create_sandbox(generator=generator, by="tests") == sandbox
