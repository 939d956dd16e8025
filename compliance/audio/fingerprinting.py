"""Fingerprints of one recording: Chromaprint for identity, landmarks for search in mixes."""

import hashlib
import json
import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from compliance.audio.landmarks import (
    FRAMES_PER_S,
    RATE_HZ,
    REFERENCE_DENSITY,
    find_peaks,
    hash_peaks,
)
from compliance.audio.signal import AudioSignal, Samples, resample

# Raise with every change of what is computed here; indexes of another version are refused.
FINGERPRINT_VERSION = 1
# Seconds between two Chromaprint sub-fingerprints: 4096 samples at 11 025 Hz, overlap 2/3.
CHROMAPRINT_STEP_S = 1365 / 11_025

_MAGIC = b"CTFP"
_HEADER = struct.Struct("<4sI")


class ChromaprintUnavailable(Exception):
    """The Chromaprint library is not installed on this machine."""


class InvalidFingerprint(Exception):
    """The bytes are not a fingerprint of the current version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingFingerprint:
    """Everything the index needs to know about one recording.

    Attributes
    ----------
    chromaprint : ndarray of uint32, shape (n_steps,)
    landmark_hashes : ndarray of uint32, shape (n_landmarks,)
    landmark_frames : ndarray of int32, shape (n_landmarks,), unit 23.2 ms
    pcm_sha256 : digest of the decoded samples: equal for bit-identical recordings
    """

    chromaprint: npt.NDArray[np.uint32]
    landmark_hashes: npt.NDArray[np.uint32]
    landmark_frames: npt.NDArray[np.int32]
    duration_s: float
    pcm_sha256: str
    version: int = FINGERPRINT_VERSION

    def to_bytes(self) -> bytes:
        """Return the fingerprint as bytes: a JSON header and three little-endian arrays."""
        header = json.dumps(
            {
                "version": self.version,
                "duration_s": self.duration_s,
                "pcm_sha256": self.pcm_sha256,
                "chromaprint": len(self.chromaprint),
                "landmarks": len(self.landmark_hashes),
            }
        ).encode()
        return b"".join(
            (
                _HEADER.pack(_MAGIC, len(header)),
                header,
                self.chromaprint.astype("<u4").tobytes(),
                self.landmark_hashes.astype("<u4").tobytes(),
                self.landmark_frames.astype("<i4").tobytes(),
            )
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> "RecordingFingerprint":
        """Return the fingerprint that `to_bytes` wrote.

        Raises
        ------
        InvalidFingerprint : if the bytes are damaged or of another version
        """
        try:
            magic, size = _HEADER.unpack_from(data)
            header = json.loads(data[_HEADER.size : _HEADER.size + size])
            version = header["version"]
            counts = (header["chromaprint"], header["landmarks"], header["landmarks"])
        except (struct.error, ValueError, KeyError, TypeError) as error:
            raise InvalidFingerprint("not a fingerprint") from error
        if magic != _MAGIC or version != FINGERPRINT_VERSION:
            raise InvalidFingerprint(
                f"expected version {FINGERPRINT_VERSION}, got {version} ({magic!r})"
            )
        start = _HEADER.size + size
        if len(data) != start + 4 * sum(counts):
            raise InvalidFingerprint(f"expected {start + 4 * sum(counts)} bytes, got {len(data)}")
        words = np.frombuffer(data, "<u4", offset=start)
        chromaprint, hashes, frames = np.split(words, np.cumsum(counts)[:2])
        return cls(
            chromaprint=chromaprint.astype(np.uint32),
            landmark_hashes=hashes.astype(np.uint32),
            landmark_frames=frames.astype(np.int32),
            duration_s=float(header["duration_s"]),
            pcm_sha256=str(header["pcm_sha256"]),
        )

    @classmethod
    def of_song(cls, chromaprint: bytes, *, duration_s: float) -> "RecordingFingerprint":
        """Return the fingerprint of a finished song, which is compared as a whole and never searched for in others."""
        return cls(
            chromaprint=np.frombuffer(chromaprint, "<u4").astype(np.uint32),
            landmark_hashes=np.zeros(0, np.uint32),
            landmark_frames=np.zeros(0, np.int32),
            duration_s=duration_s,
            pcm_sha256="",
        )

    @property
    def frame_count(self) -> int:
        """Return the length in landmark frames."""
        return max(1, round(self.duration_s * FRAMES_PER_S))


def fingerprint_recording(signal: AudioSignal) -> RecordingFingerprint:
    """Return the fingerprint of a recording as it goes into the index.

    Raises
    ------
    ChromaprintUnavailable : if libchromaprint is missing
    """
    narrow = resample(signal.mono, from_hz=signal.rate_hz, to_hz=RATE_HZ)
    peaks = find_peaks(narrow, density=REFERENCE_DENSITY)
    landmarks = hash_peaks(peaks, fan=REFERENCE_DENSITY.fan)
    return RecordingFingerprint(
        chromaprint=compute_chromaprint(narrow, rate_hz=RATE_HZ),
        landmark_hashes=landmarks.hashes,
        landmark_frames=landmarks.frames,
        duration_s=round(signal.duration_s, 3),
        pcm_sha256=compute_pcm_sha256(signal),
    )


def compute_pcm_sha256(signal: AudioSignal) -> str:
    """Return the digest of the samples as 16-bit PCM, with rate and channel count."""
    pcm = np.round(np.clip(signal.samples, -1, 1) * 32767).astype("<i2")
    digest = hashlib.sha256(f"{signal.rate_hz}/{pcm.shape[1]}".encode())
    digest.update(pcm.tobytes())
    return digest.hexdigest()


def compute_song_chromaprint(song: AudioSignal) -> npt.NDArray[np.uint32]:
    """Return the raw Chromaprint of a whole song: the same samples in another container have the same.

    Raises
    ------
    ChromaprintUnavailable : if libchromaprint is missing
    """
    narrow = resample(song.mono, from_hz=song.rate_hz, to_hz=RATE_HZ)
    return compute_chromaprint(narrow, rate_hz=RATE_HZ)


def digest_chromaprint(words: npt.NDArray[np.uint32]) -> str:
    """Return the SHA-256 of a raw Chromaprint, its words little-endian, as 64 hexadecimal digits."""
    return hashlib.sha256(words.astype("<u4").tobytes()).hexdigest()


def compute_chromaprint(samples: Samples, *, rate_hz: int) -> npt.NDArray[np.uint32]:
    """Return the raw Chromaprint of mono samples, one uint32 each 0.124 s.

    Raises
    ------
    ChromaprintUnavailable : if libchromaprint is missing
    """
    try:
        import chromaprint  # noqa: PLC0415 - loads a system library, needed here only
    except ImportError as error:
        raise ChromaprintUnavailable(
            "libchromaprint is missing: install the Debian package libchromaprint1"
        ) from error
    fingerprinter = chromaprint.Fingerprinter()
    fingerprinter.start(rate_hz, 1)
    fingerprinter.feed((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    words, _ = chromaprint.decode_fingerprint(fingerprinter.finish())
    return np.array(words, np.int64).astype(np.uint32)
