"""The messages about certificates that somebody shows."""

from typing import Any

from rest_framework import serializers

from catalog.api.strict import StrictCharField, StrictMessage
from compliance.certificates.certificate import Standing
from compliance.services.certificate_checks import AudioMatch, CertificateCheck

# Characters of a token: a song of 64 stems, each on many grants, in every country has some 40,000.
MAX_TOKEN_LENGTH = 100_000


class CertificateCheckRequest(StrictMessage):
    """A certificate, and the audio somebody holds."""

    certificate = StrictCharField(
        max_length=MAX_TOKEN_LENGTH, help_text="The token: a JWS in compact form."
    )
    audio_sha256 = serializers.RegexField(
        r"^[0-9a-fA-F]{64}$", required=False, allow_null=True,
        help_text="SHA-256 of the audio file, hexadecimal; the file itself is not needed.",
    )  # fmt: skip


class CertificateCheckReport(serializers.Serializer[Any]):
    """Whether the certificate holds now; the answer to a forged one is a report too."""

    holds = serializers.BooleanField(
        help_text="Genuine, valid now, and not about other audio: the song may be used as certified."
    )
    standing = serializers.ChoiceField(
        choices=[str(standing) for standing in Standing], allow_null=True,
        help_text="Null: not one of our certificates, or altered.",
    )  # fmt: skip
    audio = serializers.ChoiceField(choices=[str(match) for match in AudioMatch])
    problem = serializers.CharField(allow_blank=True, help_text="Why it is none of ours.")
    claims = serializers.DictField(
        allow_null=True, help_text="What is certified; the claims are in docs/certificates.md."
    )


def describe_check(check: CertificateCheck) -> dict[str, Any]:
    """Return a CertificateCheckReport."""
    return {
        "holds": check.holds,
        "standing": check.standing,
        "audio": check.audio,
        "problem": check.problem,
        "claims": check.certificate.to_claims() if check.certificate else None,
    }
