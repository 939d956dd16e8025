import datetime as dt
import string
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.certificates.certificate import (
    CERTIFICATE_TYPE,
    Standing,
    judge_standing,
    read_certificate,
    sign_certificate,
)
from compliance.certificates.keys import KeyRing, generate_key
from compliance.certificates.status_list import (
    STATUS_LIST_TYPE,
    Status,
    StatusList,
    pack_statuses,
)
from compliance.certificates.tokens import InvalidToken, read_token, sign_token
from tests.compliance.certificates.samples import ISSUED_AT, STATUS_URI, make_certificate

KEYS = KeyRing(keys=(generate_key(),))
TOKEN = sign_certificate(certificate=make_certificate(), keys=KEYS)
LATER = ISSUED_AT + dt.timedelta(days=1)


def make_list(status: Status, **changes) -> StatusList:
    fields = {
        "uri": STATUS_URI,
        "issued_at": LATER,
        "expires_at": LATER + dt.timedelta(days=1),
        "packed": pack_statuses({5: status}, size=8),
    }
    return StatusList(**fields | changes)


def test_a_certificate_reads_back_as_it_was_signed():
    assert read_certificate(token=TOKEN, keys=KEYS) == make_certificate()


def test_a_song_without_a_measurement_has_no_fingerprint():
    bare = make_certificate(fingerprint=None, engine_version=None)
    token = sign_certificate(certificate=bare, keys=KEYS)
    assert read_certificate(token=token, keys=KEYS) == bare


@given(
    position=st.integers(0, len(TOKEN) - 1),
    letter=st.sampled_from(string.ascii_letters + string.digits + "-_.=+/ \n\u00e9"),
)
@settings(deadline=None)
def test_any_altered_character_is_refused(position, letter):
    altered = TOKEN[:position] + letter + TOKEN[position + 1 :]
    if altered != TOKEN:
        with pytest.raises(InvalidToken):
            read_certificate(token=altered, keys=KEYS)


@pytest.mark.parametrize("position", range(len(TOKEN) - 2, len(TOKEN)))
def test_not_even_the_unused_bits_of_the_last_characters_may_differ(position):
    for letter in string.ascii_letters + string.digits + "-_":
        altered = TOKEN[:position] + letter + TOKEN[position + 1 :]
        if altered != TOKEN:
            with pytest.raises(InvalidToken):
                read_certificate(token=altered, keys=KEYS)


@given(st.text())
@settings(deadline=None)
def test_any_other_text_is_refused(text):
    with pytest.raises(InvalidToken):
        read_certificate(token=text, keys=KEYS)


@pytest.mark.parametrize("cut", [1, 10, 86, 87, 200])
def test_a_token_that_was_cut_off_is_refused(cut):
    with pytest.raises(InvalidToken):
        read_certificate(token=TOKEN[:-cut], keys=KEYS)


def test_a_key_that_is_not_published_signs_nothing():
    forged = sign_certificate(certificate=make_certificate(), keys=KeyRing(keys=(generate_key(),)))
    with pytest.raises(InvalidToken, match="not in the key set"):
        read_certificate(token=forged, keys=KEYS)


def test_a_certificate_signed_before_a_rotation_still_verifies():
    rotated = KEYS.rotate()
    assert read_certificate(token=TOKEN, keys=rotated) == make_certificate()
    fresh = sign_certificate(certificate=make_certificate(), keys=rotated)
    with pytest.raises(InvalidToken):
        read_certificate(token=fresh, keys=KEYS)


def test_a_token_of_another_type_is_no_certificate():
    claims = read_token(token=TOKEN, token_type=CERTIFICATE_TYPE, keys=KEYS)
    other = sign_token(claims=claims, token_type=STATUS_LIST_TYPE, keys=KEYS)
    with pytest.raises(InvalidToken, match="type"):
        read_certificate(token=other, keys=KEYS)


@pytest.mark.parametrize("name", sorted(make_certificate().to_claims()))
def test_a_certificate_that_lacks_a_claim_is_refused(name):
    claims = make_certificate().to_claims()
    del claims[name]
    token = sign_token(claims=claims, token_type=CERTIFICATE_TYPE, keys=KEYS)
    with pytest.raises(InvalidToken, match="lacks"):
        read_certificate(token=token, keys=KEYS)


@pytest.mark.parametrize(
    ("status", "standing"),
    [
        (Status.VALID, Standing.VALID),
        (Status.REVOKED, Standing.REVOKED),
        (Status.SUSPENDED, Standing.SUSPENDED),
        (Status.ENDED, Standing.ENDED),
    ],
)
def test_the_status_list_says_how_a_certificate_stands(status, standing):
    found = judge_standing(certificate=make_certificate(), statuses=make_list(status), now=LATER)
    assert found == standing


@pytest.mark.parametrize(
    ("offset", "standing"),
    [
        (dt.timedelta(seconds=-1), Standing.NOT_YET_VALID),
        (dt.timedelta(0), Standing.VALID),
        (dt.timedelta(days=90, seconds=-1), Standing.VALID),
        (dt.timedelta(days=90), Standing.ENDED),
    ],
)
def test_without_a_list_its_own_period_counts(offset, standing):
    now = ISSUED_AT + offset
    assert judge_standing(certificate=make_certificate(), statuses=None, now=now) == standing


def test_a_valid_entry_does_not_prolong_the_period():
    certificate = replace(make_certificate(), valid_to=LATER)
    found = judge_standing(certificate=certificate, statuses=make_list(Status.VALID), now=LATER)
    assert found == Standing.ENDED


@pytest.mark.parametrize(
    "changes",
    [
        {"uri": "https://cleartone.example/api/v1/status-lists/1"},
        {"expires_at": LATER},
        {"issued_at": LATER + dt.timedelta(hours=1)},
        {"packed": b"\0"},
    ],
    ids=["another list", "too old", "from the future", "too short"],
)
def test_a_list_that_proves_nothing_is_refused(changes):
    statuses = make_list(Status.VALID, **changes)
    with pytest.raises(InvalidToken):
        judge_standing(certificate=make_certificate(), statuses=statuses, now=LATER)
