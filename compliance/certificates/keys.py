"""Signing keys: Ed25519, kept and published as JSON Web Keys (RFC 7517, RFC 8037)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

# RFC 8037. RFC 9864 has named it anew ("Ed25519"), but few verifiers know that name yet.
ALGORITHM = "EdDSA"
CURVE: Final = "Ed25519"


class InvalidKeys(Exception):
    """The text is not a JWK Set of Ed25519 keys, or lacks what it is needed for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRing:
    """Keys, newest first. The first one signs if its private half is there; all of them verify."""

    keys: tuple[OKPKey, ...]

    @property
    def signing_key(self) -> OKPKey:
        """Return the key that signs.

        Raises
        ------
        InvalidKeys : if the ring holds public keys alone
        """
        if not self.keys or not self.keys[0].is_private:
            raise InvalidKeys("expected the first key of the set to hold its private half (d)")
        return self.keys[0]

    def find_key(self, kid: str) -> OKPKey | None:
        """Return the key with this id, or None."""
        return next((key for key in self.keys if key.kid == kid), None)

    def rotate(self) -> "KeyRing":
        """Return a ring with a new signing key; of the old keys only the public halves are left."""
        old = (import_key(key.as_dict(private=False)) for key in self.keys)
        return KeyRing(keys=(generate_key(), *old))

    def to_public_json(self) -> dict[str, Any]:
        """Return the JWK Set to publish."""
        return {"keys": [key.as_dict(private=False) for key in self.keys]}

    def to_private_text(self) -> str:
        """Return the ring as it is kept: whoever reads it can sign."""
        return (
            json.dumps(
                {"keys": [key.as_dict(private=key.is_private) for key in self.keys]}, indent=1
            )
            + "\n"
        )


def generate_key() -> OKPKey:
    """Return a new signing key; its id is its thumbprint (RFC 7638)."""
    return OKPKey.generate_key(CURVE, {"use": "sig", "alg": ALGORITHM}, auto_kid=True)


def import_key(data: Mapping[str, Any]) -> OKPKey:
    """Return the key in a JWK.

    Raises
    ------
    InvalidKeys : if it is not an Ed25519 key
    """
    if not isinstance(data, dict) or (data.get("kty"), data.get("crv")) != ("OKP", CURVE):
        raise InvalidKeys(f"expected a JWK with kty OKP and crv {CURVE}")
    try:
        key = OKPKey.import_key(data, {"use": "sig", "alg": ALGORITHM})
        key.ensure_kid()
        _ = key.raw_value  # decodes the key: a wrong length shows here
    except (JoseError, ValueError, TypeError) as error:
        raise InvalidKeys(f"a JWK cannot be read: {error}") from error
    return key


def parse_keys(text: str) -> KeyRing:
    """Return the keys of a JWK Set; keys of other kinds, which other services may publish beside ours, are left out.

    Raises
    ------
    InvalidKeys : if it is no JWK Set, or holds no Ed25519 key
    """
    try:
        found = json.loads(text)["keys"]
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidKeys('expected a JWK Set: {"keys": [...]}') from error
    if not isinstance(found, list):
        raise InvalidKeys('expected a JWK Set: {"keys": [...]}')
    ours = [key for key in found if isinstance(key, dict) and key.get("crv") == CURVE]
    if not ours:
        raise InvalidKeys(f"the JWK Set holds no {CURVE} key")
    return KeyRing(keys=tuple(import_key(key) for key in ours))
