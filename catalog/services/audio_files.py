"""Audio files as they come in: whether they can be read, how long they are, what is in them."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import soundfile

# Frames decoded at a time: 6 s at 44.1 kHz, so that memory stays flat whatever the length.
BLOCK_FRAMES: Final = 1 << 18
READABLE_SUFFIXES: Final = frozenset({".wav", ".flac", ".mp3", ".ogg", ".aif", ".aiff"})


class UnreadableAudio(Exception):
    """The file is not audio that can be read."""

    def __init__(self, *, path: Path, problem: str) -> None:
        """Keep what is wrong with it."""
        super().__init__(f"{path.name}: {problem}")
        self.path = path
        self.problem = problem


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioFacts:
    """What decoding a file told; `audio_sha256` is of the decoded samples, so a repackaged copy has the same."""

    audio_sha256: str
    duration_s: float
    sample_rate_hz: int
    channels: int


def compute_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def measure_audio(path: Path) -> AudioFacts:
    """Decode a file once and return what it holds.

    The digest covers the sample rate, the number of channels and every sample as a 32-bit integer, little-endian: a WAV
    and a FLAC of the same samples agree.

    Raises
    ------
    UnreadableAudio : if it cannot be decoded to the end, or holds no sample
    """
    digest = hashlib.sha256()
    n_frames = 0
    try:
        with soundfile.SoundFile(path) as sound:
            rate, channels = sound.samplerate, sound.channels
            digest.update(f"{rate} {channels}\n".encode())
            announced = len(sound)
            for block in sound.blocks(blocksize=BLOCK_FRAMES, dtype="int32", always_2d=True):
                digest.update(block.astype("<i4", copy=False).tobytes())
                n_frames += len(block)
    except (soundfile.LibsndfileError, RuntimeError, OSError) as error:
        known = ", ".join(sorted(suffix[1:] for suffix in READABLE_SUFFIXES))
        raise UnreadableAudio(
            path=path, problem=f"cannot be read as audio; expected one of {known}"
        ) from error
    if n_frames == 0:
        raise UnreadableAudio(path=path, problem="holds no audio")
    if path.suffix.lower() in (".wav", ".flac", ".aif", ".aiff") and n_frames < announced:
        raise UnreadableAudio(
            path=path, problem=f"is cut short: {n_frames} of {announced} samples are there"
        )
    return AudioFacts(
        audio_sha256=digest.hexdigest(),
        duration_s=n_frames / rate,
        sample_rate_hz=rate,
        channels=channels,
    )
