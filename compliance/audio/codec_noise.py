"""Codec noise, measured and not assumed: encode parts of the song again and look at the change."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import soundfile

from compliance.audio.alignment import find_delay, shift
from compliance.audio.signal import (
    ANALYSIS_RATE_HZ,
    AudioSignal,
    Samples,
    SourceFacts,
    mix_channels,
    resample,
)
from compliance.audio.spectrum import (
    FRAME_SAMPLES,
    HALF_BLOCK_FRAMES,
    HOP_SAMPLES,
    Energies,
    compute_spectrum,
    sum_band_energies,
)

# Samples around each part that let the encoder settle; odd, so that its frames fall elsewhere.
MARGIN_SAMPLES = 8821
# A song is written in pieces, as libsndfile's Vorbis encoder overflows its stack on long writes.
WRITE_FRAMES = 65_536
# Rate a codec runs at when it cannot run at the song's.
OPUS_RATE_HZ = 48_000
# Nominal kilobits per second of Vorbis qualities 0 to 10 (44.1 kHz, stereo), as libvorbis writes
# them into the file.  libsndfile's level is 1 - quality / 10.
_VORBIS_KBPS = np.array([64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 500], np.float64)
_VORBIS_LEVEL = 1 - np.arange(11) / 10


# What a second encoding adds is a little less than what the first one did.  This much, in dB, for
# mid and side.  Source: 9 DEV songs, decoded against their unencoded masters (mean of all cells):
# MP3 64/128 -0.1/-1.4, Vorbis 96 -1.0/-1.7, Opus 96 -1.2/-1.9, AAC 128 -1.8/-1.7.
CORRECTIONS_DB = {
    "mpeg_layer_iii": (0.1, 1.4),
    "vorbis": (1.0, 1.7),
    "opus": (1.2, 1.9),
    "aac": (1.8, 1.7),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CodecNoise:
    """What one more encoding adds, and the energy it adds it to.

    Attributes
    ----------
    mid, side : ndarray of float32, shape (half blocks, BAND_COUNT), energy of the noise
    song_mid, song_side : the same of the song
    """

    mid: Energies
    side: Energies
    song_mid: Energies
    song_side: Energies


class EncoderUnavailable(Exception):
    """No encoder for this codec is installed."""


def measure_codec_noise(song: AudioSignal, *, halves: Sequence[int]) -> CodecNoise:
    """Return the noise that one more encoding adds in the given half blocks.

    Parameters
    ----------
    song : the decoded song at 44.1 kHz, with its source facts
    halves : numbers of half blocks, ascending

    Raises
    ------
    EncoderUnavailable : if the song's codec cannot be encoded here
    """
    source = song.source
    if source is None:
        raise EncoderUnavailable("the song's codec is unknown")
    stretches = _join_runs(halves)
    pieces, places = [], []
    at = 0
    for first, count in stretches:
        begin = first * HALF_BLOCK_FRAMES * HOP_SAMPLES - HOP_SAMPLES - MARGIN_SAMPLES
        length = (count * HALF_BLOCK_FRAMES + 1) * HOP_SAMPLES + 2 * MARGIN_SAMPLES
        pieces.append(_cut(song.samples, begin, length))
        places.append(at + MARGIN_SAMPLES + HOP_SAMPLES)
        at += length
    original = np.concatenate(pieces)
    recoded = _encode_again(original, source)
    lag = find_delay(recoded[:, 0], original[:, 0], max_lag=6000)
    recoded = shift(recoded, -lag)[: len(original)]
    if len(recoded) < len(original):
        recoded = np.pad(recoded, ((0, len(original) - len(recoded)), (0, 0)))
    energies: dict[tuple[str, int], list[Energies]] = {}
    for (_, count), place in zip(stretches, places, strict=True):
        # The frame before the stretch belongs to it: frame t is centered at sample t * HOP.
        part = slice(place, place + count * HALF_BLOCK_FRAMES * HOP_SAMPLES + FRAME_SAMPLES)
        for name, samples in (("noise", recoded[part] - original[part]), ("song", original[part])):
            for sign in (1, -1):
                spectrum = compute_spectrum(mix_channels(samples, sign), half_blocks=count)
                energies.setdefault((name, sign), []).append(sum_band_energies(spectrum))
    for_mid, for_side = (
        np.float32(10 ** (one / 10)) for one in CORRECTIONS_DB.get(source.codec, (0.0, 0.0))
    )
    return CodecNoise(
        mid=np.concatenate(energies["noise", 1]) * for_mid,
        side=np.concatenate(energies["noise", -1]) * for_side,
        song_mid=np.concatenate(energies["song", 1]),
        song_side=np.concatenate(energies["song", -1]),
    )


def _join_runs(halves: Sequence[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for half in sorted(set(halves)):
        if runs and sum(runs[-1]) == half:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((half, 1))
    return runs


def _cut(samples: Samples, begin: int, length: int) -> Samples:
    """Return samples [begin, begin + length), zeros outside the signal."""
    piece = np.zeros((length, samples.shape[1]), np.float32)
    first, last = max(0, begin), min(len(samples), begin + length)
    if last > first:
        piece[first - begin : last - begin] = samples[first:last]
    return piece


def _encode_again(samples: Samples, source: SourceFacts) -> Samples:
    kbps = source.bit_rate_bps / 1000
    if source.container == "mp4":
        return _encode_aac(samples, source)
    if source.codec == "opus":
        level = float(np.clip((512 - kbps) / 506, 0.0, 1.0))
        return _encode_soundfile(samples, "OGG", "OPUS", level, OPUS_RATE_HZ)
    rate = source.rate_hz
    if source.codec == "vorbis":
        level = float(np.interp(np.log(kbps), np.log(_VORBIS_KBPS), _VORBIS_LEVEL))
        return _encode_soundfile(samples, "OGG", "VORBIS", level, rate)
    if source.codec.startswith("mpeg_layer"):
        highest, lowest = (320, 32) if rate >= 32_000 else (160, 8)
        level = float(np.clip((highest - kbps) / (highest - lowest), 0.0, 0.98))
        return _encode_soundfile(samples, "MP3", "MPEG_LAYER_III", level, rate)
    raise EncoderUnavailable(source.codec)


def _encode_soundfile(
    samples: Samples, container: str, codec: str, level: float, rate_hz: int
) -> Samples:
    converted = resample(samples, from_hz=ANALYSIS_RATE_HZ, to_hz=rate_hz)
    memory = io.BytesIO()
    mode = {"bitrate_mode": "CONSTANT"} if container == "MP3" else {}
    with soundfile.SoundFile(
        memory,
        "w",
        rate_hz,
        converted.shape[1],
        format=container,
        subtype=codec,
        compression_level=level,
        **mode,
    ) as file:
        for start in range(0, len(converted), WRITE_FRAMES):
            file.write(converted[start : start + WRITE_FRAMES])
    memory.seek(0)
    decoded, decoded_hz = soundfile.read(memory, dtype="float32", always_2d=True)
    return resample(decoded, from_hz=decoded_hz, to_hz=ANALYSIS_RATE_HZ)


def _encode_aac(samples: Samples, source: SourceFacts) -> Samples:
    import av  # noqa: PLC0415 - 0.1 s that few songs need

    layout = "mono" if samples.shape[1] == 1 else "stereo"
    memory = io.BytesIO()
    with av.open(memory, "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=ANALYSIS_RATE_HZ, layout=layout)
        stream.bit_rate = source.bit_rate_bps
        planar = np.ascontiguousarray(samples.T)
        for start in range(0, planar.shape[1], 1024):
            chunk = np.ascontiguousarray(planar[:, start : start + 1024])
            frame = av.AudioFrame.from_ndarray(chunk, format="fltp", layout=layout)
            frame.sample_rate = ANALYSIS_RATE_HZ
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    memory.seek(0)
    with av.open(memory, "r") as container:
        parts = [frame.to_ndarray().T for frame in container.decode(audio=0)]
    return np.ascontiguousarray(np.concatenate(parts), dtype=np.float32)
