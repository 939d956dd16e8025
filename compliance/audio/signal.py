"""Audio in memory: float32 samples, one or two channels, full scale at 1.0."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import soxr

Samples = npt.NDArray[np.float32]

# Every analysis runs at this rate, in Hz: the rate most catalogs are kept at.
ANALYSIS_RATE_HZ = 44_100


class InvalidSignal(Exception):
    """The samples have the wrong shape or type, or are not finite."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFacts:
    """What the decoder saw in the file."""

    container: str
    codec: str
    rate_hz: int
    channels: int
    frames: int
    file_bytes: int
    bit_rate_bps: int
    nonfinite_samples: int = 0
    is_truncated: bool = False

    @property
    def is_lossless(self) -> bool:
        """Tell whether decoding gives back the encoder's input exactly."""
        return self.codec.startswith(("pcm", "float", "double"))


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioSignal:
    """Samples with their rate.

    Attributes
    ----------
    samples : ndarray of float32, shape (n_frames, n_channels), n_channels 1 or 2, full scale 1.0
    rate_hz : int
    source : facts about the file it came from, None for audio made in memory
    """

    samples: Samples
    rate_hz: int
    source: SourceFacts | None = None

    def __post_init__(self) -> None:
        """Refuse anything but finite float32 of shape (n, 1) or (n, 2)."""
        shape = self.samples.shape
        if len(shape) != 2 or shape[1] not in {1, 2} or self.samples.dtype != np.float32:
            raise InvalidSignal(
                f"expected float32 of shape (n, 1) or (n, 2), got {self.samples.dtype} {shape}"
            )
        if self.rate_hz <= 0:
            raise InvalidSignal(f"expected a positive sample rate, got {self.rate_hz}")
        # A sum of squares is finite when all samples are, and is computed at once.
        if not np.isfinite(compute_energy(self.samples)) and not np.isfinite(self.samples).all():
            raise InvalidSignal("expected finite samples, got NaN or infinity")

    @property
    def duration_s(self) -> float:
        """Return the length in seconds."""
        return len(self.samples) / self.rate_hz

    @property
    def mid(self) -> Samples:
        """Return the mean of the channels, shape (n_frames,)."""
        return mix_channels(self.samples, 1)

    @property
    def side(self) -> Samples:
        """Return half the difference of the channels, shape (n_frames,); zeros for mono."""
        return mix_channels(self.samples, -1)

    @property
    def is_mid_heard(self) -> bool:
        """Tell whether the channels do not cancel each other in the mid."""
        if self.samples.shape[1] == 1:
            return True
        return compute_energy(self.mid) >= 0.25**2 * compute_energy(self.side)

    @property
    def mono(self) -> Samples:
        """Return the channel mix that holds the sound: the mid, or the left if the mid cancels."""
        return self.mid if self.is_mid_heard else np.ascontiguousarray(self.samples[:, 0])

    def resampled(self, rate_hz: int) -> "AudioSignal":
        """Return the signal at another rate, or itself when it has that rate already."""
        if rate_hz == self.rate_hz:
            return self
        samples = resample(self.samples, from_hz=self.rate_hz, to_hz=rate_hz)
        return AudioSignal(samples=samples, rate_hz=rate_hz, source=self.source)


def resample(samples: Samples, *, from_hz: float, to_hz: float, quality: str = "HQ") -> Samples:
    """Return samples at another rate; shape (n,) or (n, channels) is kept."""
    if from_hz == to_hz or not len(samples):
        return samples
    changed = soxr.resample(np.ascontiguousarray(samples), from_hz, to_hz, quality=quality)
    return np.asarray(changed, dtype=np.float32)


def mix_channels(samples: Samples, sign: int) -> Samples:
    """Return half the sum of the channels (sign 1: mid) or half their difference (-1: side).

    The mid of one channel is the channel, its side is silent.
    """
    if samples.shape[1] == 1:
        return samples[:, 0] if sign > 0 else np.zeros(len(samples), np.float32)
    mixed: Samples = samples @ np.array([0.5, 0.5 * sign], np.float32)
    return mixed


def compute_energy(samples: Samples) -> float:
    """Return the sum of squares."""
    flat = samples.reshape(-1)
    return float(np.dot(flat, flat))


def compute_rms(samples: Samples) -> float:
    """Return the root mean square, 0.0 for nothing."""
    if not samples.size:
        return 0.0
    return float(np.sqrt(compute_energy(samples) / samples.size))
