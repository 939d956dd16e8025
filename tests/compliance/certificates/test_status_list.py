import base64
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compliance.certificates.keys import KeyRing, generate_key
from compliance.certificates.status_list import (
    LIST_SIZE,
    STATUS_LIST_TYPE,
    Status,
    decode_packed,
    encode_packed,
    pack_statuses,
    read_status_list,
    sign_status_list,
)
from compliance.certificates.tokens import InvalidToken, read_token, sign_token
from tests.compliance.certificates.samples import ISSUED_AT, STATUS_URI

KEYS = KeyRing(keys=(generate_key(),))


def test_statuses_are_packed_as_the_draft_packs_them():
    values = [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]  # the draft's example of two bits
    packed = pack_statuses({index: Status(value) for index, value in enumerate(values)}, size=12)
    assert packed == bytes([0xC9, 0x44, 0xF9])
    assert decode_packed("eNo76fITAAPfAgc") == packed
    assert decode_packed(encode_packed(packed)) == packed


@given(st.dictionaries(st.integers(0, LIST_SIZE - 1), st.sampled_from(Status), max_size=10))
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)  # machines differ
def test_a_list_says_of_every_index_what_was_put_there(statuses):
    token = sign_status_list(uri=STATUS_URI, statuses=statuses, keys=KEYS, now=ISSUED_AT)
    found = read_status_list(token=token, keys=KEYS)
    assert (found.uri, found.issued_at) == (STATUS_URI, ISSUED_AT)
    assert {index: found.get_status(index) for index in statuses} == statuses
    untouched = next(index for index in range(LIST_SIZE) if index not in statuses)
    assert found.get_status(untouched) == Status.VALID


def test_a_list_does_not_tell_how_many_certificates_there_are():
    empty = sign_status_list(uri=STATUS_URI, statuses={}, keys=KEYS, now=ISSUED_AT)
    assert len(read_status_list(token=empty, keys=KEYS).packed) * 4 == LIST_SIZE


def test_a_list_is_fresh_for_a_minute():
    token = sign_status_list(uri=STATUS_URI, statuses={}, keys=KEYS, now=ISSUED_AT)
    assert read_token(token=token, token_type=STATUS_LIST_TYPE, keys=KEYS)["ttl"] == 60


@pytest.mark.parametrize("index", [-1, LIST_SIZE])
def test_an_index_outside_the_list_is_refused(index):
    token = sign_status_list(uri=STATUS_URI, statuses={}, keys=KEYS, now=ISSUED_AT)
    with pytest.raises(InvalidToken):
        read_status_list(token=token, keys=KEYS).get_status(index)


def make_lst(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "status_list",
    [
        None,
        {},
        {"bits": 1, "lst": "eNrbuRgAAhcBXQ"},
        {"bits": 2, "lst": "not zlib"},
        {"bits": 2, "lst": make_lst(zlib.compress(bytes(LIST_SIZE)))},
        {"bits": 2, "lst": make_lst(zlib.compress(bytes(900))[:-6])},
    ],
    ids=["none", "empty", "one bit", "not zlib", "a bomb", "cut off"],
)
def test_a_signed_list_that_is_no_list_of_ours_is_refused(status_list):
    claims = {"sub": STATUS_URI, "iat": 1, "exp": 2, "ttl": 60, "status_list": status_list}
    token = sign_token(claims=claims, token_type=STATUS_LIST_TYPE, keys=KEYS)
    with pytest.raises(InvalidToken):
        read_status_list(token=token, keys=KEYS)
