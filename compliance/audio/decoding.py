"""Decode untrusted audio files in a child process with limits on time, memory and output."""

import json
import mmap
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from compliance.audio.decoder import UNFIT
from compliance.audio.signal import AudioSignal, Samples, SourceFacts

DECODER = Path(__file__).with_name("decoder.py")
# Louder samples (float files know no full scale) are clipped here: +18 dBFS.
MAX_SAMPLE = 8.0
# What the child may say about one file.
MAX_REPORT_BYTES = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodingLimits:
    """What a decoder may use, and how long and wide a recording may be."""

    min_duration_s: float = 1.0
    max_duration_s: float = 900.0
    min_rate_hz: int = 8_000
    max_rate_hz: int = 192_000
    max_channels: int = 8
    cpu_s: int = 60
    wall_s: float = 120.0
    memory_bytes: int = 1_500_000_000
    # 15 minutes of stereo float32 at 192 kHz is 1.4 GB; the cap is on one child's whole output.
    output_bytes: int = 2_000_000_000


class UnreadableAudio(Exception):
    """A file could not be decoded within the limits; `code` says why, `text` explains it."""

    def __init__(self, *, path: Path, code: str, text: str) -> None:
        """Keep the facts; the path is for logs only and not part of the text."""
        super().__init__(f"{code}: {text}")
        self.path = path
        self.code = code
        self.text = text


class DecoderUnavailable(Exception):
    """The decoder cannot work on this machine: nothing is known about the files."""


def decode_audio(path: Path, *, limits: DecodingLimits) -> AudioSignal:
    """Return the decoded recording.

    Raises
    ------
    UnreadableAudio : if the file cannot be decoded within the limits
    DecoderUnavailable : if its libraries are missing
    """
    result = decode_files([path], limits=limits)[0]
    if isinstance(result, UnreadableAudio):
        raise result
    return result


def decode_files(
    paths: Sequence[Path], *, limits: DecodingLimits
) -> tuple[AudioSignal | UnreadableAudio, ...]:
    """Decode several files in one child process; a refusal takes the place of its signal.

    One process start serves all of them.  When the child dies, the file it was busy with is the
    unreadable one, and the rest is decoded by a new child.

    Raises
    ------
    DecoderUnavailable : if its libraries are missing
    """
    results: list[AudioSignal | UnreadableAudio] = []
    while len(results) < len(paths):
        left = paths[len(results) :]
        read, failure = _decode_until_death(left, limits)
        results += read
        if len(read) < len(left):
            culprit = left[len(read)]
            results.append(UnreadableAudio(path=culprit, code="audio.unreadable", text=failure))
    return tuple(results)


def _decode_until_death(
    paths: Sequence[Path], limits: DecodingLimits
) -> tuple[list[AudioSignal | UnreadableAudio], str]:
    """Return what one child decoded, and why it stopped before the end."""
    with tempfile.TemporaryFile() as output:
        reports, failure = _run_child(paths, output.fileno(), limits)
        # Samples are read where they were written: the map outlives the file.
        size = os.fstat(output.fileno()).st_size
        written = mmap.mmap(output.fileno(), size, access=mmap.ACCESS_READ) if size else b""
        results = [
            _read_result(path, report, written, limits)
            for path, report in zip(paths, reports, strict=False)
        ]
    return results, failure


def _run_child(
    paths: Sequence[Path], descriptor: int, limits: DecodingLimits
) -> tuple[list[dict[str, Any]], str]:
    command = [sys.executable, "-I", str(DECODER), str(descriptor), json.dumps(asdict(limits))]
    command += [os.fspath(path.absolute()) for path in paths]
    failure = "the decoder stopped"
    # Reports go to a file as well, so that the limit on output holds for them too.
    with (
        tempfile.TemporaryFile() as reports,
        subprocess.Popen(  # noqa: S603 - our own module, no shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=reports,
            stderr=subprocess.DEVNULL,
            pass_fds=(descriptor,),
            env={"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PATH": "/usr/bin:/bin"},
        ) as child,
    ):
        try:
            if child.wait(timeout=limits.wall_s):
                failure = "the decoder crashed or exceeded its limits"
        except subprocess.TimeoutExpired:
            failure = f"decoding took longer than {limits.wall_s:g} s"
        finally:
            child.kill()  # does nothing to a child that has ended
        if child.wait() == UNFIT:
            raise DecoderUnavailable(
                "The decoder's libraries are missing; set the environment up again."
            )
        reports.seek(0)
        printed = reports.read(MAX_REPORT_BYTES * len(paths)).decode(errors="replace")
    lines = printed.splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith("\n")], failure


def _read_result(
    path: Path, report: dict[str, Any], written: mmap.mmap | bytes, limits: DecodingLimits
) -> AudioSignal | UnreadableAudio:
    if "code" in report:
        return UnreadableAudio(path=path, code=report["code"], text=report["text"])
    channels = min(report["channels"], 2)
    values = report["bytes"] // np.dtype(np.float32).itemsize
    samples = np.frombuffer(written, np.float32, count=values, offset=report["offset"])
    samples = samples.reshape(-1, channels)
    samples, nonfinite = _make_finite(samples)
    duration_s = len(samples) / report["rate_hz"]
    if duration_s < limits.min_duration_s:
        return UnreadableAudio(
            path=path,
            code="audio.too_short",
            text=f"{duration_s:.2f} s, expected at least {limits.min_duration_s:g} s",
        )
    file_bytes = path.stat().st_size
    source = SourceFacts(
        container=report["container"],
        codec=report["codec"],
        rate_hz=report["rate_hz"],
        channels=report["channels"],
        frames=report["frames"],
        file_bytes=file_bytes,
        bit_rate_bps=report["nominal_bit_rate_bps"] or round(file_bytes * 8 / duration_s),
        nonfinite_samples=nonfinite,
        is_truncated=report["is_truncated"],
    )
    return AudioSignal(samples=samples, rate_hz=report["rate_hz"], source=source)


def _make_finite(samples: Samples) -> tuple[Samples, int]:
    """Replace NaN by silence, limit infinite and absurd values; count what was not finite."""
    peak = max(float(samples.max()), -float(samples.min())) if samples.size else 0.0
    if peak <= MAX_SAMPLE:
        return samples, 0
    nonfinite = int(samples.size - np.isfinite(samples).sum())
    cleaned = np.nan_to_num(samples, nan=0.0, posinf=MAX_SAMPLE, neginf=-MAX_SAMPLE)
    return np.clip(cleaned, -MAX_SAMPLE, MAX_SAMPLE), nonfinite
