"""The child process that decodes: `python decoder.py FD LIMITS_JSON PATH...`.

It is run by path, so that it imports the standard library and soundfile alone (PyAV only for
AAC).  decoder_sandbox.py takes from it what a decoder never needs.  Samples go to the file
descriptor FD as interleaved float32, one file after another; for each file one JSON line goes to
standard output, so that a crash shows which file caused it.
"""

import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import Any

CHUNK_FRAMES = 65_536
# How the child ends where its libraries are missing.
UNFIT = 78  # EX_CONFIG of sysexits.h
STEREO = 2

# Magic numbers of what is read, and of known formats that are not.
CONTAINERS = {
    "wav": ((0, b"RIFF"), (8, b"WAVE")),
    "rf64": ((0, b"RF64"),),
    "flac": ((0, b"fLaC"),),
    "ogg": ((0, b"OggS"),),
    "aiff": ((0, b"FORM"),),
    "mp4": ((4, b"ftyp"),),
    "asf": ((0, b"\x30\x26\xb2\x75"),),
    "matroska": ((0, b"\x1a\x45\xdf\xa3"),),
    "flv": ((0, b"FLV"),),
    "midi": ((0, b"MThd"),),
    "amr": ((0, b"#!AMR"),),
}
UNSUPPORTED = {"asf", "matroska", "flv", "midi", "amr"}


class Refused(Exception):
    """The file is not decoded; carries a code and a text."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


def sniff_container(head: bytes) -> str:
    """Return the container named by the first bytes, '' when nothing fits."""
    for name, marks in CONTAINERS.items():
        if all(head[at : at + len(mark)] == mark for at, mark in marks):
            return name
    if head[:3] == b"ID3":
        return "mp3"
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        return "aac" if head[1] & 0xF6 == 0xF0 else "mp3"
    return ""


class Sink:
    """Writes interleaved float32 to the shared file and enforces the limits on length."""

    def __init__(self, descriptor: int, limits: dict[str, Any]) -> None:
        self.descriptor = descriptor
        self.limits = limits
        self.frames = 0
        self.rate_hz = 0
        self.channels = 0

    def open_stream(self, rate_hz: int, channels: int) -> None:
        """Check the stream's shape before anything is decoded."""
        limits = self.limits
        if not limits["min_rate_hz"] <= rate_hz <= limits["max_rate_hz"]:
            raise Refused("audio.unsupported_format", f"sample rate of {rate_hz} Hz")
        if not 1 <= channels <= limits["max_channels"]:
            raise Refused("audio.unsupported_format", f"{channels} channels")
        self.rate_hz, self.channels, self.frames = rate_hz, channels, 0

    def write(self, data: bytes | memoryview, frames: int) -> None:
        """Append frames; more than two channels are mixed down."""
        self.frames += frames
        if self.frames > self.limits["max_duration_s"] * self.rate_hz:
            limit = self.limits["max_duration_s"]
            raise Refused("audio.too_long", f"longer than the limit of {limit:g} s")
        if self.channels > STEREO:
            data = mix_down(data, self.channels)
        view = memoryview(data).cast("B")
        while view:
            view = view[os.write(self.descriptor, view) :]


def mix_down(data: bytes | memoryview, channels: int) -> bytes:
    """Return stereo of 3 to 8 interleaved channels (order of WAVE: FL FR FC LFE BL BR SL SR)."""
    import numpy as np  # noqa: PLC0415 - only files with many channels pay for it

    frames = np.frombuffer(data, np.float32).reshape(-1, channels)
    half = np.float32(0.7071)
    left, right = frames[:, 0].copy(), frames[:, 1].copy()
    for number in range(2, channels):
        one = frames[:, number] * half
        is_center = number < 4 if channels > 4 else number == 2 and channels == 3
        if is_center:
            left += one
            right += one
        elif number % 2 == 0:
            left += one
        else:
            right += one
    return np.stack([left, right], axis=1).tobytes()


def decode_with_soundfile(path: str, sink: Sink) -> dict[str, Any]:
    """Decode wav, flac, mp3, ogg and aiff, whatever the file is called."""
    import soundfile  # noqa: PLC0415 - not needed for AAC

    try:
        # A descriptor has no name that could be taken for a format; it is closed with the file.
        with soundfile.SoundFile(os.open(path, os.O_RDONLY)) as file:
            sink.open_stream(file.samplerate, file.channels)
            limit = sink.limits["max_duration_s"]
            # A header may lie: it is believed for an early refusal only when it is plausible.
            if limit * file.samplerate < file.frames < 2**48:
                raise Refused("audio.too_long", f"longer than the limit of {limit:g} s")
            facts = {"container": file.format.lower(), "codec": file.subtype.lower()}
            expected, truncated = file.frames, False
            while True:
                try:
                    data = file.buffer_read(CHUNK_FRAMES, dtype="float32")
                except (soundfile.LibsndfileError, RuntimeError, AssertionError):
                    truncated = True
                    break
                frames = len(data) // (4 * file.channels)
                if not frames:
                    break
                sink.write(data, frames)
            facts["is_truncated"] = truncated or sink.frames < min(expected, 2**48) * 0.999
    except soundfile.LibsndfileError as error:
        raise Refused("audio.unreadable", str(error.error_string)) from error
    return facts


def decode_with_av(path: str, sink: Sink) -> dict[str, Any]:
    """Decode AAC through PyAV, which reads from an open file and so knows no protocols."""
    import av  # noqa: PLC0415 - 0.1 s that few files need

    av.logging.set_level(av.logging.PANIC)
    truncated = False
    try:
        with (
            Path(path).open("rb") as file,
            av.open(file, "r", metadata_errors="ignore") as container,
        ):
            if not container.streams.audio:
                raise Refused("audio.unreadable", "no audio stream")
            stream = container.streams.audio[0]
            sink.open_stream(stream.codec_context.sample_rate, stream.codec_context.channels)
            layout = "mono" if sink.channels == 1 else "stereo"
            sink.channels = min(sink.channels, STEREO)
            resampler = av.AudioResampler(format="flt", layout=layout, rate=sink.rate_hz)
            facts: dict[str, Any] = {"container": "mp4", "codec": stream.codec_context.name}
            try:
                for frame in container.decode(stream):
                    for part in resampler.resample(frame):
                        sink.write(part.to_ndarray().tobytes(), part.samples)
            except (av.FFmpegError, ValueError):  # damaged, or it changes its shape on the way
                truncated = True
            facts["is_truncated"] = truncated
    except av.FFmpegError as error:
        raise Refused("audio.unreadable", error.strerror or "unreadable") from error
    return facts


def decode(path: str, sink: Sink) -> dict[str, Any]:
    """Decode one file into the sink and return its facts."""
    with Path(path).open("rb") as file:
        head = file.read(64)
    if not head:
        raise Refused("audio.empty", "the file is empty")
    container = sniff_container(head)
    if container in UNSUPPORTED:
        raise Refused("audio.unsupported_format", f"{container} is not supported")
    if not container:
        raise Refused("audio.unreadable", "not a known audio format")
    decode_stream = decode_with_av if container in {"mp4", "aac"} else decode_with_soundfile
    facts = decode_stream(path, sink)
    if not sink.frames:
        raise Refused("audio.empty", "the file holds no samples")
    facts["nominal_bit_rate_bps"] = read_vorbis_bit_rate(head)
    return facts


def read_vorbis_bit_rate(head: bytes) -> int:
    """Return the bit rate a Vorbis file was encoded for, 0 when it does not say."""
    start = head.find(b"\x01vorbis")
    field = head[start + 20 : start + 24]
    if start < 0 or len(field) < 4:
        return 0
    return max(0, int.from_bytes(field, "little", signed=True))


def load_sandbox() -> Any:
    """Return the module beside this one; the child has no packages of ours."""
    path = Path(__file__).with_name("decoder_sandbox.py")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(str(path))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> int:
    """Decode every path and report one JSON line for each."""
    try:
        import soundfile  # noqa: F401, PLC0415 - a library that is missing says nothing about a file

        if importlib.util.find_spec("av") is None:
            return UNFIT
    except (ImportError, OSError):
        return UNFIT
    descriptor, limits = int(sys.argv[1]), json.loads(sys.argv[2])
    load_sandbox().restrict_process(limits)
    offset = 0
    for path in sys.argv[3:]:
        sink = Sink(descriptor, limits)
        try:
            report = {
                **decode(path, sink),
                "rate_hz": sink.rate_hz,
                "channels": sink.channels,
                "frames": sink.frames,
            }
        except Refused as error:
            report = {"code": error.code, "text": str(error)}
        except MemoryError:
            report = {"code": "audio.unreadable", "text": "decoding needs too much memory"}
        except OSError as error:
            report = {"code": "audio.unreadable", "text": error.strerror or "cannot be read"}
        except (ValueError, TypeError, AssertionError) as error:  # how the wrappers refuse nonsense
            report = {"code": "audio.unreadable", "text": f"{type(error).__name__} in the decoder"}
        end = os.lseek(descriptor, 0, os.SEEK_CUR)
        report |= {"offset": offset, "bytes": end - offset}
        offset = end
        sys.stdout.write(json.dumps(report) + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
