"""Signed tokens: JWS in compact form (RFC 7515), typed, signed with EdDSA."""

import copy
import json
from collections.abc import Mapping
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError

from compliance.certificates.keys import ALGORITHM, KeyRing


class InvalidToken(Exception):
    """The token is not one of ours, not of this type, or altered."""


class _OneAlgorithm(jws.JWSRegistry):
    """EdDSA and nothing else, without joserfc's warning about its name on every call (see keys.ALGORITHM)."""

    algorithms = {ALGORITHM: copy.copy(jws.JWSRegistry.algorithms[ALGORITHM])}


_OneAlgorithm.algorithms[ALGORITHM].security_warning = None


def sign_token(*, claims: Mapping[str, Any], token_type: str, keys: KeyRing) -> str:
    """Return the claims as a signed token.

    Raises
    ------
    InvalidKeys : if the ring cannot sign
    """
    key = keys.signing_key
    header = {"alg": ALGORITHM, "kid": key.kid, "typ": token_type}
    payload = json.dumps(claims, separators=(",", ":"), ensure_ascii=False)
    return jws.serialize_compact(
        header, payload, key, registry=_OneAlgorithm(algorithms=[ALGORITHM])
    )


def read_token(*, token: str, token_type: str, keys: KeyRing) -> dict[str, Any]:
    """Return the claims of a token that one of the keys signed.

    Raises
    ------
    InvalidToken : if it is malformed, of another type, signed with an unknown key, or altered
    """
    try:
        unverified = jws.extract_compact(token.encode("ascii")).headers()
    except (JoseError, ValueError) as error:
        raise InvalidToken("The token is malformed.") from error
    if set(unverified) != {"alg", "kid", "typ"} or unverified["typ"] != token_type:
        raise InvalidToken(f"The token is not of the type {token_type}.")
    key = keys.find_key(unverified["kid"])
    if key is None:
        raise InvalidToken("The token was signed with a key that is not in the key set.")
    registry = _OneAlgorithm(algorithms=[ALGORITHM])
    try:
        claims = json.loads(jws.deserialize_compact(token, key, registry=registry).payload)
    except (JoseError, ValueError) as error:
        raise InvalidToken("The signature does not fit: the token was altered.") from error
    if not isinstance(claims, dict):
        raise InvalidToken("The token does not hold claims.")
    return claims
