import struct

import numpy as np
import pytest
import soundfile as sf

from compliance.audio import decoding
from compliance.audio.decoding import (
    DecoderUnavailable,
    DecodingLimits,
    UnreadableAudio,
    decode_audio,
    decode_files,
)
from compliance.audio.signal import AudioSignal
from tests.compliance.audio.sounds import encode_sound, make_stem, make_tone, write_sound

LIMITS = DecodingLimits(wall_s=30)


def refuse(path, **changes):
    with pytest.raises(UnreadableAudio) as caught:
        decode_audio(path, limits=DecodingLimits(**changes))
    return caught.value


@pytest.mark.parametrize(
    ("container", "subtype"),
    [("WAV", "PCM_16"), ("FLAC", "PCM_24"), ("OGG", "VORBIS"), ("MP3", "MPEG_LAYER_III")],
)
def test_decode_audio_reads_a_file_whatever_its_name(tmp_path, container, subtype):
    tone = make_tone(seconds=3)
    path = tmp_path / "sound.txt"
    path.write_bytes(encode_sound(tone, container=container, subtype=subtype))
    signal = decode_audio(path, limits=LIMITS)
    assert signal.rate_hz == 44_100
    assert signal.duration_s == pytest.approx(3, abs=0.1)
    assert np.sqrt(np.mean(signal.samples**2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.03)
    assert signal.source.container == container.lower()
    assert signal.source.is_lossless == (container in {"WAV", "FLAC"})


def test_decode_audio_reads_aac_through_the_optional_decoder(tmp_path):
    av = pytest.importorskip("av")
    path = tmp_path / "sound.m4a"
    tone = make_tone(seconds=3)
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=44_100, layout="stereo")
        planar = np.ascontiguousarray(tone.samples.T)
        for start in range(0, planar.shape[1], 1024):
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(planar[:, start : start + 1024]), "fltp", "stereo"
            )
            frame.sample_rate = 44_100
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    signal = decode_audio(path, limits=LIMITS)
    assert signal.source.codec == "aac"
    assert signal.duration_s == pytest.approx(3, abs=0.1)


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 48_000, 192_000])
@pytest.mark.parametrize("channels", [1, 2, 6, 8])
def test_decode_audio_accepts_common_rates_and_channel_counts(tmp_path, rate_hz, channels):
    path = tmp_path / "sound.wav"
    rng = np.random.default_rng(1)
    sf.write(path, rng.uniform(-0.1, 0.1, (rate_hz * 2, channels)), rate_hz)
    signal = decode_audio(path, limits=LIMITS)
    assert signal.samples.shape == (rate_hz * 2, min(channels, 2))
    assert signal.source.channels == channels
    assert np.any(signal.samples)


def test_decode_audio_silences_nan_and_limits_infinity(tmp_path):
    samples = np.full((44_100 * 2, 2), 0.25, np.float32)
    samples[100, 0], samples[200, 1], samples[300, 0] = np.nan, np.inf, -1e30
    path = tmp_path / "sound.wav"
    sf.write(path, samples, 44_100, subtype="FLOAT")
    signal = decode_audio(path, limits=LIMITS)
    assert signal.source.nonfinite_samples == 2
    assert signal.samples[100, 0] == 0
    assert signal.samples[200, 1] == 8
    assert signal.samples[300, 0] == -8


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param(b"", "audio.empty", id="empty"),
        pytest.param(b"hello, this is no sound at all", "audio.unreadable", id="text"),
        pytest.param(b"RIFF\xff\xff\xff\x7fWAVEfmt ", "audio.unreadable", id="header alone"),
        pytest.param(b"fLaC" + bytes(200), "audio.unreadable", id="flac of zeros"),
        pytest.param(b"OggS" + bytes(200), "audio.unreadable", id="ogg of zeros"),
        pytest.param(b"\0\0\0\x18ftypM4A " + bytes(200), "audio.unreadable", id="m4a of zeros"),
        pytest.param(b"\x1a\x45\xdf\xa3" + bytes(200), "audio.unsupported_format", id="matroska"),
    ],
)
def test_decode_audio_refuses_what_is_no_audio(tmp_path, content, code):
    path = tmp_path / "sound.wav"
    path.write_bytes(content)
    assert refuse(path).code == code


def test_decode_audio_refuses_a_missing_file(tmp_path):
    assert refuse(tmp_path / "nothing.wav").code == "audio.unreadable"


@pytest.mark.parametrize("share", [0.3, 0.9])
@pytest.mark.parametrize(
    ("container", "subtype"),
    [("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("MP3", "MPEG_LAYER_III")],
)
def test_decode_audio_keeps_what_a_truncated_file_still_holds(tmp_path, container, subtype, share):
    content = encode_sound(make_stem(3, seconds=10), container=container, subtype=subtype)
    path = tmp_path / "sound"
    path.write_bytes(content[: int(len(content) * share)])
    signal = decode_audio(path, limits=LIMITS)
    assert 1 < signal.duration_s < 9.9


def test_decode_audio_refuses_short_and_long_files(tmp_path):
    path = tmp_path / "sound.wav"
    write_sound(path, make_tone(seconds=2))
    assert refuse(path, min_duration_s=3).code == "audio.too_short"
    assert refuse(path, max_duration_s=1).code == "audio.too_long"


def test_decode_audio_stops_a_flac_bomb_of_silence(tmp_path):
    path = tmp_path / "sound.flac"
    with sf.SoundFile(path, "w", 44_100, 2, subtype="PCM_16") as file:
        for _ in range(30):
            file.write(np.zeros((44_100 * 10, 2), np.float32))
    error = refuse(path, max_duration_s=20)
    assert error.code == "audio.too_long"


def test_decode_audio_refuses_a_wav_header_that_claims_gigabytes(tmp_path):
    path = tmp_path / "sound.wav"
    body = struct.pack("<HHIIHH", 1, 2, 0, 0, 4, 16)
    path.write_bytes(
        b"RIFF\xf0\xff\xff\xffWAVEfmt \x10\0\0\0" + body + b"data\xf0\xff\xff\x7f" + bytes(4000)
    )
    assert refuse(path).code in {"audio.unreadable", "audio.unsupported_format"}


def test_decode_audio_gives_up_in_time(tmp_path):
    path = tmp_path / "sound.wav"
    write_sound(path, make_tone(seconds=2))
    error = refuse(path, wall_s=0.001)
    assert error.code == "audio.unreadable"
    assert "longer" in error.text


def test_decode_audio_survives_a_child_that_runs_out_of_memory(tmp_path):
    path = tmp_path / "sound.wav"
    write_sound(path, make_tone(seconds=2))
    assert refuse(path, memory_bytes=20_000_000).code == "audio.unreadable"


def test_decode_files_goes_on_after_a_bad_file(tmp_path):
    good, bad = tmp_path / "good.wav", tmp_path / "bad.wav"
    write_sound(good, make_tone(seconds=2))
    bad.write_bytes(b"nothing")
    results = decode_files([good, bad, good], limits=LIMITS)
    assert [isinstance(one, AudioSignal) for one in results] == [True, False, True]
    assert np.array_equal(results[0].samples, results[2].samples)


def test_random_bytes_behind_every_magic_number_are_refused_or_read(tmp_path):
    rng = np.random.default_rng(7)
    paths = []
    for number, magic in enumerate(
        (
            b"RIFF\0\0\0\0WAVE",
            b"fLaC",
            b"OggS",
            b"ID3",
            b"\xff\xfb",
            b"FORM",
            b"RF64",
            b"\0\0\0 ftyp",
        )
    ):
        for size in (0, 40, 4000):
            path = tmp_path / f"{number}-{size}"
            path.write_bytes(magic + rng.bytes(size))
            paths.append(path)
    for result in decode_files(paths, limits=LIMITS):
        assert isinstance(result, AudioSignal) or result.code.startswith("audio.")


def test_a_decoder_without_its_libraries_says_nothing_about_the_file(tmp_path, monkeypatch):
    for name in ("decoder.py", "decoder_sandbox.py"):
        text = decoding.DECODER.with_name(name).read_text()
        (tmp_path / name).write_text(text.replace("import soundfile", "import no_such_library"))
    monkeypatch.setattr(decoding, "DECODER", tmp_path / "decoder.py")
    with pytest.raises(DecoderUnavailable):
        decode_files([tmp_path / "song.wav"], limits=DecodingLimits())
