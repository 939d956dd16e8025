"""The digest by which a certificate knows a song again in another file."""

import hashlib
from pathlib import Path

from compliance.audio.decoding import DecodingLimits, decode_audio
from compliance.audio.fingerprinting import FINGERPRINT_VERSION, compute_chromaprint
from compliance.audio.landmarks import RATE_HZ
from compliance.audio.signal import resample
from compliance.certificates.certificate import SongFingerprint


def compute_song_fingerprint(path: Path, *, limits: DecodingLimits) -> SongFingerprint:
    """Return the digest of the song's Chromaprint; the same samples in another container have the same.

    Raises
    ------
    UnreadableAudio : if the file cannot be decoded
    ChromaprintUnavailable : if libchromaprint is missing
    """
    signal = decode_audio(path, limits=limits)
    narrow = resample(signal.mono, from_hz=signal.rate_hz, to_hz=RATE_HZ)
    words = compute_chromaprint(narrow, rate_hz=RATE_HZ)
    return SongFingerprint(
        algorithm="chromaprint",
        version=FINGERPRINT_VERSION,
        sha256=hashlib.sha256(words.astype("<u4").tobytes()).hexdigest(),
    )
