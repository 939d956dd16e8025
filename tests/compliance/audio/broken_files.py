"""Hundreds of broken audio files, made from one good file of each format: seeded, so that a failure can be repeated."""

import io
import struct
from collections.abc import Iterator
from functools import cache

import av
import numpy as np

from tests.compliance.audio.sounds import RATE_HZ, encode_sound, make_stem

SECONDS = 2.0
FORMATS = ("wav", "flac", "mp3", "ogg", "opus", "m4a")
# What files begin with, for bytes that mean nothing behind it.
MAGICS = {
    "wav": b"RIFF\x24\x10\0\0WAVEfmt ", "rf64": b"RF64\xff\xff\xff\xffWAVEds64", "flac": b"fLaC\0\0\0\x22",
    "mp3": b"\xff\xfb\x90\x64", "id3": b"ID3\x04\0\0\0\0\x0f\x76", "ogg": b"OggS\0\x02", "aiff": b"FORM\0\0\x10\0AIFFCOMM",
    "m4a": b"\0\0\0\x20ftypM4A \0\0\x02\0isomiso2", "aac": b"\xff\xf1\x50\x80",
}  # fmt: skip
EXTREMES = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\x80", b"\1\0\0\0")


@cache
def make_good_file(name: str) -> bytes:
    """Return two seconds of music in a format."""
    signal = make_stem(4, seconds=SECONDS)
    if name in {"opus", "m4a"}:
        return _encode_with_av(signal.samples, name)
    options = {
        "wav": ("WAV", "PCM_16"), "flac": ("FLAC", "PCM_16"), "mp3": ("MP3", "MPEG_LAYER_III"), "ogg": ("OGG", "VORBIS"),
    }  # fmt: skip
    container, subtype = options[name]
    return encode_sound(signal, container=container, subtype=subtype)


def _encode_with_av(samples: np.ndarray, name: str) -> bytes:
    codec, container, rate = {
        "opus": ("libopus", "ogg", 48_000), "m4a": ("aac", "mp4", RATE_HZ),
    }[name]  # fmt: skip
    target = io.BytesIO()
    with av.open(target, "w", format=container) as file:
        stream = file.add_stream(codec, rate=rate, layout="stereo")
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.T), "fltp", "stereo")
        frame.sample_rate = RATE_HZ
        resampler = av.AudioResampler(
            format=stream.format.name,
            layout="stereo",
            rate=rate,
            frame_size=stream.frame_size or 960,
        )
        for part in (*resampler.resample(frame), *resampler.resample(None)):
            file.mux(stream.encode(part))
        file.mux(stream.encode(None))
    return target.getvalue()


def find_structures(content: bytes, name: str) -> list[int]:
    """Return where the chunks, blocks, pages, frames or boxes of a file start."""
    if name == "wav":
        return list(_walk_chunks(content))
    if name == "m4a":
        return sorted(_walk_boxes(content, 0, len(content)))
    marks = {"flac": b"\xff\xf8", "mp3": content[:2], "ogg": b"OggS", "opus": b"OggS"}
    found, at = [], content.find(marks[name])
    while at >= 0:
        found.append(at)
        at = content.find(marks[name], at + 1)
    if name == "flac":
        at = 4
        while at < found[0]:
            found.append(at)
            at += 4 + int.from_bytes(content[at + 1 : at + 4], "big")
    return sorted(found)


def _walk_chunks(content: bytes) -> Iterator[int]:
    at = 12
    while at + 8 <= len(content):
        yield at
        at += 8 + struct.unpack_from("<I", content, at + 4)[0]


def _walk_boxes(content: bytes, start: int, end: int) -> Iterator[int]:
    holders = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"dinf", b"udta"}
    while start + 8 <= end:
        size = struct.unpack_from(">I", content, start)[0]
        yield start
        if content[start + 4 : start + 8] in holders:
            yield from _walk_boxes(content, start + 8, start + size)
        start += max(size, 8)


def make_broken_files(*, per_kind: int) -> Iterator[tuple[str, bytes]]:
    """Yield (name, content): truncated, flipped, overwritten and spliced files, and bytes that mean nothing."""
    for name in FORMATS:
        rng = np.random.default_rng(FORMATS.index(name))
        good = make_good_file(name)
        structures = find_structures(good, name)
        assert len(structures) > 1, name
        for at in _choose(structures, per_kind):
            for cut in (at, at + 3, at + 9):
                yield f"{name} cut at {cut}", good[:cut]
        for number in range(per_kind):
            flipped = bytearray(good)
            # Half of the flips hit the first structures, where the facts stand.
            reach = min(200, len(good)) if number % 2 else len(good)
            for place in rng.integers(4, reach, 1 + number % 8):
                flipped[place] ^= 1 << int(rng.integers(8))
            yield f"{name} flip {number}", bytes(flipped)
        for number, at in enumerate(_choose(range(4, min(120, len(good) - 4), 4), per_kind)):
            extreme = EXTREMES[number % len(EXTREMES)]
            yield f"{name} field {at}", good[:at] + extreme + good[at + 4 :]
        half = len(good) // 2
        yield f"{name} without its middle", good[: half // 2] + good[half:]
        yield f"{name} twice", good + good
        yield f"{name} then noise", good[:half] + rng.bytes(half)
        other = make_good_file(FORMATS[(FORMATS.index(name) + 1) % len(FORMATS)])
        yield f"{name} then another format", good[:half] + other[len(other) // 2 :]
    rng = np.random.default_rng(99)
    for name, magic in MAGICS.items():
        for number in range(max(1, per_kind // 4)):
            yield f"{name} magic, noise {number}", magic + rng.bytes(10 ** (1 + number % 4))


def _choose(places: range | list[int], count: int) -> list[int]:
    """Return at most `count` places, the first ones and then evenly spread ones."""
    first = list(places[: count // 2])
    rest = list(places[count // 2 :])
    left = count - len(first)
    return first + rest[:: max(1, len(rest) // max(left, 1))][:left]
