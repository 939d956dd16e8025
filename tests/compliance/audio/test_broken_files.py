"""Whatever a file holds, decoding it ends in time, with samples or with a reason."""

import importlib.util
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from compliance.audio import decoding
from compliance.audio.decoding import DecodingLimits, UnreadableAudio, decode_audio, decode_files
from tests.compliance.audio.broken_files import FORMATS, make_broken_files, make_good_file
from tests.compliance.audio.sounds import RATE_HZ, make_tone, write_sound

LIMITS = DecodingLimits(wall_s=60, max_duration_s=20)
CODES = {
    "audio.unreadable", "audio.empty", "audio.too_short", "audio.too_long", "audio.unsupported_format",
}  # fmt: skip
SANDBOX = Path(decoding.__file__).with_name("decoder_sandbox.py")
TRIED = {
    "socket": "import socket; socket.socket()",
    "socket pair": "import socket; socket.socketpair()",
    "program": "import os; os.execv('/bin/true', ['true'])",
    "child program": "import subprocess; subprocess.run(['/bin/true'])",
    "process": "import os; os.fork()",
    "signal": "import os; os.kill(1, 0)",
}


def list_children() -> set[str]:
    """Return the processes that are children of this one; other tests of the same run leave some of their own."""
    return {
        pid
        for listing in Path("/proc/self/task").glob("*/children")
        for pid in listing.read_text().split()
    }


def check_outcomes(tmp_path, files):
    children = list_children()
    paths = []
    for number, (_, content) in enumerate(files):
        paths.append(tmp_path / str(number))
        paths[-1].write_bytes(content)
    results = decode_files(paths, limits=LIMITS)
    assert len(results) == len(files)
    for (name, _), result in zip(files, results, strict=True):
        if isinstance(result, UnreadableAudio):
            assert result.code in CODES, name
            assert result.text, name
        else:
            assert np.isfinite(result.samples).all(), name
            assert 1 <= result.duration_s <= LIMITS.max_duration_s, name
    assert list_children() <= children
    return results


def test_some_broken_files_of_every_kind_are_read_or_refused(tmp_path):
    files = list(make_broken_files(per_kind=2))
    results = check_outcomes(tmp_path, files)
    assert len(files) > 80
    refused = sum(isinstance(result, UnreadableAudio) for result in results)
    assert 0.2 < refused / len(files) < 0.95


@pytest.mark.slow
def test_hundreds_of_broken_files_are_read_or_refused(tmp_path):
    files = list(make_broken_files(per_kind=24))
    assert len(files) > 600
    check_outcomes(tmp_path, files)


@pytest.mark.parametrize("name", FORMATS)
def test_the_files_that_are_broken_were_good(tmp_path, name):
    path = tmp_path / "good"
    path.write_bytes(make_good_file(name))
    assert decode_audio(path, limits=LIMITS).duration_s == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize("name", ["song.raw", "song.mp3", "söng \n'\".wav", "-i.flac", "x" * 200])
def test_the_name_of_a_file_means_nothing(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(make_good_file("ogg"))
    assert decode_audio(path, limits=LIMITS).source.container == "ogg"


@pytest.mark.parametrize(
    ("name", "samples"),
    [
        ("one channel inverted", np.array([[0.5, -0.5]]) * np.ones((RATE_HZ * 3, 1))),
        ("infinite", np.full((RATE_HZ * 3, 2), np.inf)),
        ("not a number", np.full((RATE_HZ * 3, 2), np.nan)),
        ("denormal", np.full((RATE_HZ * 3, 1), 1e-310)),
        ("beyond full scale", np.full((RATE_HZ * 3, 8), 1e30)),
    ],
)
def test_strange_samples_come_out_finite(tmp_path, name, samples):
    path = tmp_path / "song.wav"
    sf.write(path, samples, RATE_HZ, subtype="DOUBLE")
    signal = decode_audio(path, limits=LIMITS)
    assert np.isfinite(signal.samples).all()
    assert np.abs(signal.samples).max() <= decoding.MAX_SAMPLE


@pytest.mark.slow
@pytest.mark.parametrize("name", ["wav", "flac", "mp3"])
def test_half_an_hour_of_silence_is_refused_without_being_read(tmp_path, name):
    path = tmp_path / f"bomb.{name}"
    with sf.SoundFile(path, "w", 44_100, 2) as file:
        silence = np.zeros((65_536, 2), np.float32)
        for _ in range(30 * 60 * 44_100 // len(silence) // (60 if name == "mp3" else 1)):
            file.write(silence)
    if name == "mp3":  # frames follow each other, so a long file is a short one many times
        path.write_bytes(path.read_bytes() * 60)
    started_s = time.monotonic()
    with pytest.raises(UnreadableAudio) as caught:
        decode_audio(path, limits=LIMITS)
    assert caught.value.code == "audio.too_long"
    assert time.monotonic() - started_s < 20


def test_a_decoder_that_hangs_is_ended_and_leaves_no_process(tmp_path):
    children = list_children()
    path = tmp_path / "pipe"
    os.mkfifo(path)  # opening it waits for a writer that never comes
    write_sound(tmp_path / "good.wav", make_tone(seconds=2))
    results = decode_files([path, tmp_path / "good.wav"], limits=DecodingLimits(wall_s=2))
    assert isinstance(results[0], UnreadableAudio)
    assert "longer than 2 s" in results[0].text
    assert results[1].duration_s == pytest.approx(2, abs=0.01)
    assert list_children() <= children


@pytest.mark.skipif(sys.platform != "linux", reason="seccomp is Linux's")
@pytest.mark.parametrize("what", TRIED)
def test_the_kernel_refuses_a_decoder_network_programs_and_processes(what):
    limits = {"cpu_s": 5, "memory_bytes": 10**9, "output_bytes": 10**6}
    program = (
        "import importlib.util\n"
        f"spec = importlib.util.spec_from_file_location('sandbox', {str(SANDBOX)!r})\n"
        "module = importlib.util.module_from_spec(spec)\n"
        "spec.loader.exec_module(module)\n"
        f"module.restrict_process({limits!r})\n"
        f"try:\n    {TRIED[what]}\nexcept PermissionError:\n    print('refused')\n"
    )
    ended = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True)
    assert ended.stdout == "refused\n", ended


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_the_decoder_runs_under_the_filter(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    command = [
        sys.executable,
        "-I",
        decoding.DECODER,
        "1",
        json.dumps(decoding.asdict(LIMITS)),
        path,
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as child:
        status = ""
        for _ in range(200):
            status = Path(f"/proc/{child.pid}/status").read_text()
            if "Seccomp:\t2" in status:
                break
            time.sleep(0.05)
        child.kill()
    assert "Seccomp:\t2" in status
    assert "NoNewPrivs:\t1" in status


def test_sandbox_knows_what_it_filters():
    spec = importlib.util.spec_from_file_location("sandbox", SANDBOX)
    sandbox = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sandbox)
    for machine, (_, clone, refused) in sandbox.REFUSED.items():
        program = sandbox.build_filter(machine)
        assert len(program) % 8 == 0
        assert clone not in refused.values()
        assert {"socket", "connect", "execve", "ptrace"} <= set(refused)
