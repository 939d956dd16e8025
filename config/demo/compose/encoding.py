"""Ogg Vorbis files whose bytes depend on nothing but the samples and the encoder."""

import io
import struct
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from config.demo.compose.acoustics import SAMPLE_RATE_HZ

# libsndfile's compression level in [0, 1], 1 the most compressed: what the 4 MB that all demo audio
# may take together leave (0.95 needs 4.4 MB).
COMPRESSION_LEVEL = 1.0

# libsndfile's encoder fails on very large single writes.
WRITE_SAMPLES = 65_536

# The Ogg page header (RFC 3533, section 6): offsets and sizes in bytes.
PAGE_MAGIC = b"OggS"
SERIAL_OFFSET = 14
CHECKSUM_OFFSET = 22
SEGMENT_COUNT_OFFSET = 26
HEADER_BYTES = 27
CHECKSUM_POLYNOMIAL = 0x04C11DB7


def write_ogg(path: Path, *, samples: NDArray[np.int16]) -> None:
    """Write 16-bit samples of shape (n_samples, n_channels) as Ogg Vorbis, serial number 1."""
    buffer = io.BytesIO()
    with soundfile.SoundFile(
        buffer,
        mode="w",
        samplerate=SAMPLE_RATE_HZ,
        channels=samples.shape[1],
        format="OGG",
        subtype="VORBIS",
        compression_level=COMPRESSION_LEVEL,
    ) as file:
        for start in range(0, len(samples), WRITE_SAMPLES):
            file.write(samples[start : start + WRITE_SAMPLES])
    path.write_bytes(renumber_stream(buffer.getvalue(), serial=1))


def renumber_stream(data: bytes, *, serial: int) -> bytes:
    """Return an Ogg stream with its random serial number replaced and its checksums mended.

    Raises
    ------
    ValueError : if the data are not whole Ogg pages
    """
    pages = bytearray(data)
    table = _make_checksum_table()
    start = 0
    while start < len(pages):
        if pages[start : start + 4] != PAGE_MAGIC:
            raise ValueError(f"expected an Ogg page at byte {start}")
        segments = pages[start + SEGMENT_COUNT_OFFSET]
        body = start + HEADER_BYTES + segments
        end = body + sum(pages[start + HEADER_BYTES : body])
        struct.pack_into("<I", pages, start + SERIAL_OFFSET, serial)
        struct.pack_into("<I", pages, start + CHECKSUM_OFFSET, 0)
        checksum = 0
        for byte in pages[start:end]:
            checksum = ((checksum << 8) & 0xFFFFFFFF) ^ table[(checksum >> 24) ^ byte]
        struct.pack_into("<I", pages, start + CHECKSUM_OFFSET, checksum)
        start = end
    return bytes(pages)


def _make_checksum_table() -> tuple[int, ...]:
    """Return the table of Ogg's CRC: not reflected, starting at zero."""
    table = []
    for byte in range(256):
        value = byte << 24
        for _ in range(8):
            value = ((value << 1) ^ CHECKSUM_POLYNOMIAL if value >> 31 else value << 1) & 0xFFFFFFFF
        table.append(value)
    return tuple(table)
