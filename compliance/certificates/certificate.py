"""The certificate of one approved song: what it says, and how it stands at a moment."""

import datetime as dt
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from compliance.certificates.keys import KeyRing
from compliance.certificates.status_list import Status, StatusList
from compliance.certificates.tokens import InvalidToken, read_token, sign_token

CERTIFICATE_TYPE = "cleartone-certificate+jwt"
# How far the clocks of service and verifier may differ.
MAX_CLOCK_SKEW = dt.timedelta(minutes=5)


class Standing(StrEnum):
    """How a certificate stands."""

    VALID = "valid"
    NOT_YET_VALID = "not_yet_valid"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class CertifiedGrant:
    """A grant that a stem rests on."""

    id: int
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CertifiedStem:
    """A stem of the song."""

    stem: str
    grants: tuple[CertifiedGrant, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SongFingerprint:
    """Digest of the song's Chromaprint: equal for the same samples in another file."""

    algorithm: str
    version: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What is certified: this audio may be used so, in [valid_from, valid_to). Times are whole seconds, UTC."""

    issuer: str
    approval: str
    submission: str
    audio_sha256: str
    fingerprint: SongFingerprint | None
    stems: tuple[CertifiedStem, ...]
    territories: tuple[str, ...]
    uses: tuple[str, ...]
    issued_at: dt.datetime
    valid_from: dt.datetime
    valid_to: dt.datetime
    rights_policy: str
    engine_version: str | None
    status_uri: str
    status_index: int

    def to_claims(self) -> dict[str, Any]:
        """Return the claims: registered names (RFC 7519) where there are some."""
        return {
            "iss": self.issuer,
            "iat": int(self.issued_at.timestamp()),
            "nbf": int(self.valid_from.timestamp()),
            "exp": int(self.valid_to.timestamp()),
            "jti": self.approval,
            "sub": self.audio_sha256,
            "submission": self.submission,
            "fingerprint": asdict(self.fingerprint) if self.fingerprint else None,
            "stems": [asdict(stem) for stem in self.stems],
            "territories": list(self.territories),
            "uses": list(self.uses),
            "versions": {"rights_policy": self.rights_policy, "engine": self.engine_version},
            "status": {"status_list": {"uri": self.status_uri, "idx": self.status_index}},
        }


def sign_certificate(*, certificate: Certificate, keys: KeyRing) -> str:
    """Return the certificate as a signed token.

    Raises
    ------
    InvalidKeys : if the ring cannot sign
    """
    return sign_token(claims=certificate.to_claims(), token_type=CERTIFICATE_TYPE, keys=keys)


def read_certificate(*, token: str, keys: KeyRing) -> Certificate:
    """Return the certificate in a token that one of the keys signed; ask `judge_standing` whether it holds.

    Raises
    ------
    InvalidToken : if the token is not a certificate of these keys, or altered
    """
    claims = read_token(token=token, token_type=CERTIFICATE_TYPE, keys=keys)
    try:
        place = claims["status"]["status_list"]
        fingerprint = claims["fingerprint"]
        return Certificate(
            issuer=claims["iss"],
            approval=claims["jti"],
            submission=claims["submission"],
            audio_sha256=claims["sub"],
            fingerprint=SongFingerprint(**fingerprint) if fingerprint else None,
            stems=tuple(
                CertifiedStem(
                    stem=stem["stem"],
                    grants=tuple(CertifiedGrant(**grant) for grant in stem["grants"]),
                )
                for stem in claims["stems"]
            ),
            territories=tuple(claims["territories"]),
            uses=tuple(claims["uses"]),
            issued_at=dt.datetime.fromtimestamp(claims["iat"], dt.UTC),
            valid_from=dt.datetime.fromtimestamp(claims["nbf"], dt.UTC),
            valid_to=dt.datetime.fromtimestamp(claims["exp"], dt.UTC),
            rights_policy=claims["versions"]["rights_policy"],
            engine_version=claims["versions"]["engine"],
            status_uri=place["uri"],
            status_index=place["idx"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidToken("The certificate lacks what it must say.") from error


def judge_standing(
    *, certificate: Certificate, statuses: StatusList | None, now: dt.datetime
) -> Standing:
    """Return how a certificate stands: by its own period, and by a status list if there is one.

    Raises
    ------
    InvalidToken : if the list is not the one the certificate names, or too old to prove anything
    """
    if statuses is not None:
        if statuses.uri != certificate.status_uri:
            raise InvalidToken(
                f"The status list is {statuses.uri}; the certificate names {certificate.status_uri}."
            )
        if statuses.issued_at > now + MAX_CLOCK_SKEW or statuses.expires_at <= now:
            raise InvalidToken(
                f"The status list of {statuses.issued_at:%F %T} UTC proves nothing now."
            )
        status = statuses.get_status(certificate.status_index)
        return judge_listed_standing(certificate=certificate, status=status, now=now)
    return judge_listed_standing(certificate=certificate, status=Status.VALID, now=now)


def judge_listed_standing(
    *, certificate: Certificate, status: Status, now: dt.datetime
) -> Standing:
    """Return how a certificate stands: by what is known of its status, then by its own period."""
    match status:
        case Status.REVOKED:
            return Standing.REVOKED
        case Status.SUSPENDED:
            return Standing.SUSPENDED
        case Status.ENDED:
            return Standing.ENDED
        case Status.VALID:
            pass
    if now >= certificate.valid_to:
        return Standing.ENDED
    return Standing.NOT_YET_VALID if now < certificate.valid_from else Standing.VALID
