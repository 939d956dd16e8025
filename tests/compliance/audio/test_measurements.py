import numpy as np
import pytest

from compliance.audio.measurements import measure_song
from compliance.audio.signal import AudioSignal
from tests.compliance.audio.sounds import RATE_HZ, limit_bandwidth, make_stem, make_tone


def make_signal(samples, rate_hz=RATE_HZ):
    return AudioSignal(samples=np.asarray(samples, np.float32), rate_hz=rate_hz)


@pytest.mark.parametrize("level", [0.1, 0.5, 1.0])
def test_a_stereo_tone_of_1_khz_has_the_loudness_of_the_standard(level):
    # BS.1770: a 0 dBFS sine of 997 Hz in one channel reads -3.01 LUFS, in both channels 0.
    tone = make_tone(freq_hz=997, seconds=6, level=level)
    assert measure_song(tone).loudness_lufs == pytest.approx(20 * np.log10(level), abs=0.1)


def test_low_tones_count_less_than_high_ones():
    low, high = (measure_song(make_tone(freq_hz=f)).loudness_lufs for f in (40, 4000))
    assert low < high - 4


def test_silence_has_no_loudness_and_no_peak():
    silence = measure_song(make_signal(np.zeros((RATE_HZ * 3, 2))))
    assert (silence.loudness_lufs, silence.true_peak_dbfs) == (None, None)
    assert silence.silent_share == 1
    assert silence.bandwidth_hz == 0


def test_the_true_peak_lies_above_samples_that_miss_the_crest():
    times = np.arange(RATE_HZ * 2)
    # A quarter of the sample rate, 45 degrees off: every sample is at 0.707 of the crest.
    wave = 0.9 * np.sin(np.pi / 2 * times + np.pi / 4)
    measured = measure_song(make_signal(np.stack([wave, wave], axis=1)))
    assert measured.true_peak_dbfs == pytest.approx(20 * np.log10(0.9), abs=0.15)


def test_clipping_is_the_share_of_flattened_samples():
    tone = make_tone(freq_hz=100, level=2.0).samples
    share = np.mean(np.abs(tone) >= 1)
    measured = measure_song(make_signal(np.clip(tone, -1, 1)))
    assert measured.clipped_share == pytest.approx(share, abs=0.02)
    assert measure_song(make_tone(level=1.0, freq_hz=440)).clipped_share < 0.03


def test_silence_is_the_share_of_quiet_time():
    samples = make_tone(seconds=4).samples.copy()
    samples[: RATE_HZ * 1] = 0
    assert measure_song(make_signal(samples)).silent_share == pytest.approx(0.25, abs=0.03)


def test_bandwidth_ends_where_the_sound_ends():
    rng = np.random.default_rng(1)
    noise = limit_bandwidth(rng.normal(0, 0.1, (RATE_HZ * 3, 2)), 4000)
    # The filter falls by 70 dB at 11 kHz.
    assert 4000 < measure_song(make_signal(noise)).bandwidth_hz < 12_000


@pytest.mark.parametrize(
    ("gains", "share"), [((1, 1), 0.0), ((1, -1), 1.0), ((1, 0), 0.5)], ids=["mid", "side", "left"]
)
def test_side_share_tells_how_far_the_channels_differ(gains, share):
    signal = make_signal(make_tone().samples * np.float32(gains))
    assert measure_song(signal).side_share == pytest.approx(share, abs=0.01)


@pytest.mark.parametrize("rate_hz", [8_000, 48_000, 192_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_every_rate_and_channel_count_can_be_measured(rate_hz, channels):
    samples = make_stem(1, seconds=2).samples[:rate_hz, :channels]
    measured = measure_song(make_signal(samples, rate_hz))
    assert measured.levels_dbfs
    assert measured.bandwidth_hz <= rate_hz / 2
