import json

import pytest

from compliance.certificates.keys import InvalidKeys, KeyRing, generate_key, parse_keys


@pytest.fixture(scope="module")
def ring() -> KeyRing:
    return KeyRing(keys=(generate_key(),)).rotate()


def test_a_ring_that_is_kept_and_read_is_the_same(ring):
    again = parse_keys(ring.to_private_text())
    assert [key.kid for key in again.keys] == [key.kid for key in ring.keys]
    assert again.signing_key.as_dict(private=True) == ring.signing_key.as_dict(private=True)


def test_what_is_published_holds_no_private_half(ring):
    assert len(ring.to_public_json()["keys"]) == 2
    assert all("d" not in key for key in ring.to_public_json()["keys"])
    with pytest.raises(InvalidKeys):
        _ = parse_keys(json.dumps(ring.to_public_json())).signing_key


def test_rotating_keeps_the_old_key_to_verify_with_and_forgets_its_private_half(ring):
    rotated = ring.rotate()
    assert [key.kid for key in rotated.keys[1:]] == [key.kid for key in ring.keys]
    assert [key.is_private for key in rotated.keys] == [True, False, False]


def test_keys_of_other_kinds_are_left_out(ring):
    mixed = {"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB"}, *ring.to_public_json()["keys"]]}
    assert len(parse_keys(json.dumps(mixed)).keys) == 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"keys": 7}',
        '{"keys": []}',
        '{"keys": [7]}',
        '{"keys": [{"kty": "OKP", "crv": "Ed448", "x": "AA"}]}',
        '{"keys": [{"kty": "OKP", "crv": "Ed25519"}]}',
        '{"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "AA"}]}',
        '{"keys": [{"kty": "EC", "crv": "Ed25519", "x": "AA"}]}',
    ],
)
def test_what_is_no_set_of_our_keys_is_refused(text):
    with pytest.raises(InvalidKeys):
        parse_keys(text)
