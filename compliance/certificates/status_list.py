"""Status lists: how every certificate stands, two bits each, in one small signed token.

References
----------
T. Looker, P. Bastian, C. Bormann, Token Status List (TSL), draft-ietf-oauth-status-list-17, 2026. Every list has the full
length, so that it does not tell how many songs were approved.
"""

import base64
import binascii
import datetime as dt
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from compliance.certificates.keys import KeyRing
from compliance.certificates.tokens import InvalidToken, read_token, sign_token

STATUS_LIST_TYPE = "statuslist+jwt"
BITS = 2
PER_BYTE = 8 // BITS
# Certificates in one list: 32 KiB before compression, as the draft's examples have.
LIST_SIZE = 131_072
# Seconds for which a verifier may use a list, counted from `iat`. Source: a certificate must say within a minute that it ended.
LIST_TTL_S = 60
# After this time a list proves nothing any more, though a verifier that is offline may have no newer one.
LIST_LIFETIME = dt.timedelta(days=1)


class Status(IntEnum):
    """How a certificate stands. The first three as the draft defines them, ENDED is ours (0x03: application specific)."""

    VALID = 0
    REVOKED = 1
    SUSPENDED = 2
    ENDED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusList:
    """One list as read from its token: `packed` holds four statuses a byte, the first in the lowest bits."""

    uri: str
    issued_at: dt.datetime
    expires_at: dt.datetime
    packed: bytes

    def get_status(self, index: int) -> Status:
        """Return the status at an index.

        Raises
        ------
        InvalidToken : if the list is shorter
        """
        if not 0 <= index < len(self.packed) * PER_BYTE:
            raise InvalidToken(f"The status list has no index {index}.")
        return Status(self.packed[index // PER_BYTE] >> index % PER_BYTE * BITS & 0b11)


def pack_statuses(statuses: Mapping[int, Status], *, size: int = LIST_SIZE) -> bytes:
    """Return the statuses by index as bytes; who is not named is valid."""
    packed = bytearray(-(-size // PER_BYTE))
    for index, status in statuses.items():
        packed[index // PER_BYTE] |= status << index % PER_BYTE * BITS
    return bytes(packed)


def encode_packed(packed: bytes) -> str:
    """Return packed statuses as the `lst` of a token: zlib, then base64url without padding."""
    return base64.urlsafe_b64encode(zlib.compress(packed, 9)).rstrip(b"=").decode()


def decode_packed(text: str) -> bytes:
    """Return the packed statuses of an `lst`.

    Raises
    ------
    ValueError : if it is not base64url, not zlib, or longer than a list may be
    """
    try:
        unpacker = zlib.decompressobj()
        packed = unpacker.decompress(
            base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), LIST_SIZE // PER_BYTE
        )
    except (binascii.Error, zlib.error) as error:
        raise ValueError("not a compressed status list") from error
    if unpacker.unconsumed_tail or not unpacker.eof:
        raise ValueError("longer than a status list, or cut off")
    return packed


def sign_status_list(
    *, uri: str, statuses: Mapping[int, Status], keys: KeyRing, now: dt.datetime
) -> str:
    """Return the status list token for `uri` as of `now`."""
    claims = {
        "sub": uri,
        "iat": int(now.timestamp()),
        "exp": int((now + LIST_LIFETIME).timestamp()),
        "ttl": LIST_TTL_S,
        "status_list": {"bits": BITS, "lst": encode_packed(pack_statuses(statuses))},
    }
    return sign_token(claims=claims, token_type=STATUS_LIST_TYPE, keys=keys)


def read_status_list(*, token: str, keys: KeyRing) -> StatusList:
    """Return the list in a token; whether it is still young enough is the reader's to ask.

    Raises
    ------
    InvalidToken : if the token was altered, or is not a list of two bits each
    """
    claims: dict[str, Any] = read_token(token=token, token_type=STATUS_LIST_TYPE, keys=keys)
    try:
        if claims["status_list"]["bits"] != BITS:
            raise InvalidToken(f"The status list does not have {BITS} bits each.")
        return StatusList(
            uri=claims["sub"],
            issued_at=dt.datetime.fromtimestamp(claims["iat"], dt.UTC),
            expires_at=dt.datetime.fromtimestamp(claims["exp"], dt.UTC),
            packed=decode_packed(claims["status_list"]["lst"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidToken("The status list token lacks what it must say.") from error
