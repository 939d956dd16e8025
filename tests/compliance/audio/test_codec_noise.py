import dataclasses

import numpy as np
import pytest

from compliance.audio.codec_noise import EncoderUnavailable, measure_codec_noise
from compliance.audio.decoding import DecodingLimits, decode_audio
from compliance.audio.signal import AudioSignal
from compliance.audio.spectrum import BAND_COUNT, compute_spectrum, sum_band_energies
from tests.compliance.audio.sounds import encode_sound, make_stem

HALVES = (3, 4, 5, 6)
ORIGINAL = make_stem(1, seconds=12, is_stereo=True)


def decode(tmp_path, container, subtype, **options):
    path = tmp_path / "song"
    path.write_bytes(encode_sound(ORIGINAL, container=container, subtype=subtype, **options))
    return decode_audio(path, limits=DecodingLimits())


@pytest.mark.parametrize(
    ("container", "subtype", "options"),
    [
        ("MP3", "MPEG_LAYER_III", {"bitrate_mode": "CONSTANT", "compression_level": 0.66}),
        ("OGG", "VORBIS", {"compression_level": 0.8}),
    ],
)
def test_the_measured_noise_is_that_of_the_first_encoding(tmp_path, container, subtype, options):
    song = decode(tmp_path, container, subtype, **options)
    count = min(len(song.samples), len(ORIGINAL.samples))
    true = song.mid[:count] - ORIGINAL.mid[:count]
    true = sum_band_energies(compute_spectrum(true, half_blocks=12))[list(HALVES)]
    measured = measure_codec_noise(song, halves=HALVES).mid
    assert measured.shape == (len(HALVES), BAND_COUNT)
    error_db = 10 * np.log10(measured.sum() / true.sum())
    assert abs(error_db) < 3


def test_a_file_without_a_codec_to_repeat_is_refused():
    with pytest.raises(EncoderUnavailable):
        measure_codec_noise(ORIGINAL, halves=HALVES)


def test_an_unknown_codec_is_refused(tmp_path):
    song = decode(tmp_path, "OGG", "VORBIS")
    source = dataclasses.replace(song.source, codec="other", container="other")
    strange = AudioSignal(samples=song.samples, rate_hz=song.rate_hz, source=source)
    with pytest.raises(EncoderUnavailable):
        measure_codec_noise(strange, halves=HALVES)
