"""Answer whoever shows a certificate: whether it is ours, holds now, and is about this audio."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from compliance.certificates.certificate import (
    Certificate,
    Standing,
    judge_listed_standing,
    read_certificate,
)
from compliance.certificates.status_list import Status
from compliance.certificates.tokens import InvalidToken
from compliance.models.approval import list_as
from compliance.queries import find_approval_status, is_signed_copy
from compliance.services.signing_keys import load_keys


class AudioMatch(StrEnum):
    """Whether the audio that somebody holds is the certified one."""

    SAME = "same"
    SIGNED_COPY = "signed_copy"  # the same sound, with content credentials in the file
    OTHER = "other"
    NOT_ASKED = "not_asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateCheck:
    """The answer; without a certificate the token is none of ours and `problem` says why."""

    certificate: Certificate | None
    standing: Standing | None
    audio: AudioMatch
    problem: str = ""

    @property
    def holds(self) -> bool:
        """Whether the audio may be used as the certificate says, as far as was asked."""
        return self.standing == Standing.VALID and self.audio != AudioMatch.OTHER


def check_certificate(
    *, token: str, audio_sha256: str | None, now: dt.datetime
) -> CertificateCheck:
    """Return how a certificate stands now, by the approval itself and not by a list made before.

    A genuine token that no approval here has (another database with the same keys) is reported as none of ours.
    """
    not_asked = AudioMatch.NOT_ASKED
    try:
        certificate = read_certificate(token=token, keys=load_keys())
    except InvalidToken as error:
        return CertificateCheck(
            certificate=None, standing=None, audio=not_asked, problem=str(error)
        )
    found = find_approval_status(public_id=certificate.approval, token=token)
    if found is None:
        problem = f"No approval {certificate.approval} has this certificate."
        return CertificateCheck(certificate=None, standing=None, audio=not_asked, problem=problem)
    status, valid_to = found
    listed: Status = list_as(status=status, is_over=now >= valid_to)
    return CertificateCheck(
        certificate=certificate,
        standing=judge_listed_standing(certificate=certificate, status=listed, now=now),
        audio=_match_audio(certificate, audio_sha256),
    )


def _match_audio(certificate: Certificate, audio_sha256: str | None) -> AudioMatch:
    if audio_sha256 is None:
        return AudioMatch.NOT_ASKED
    sha256 = audio_sha256.lower()
    if sha256 == certificate.audio_sha256:
        return AudioMatch.SAME
    is_copy = is_signed_copy(approval=certificate.approval, file_sha256=sha256)
    return AudioMatch.SIGNED_COPY if is_copy else AudioMatch.OTHER
