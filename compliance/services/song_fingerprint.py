"""The digest by which a certificate knows a song again in another file."""

from pathlib import Path

from compliance.audio.decoding import DecodingLimits, decode_audio
from compliance.audio.fingerprinting import (
    FINGERPRINT_VERSION,
    compute_song_chromaprint,
    digest_chromaprint,
)
from compliance.certificates.certificate import SongFingerprint


def describe_fingerprint(chromaprint_sha256: str) -> SongFingerprint:
    """Return what a certificate says of a digest that the verification has computed on its way."""
    return SongFingerprint(
        algorithm="chromaprint", version=FINGERPRINT_VERSION, sha256=chromaprint_sha256
    )


def compute_song_fingerprint(path: Path, *, limits: DecodingLimits) -> SongFingerprint:
    """Return the same for a file of somebody who asks whether a certificate is about it.

    Raises
    ------
    UnreadableAudio : if the file cannot be decoded
    ChromaprintUnavailable : if libchromaprint is missing
    """
    chromaprint = compute_song_chromaprint(decode_audio(path, limits=limits))
    return describe_fingerprint(digest_chromaprint(chromaprint))
