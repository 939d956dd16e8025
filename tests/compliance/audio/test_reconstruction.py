import numpy as np
import pytest

from compliance.audio import reconstruction
from compliance.audio.alignment import shift
from compliance.audio.extent import find_ends
from compliance.audio.landmarks import RATE_HZ as NARROW_HZ
from compliance.audio.manifest import Placement
from compliance.audio.phase_agreement import compare_phases
from compliance.audio.signal import AudioSignal, resample
from compliance.audio.spectrum import (
    NARROW,
    compute_spectrum,
    count_half_blocks,
    sum_band_energies,
    synthesize,
)
from compliance.audio.tracks import TrackRenderer
from tests.compliance.audio.sounds import RATE_HZ, make_stem

STEMS = {name: make_stem(seed, seconds=20, is_stereo=True) for seed, name in enumerate("abc")}
LONG = tuple(Placement(stem=name, song_start_s=0.0, length_s=20.0) for name in "ab")


def make_renderer(placements=LONG, seconds=20):
    return TrackRenderer(
        placements=placements, stems=STEMS, vocal=None, sample_count=seconds * RATE_HZ
    )


def find_phase_ends(song, source, *, start_s, end_s, **offset):
    agreement = compare_phases(song, source, start_s=start_s, end_s=end_s, **offset)
    return find_ends([agreement], start_s=start_s, end_s=end_s)


def mix(**gains):
    samples = sum(STEMS[name].samples * gain for name, gain in gains.items())
    return AudioSignal(samples=samples.astype(np.float32), rate_hz=RATE_HZ)


def narrow_down(samples):
    return resample(samples, from_hz=RATE_HZ, to_hz=NARROW_HZ)


def reconstruct(song, renderer):
    return reconstruction.reconstruct(song.samples, narrow_down(song.mid), renderer)


def measure_left_db(result):
    left = sum(float(one.sum()) for one in result.residual_energy.values())
    whole = sum(float(one.sum()) for one in result.song_energy.values())
    return 10 * np.log10(left / whole)


def test_analysis_and_synthesis_give_the_signal_back():
    samples = make_stem(1, seconds=5).mid
    half_blocks = count_half_blocks(len(samples))
    spectrum = compute_spectrum(samples, half_blocks=half_blocks)
    modeled = synthesize(spectrum, sample_count=len(samples))
    again = synthesize(
        compute_spectrum(modeled, half_blocks=half_blocks), sample_count=len(samples)
    )
    inside = slice(4096, -4096)
    error = np.sqrt(np.mean((again[inside] - modeled[inside]) ** 2))
    assert error < 0.05 * np.sqrt(np.mean(modeled**2))


def test_the_narrow_grid_shows_the_same_low_bands():
    samples = make_stem(1, seconds=5).mid
    half_blocks = count_half_blocks(len(samples))
    wide = compute_spectrum(samples, half_blocks=half_blocks)
    narrow = compute_spectrum(narrow_down(samples), half_blocks=half_blocks, grid=NARROW)
    low = wide[:, : NARROW.bin_count]
    assert np.abs(narrow - low).max() < 0.01 * np.abs(low).max()
    low_sound = synthesize(wide, sample_count=5 * NARROW_HZ, grid=NARROW)
    again = synthesize(narrow, sample_count=5 * NARROW_HZ, grid=NARROW)
    assert np.abs(low_sound - again).max() < 0.01 * np.abs(again).max()


def test_energies_of_bands_add_up_and_follow_the_weights_of_frames():
    samples = make_stem(1, seconds=5).mid
    half_blocks = count_half_blocks(len(samples))
    spectrum = compute_spectrum(samples, half_blocks=half_blocks)
    energies = sum_band_energies(spectrum)
    assert energies.sum() == pytest.approx(np.sum(np.abs(spectrum) ** 2), rel=1e-4)
    weights = np.full(len(spectrum), 0.25, np.float32)
    assert sum_band_energies(spectrum, weights=weights) == pytest.approx(energies / 4, rel=1e-5)


def test_a_sum_of_declared_stems_leaves_nothing_and_gives_their_gains():
    result = reconstruct(mix(a=0.5, b=1.0), make_renderer())
    assert measure_left_db(result) < -35
    gains = np.nanmedian(result.gain_db, axis=1)
    assert gains == pytest.approx([20 * np.log10(0.5), 0.0], abs=0.3)


def test_a_fast_broadband_gain_is_tracked():
    times = np.arange(20 * RATE_HZ) / RATE_HZ
    pumping = (1 - 0.4 * (np.sin(2 * np.pi * 3 * times) > 0.7))[:, None]
    song = mix(a=0.5, b=1.0)
    pumped = AudioSignal(samples=(song.samples * pumping).astype(np.float32), rate_hz=RATE_HZ)
    assert measure_left_db(reconstruct(pumped, make_renderer())) < -22


def test_an_undeclared_stem_stays_in_the_residual():
    result = reconstruct(mix(a=0.5, b=1.0, c=0.3), make_renderer())
    hidden = narrow_down(STEMS["c"].mid) * 0.3
    similarity = np.corrcoef(result.residual_mid, hidden)[0, 1]
    assert similarity > 0.8


@pytest.mark.parametrize("delay", [-400, 0, 1105, 5000])
def test_the_delay_of_the_encoder_is_found(delay):
    song = mix(a=0.5, b=1.0)
    late = AudioSignal(samples=shift(song.samples, delay), rate_hz=RATE_HZ)
    result = reconstruct(late, make_renderer())
    assert result.delay_samples == pytest.approx(delay, abs=1)
    assert measure_left_db(result) < -25


def test_a_long_song_in_stretches_gives_the_same_answer(monkeypatch):
    song = mix(a=0.5, b=1.0, c=0.2)
    whole = reconstruct(song, make_renderer())
    monkeypatch.setattr(reconstruction, "MAX_STRETCH_HALVES", 6)
    monkeypatch.setattr(reconstruction, "MIN_STRETCH_HALVES", 6)
    parts = reconstruct(song, make_renderer())
    assert parts.evidence.shape == whole.evidence.shape
    assert measure_left_db(parts) == pytest.approx(measure_left_db(whole), abs=1.0)


def test_placements_of_one_stem_share_a_lane_unless_they_overlap():
    apart = [Placement(stem="a", song_start_s=float(t), length_s=4.0) for t in (0, 5, 10)]
    over = Placement(stem="a", song_start_s=2.0, length_s=4.0)
    assert len(make_renderer(apart).lanes) == 1
    assert len(make_renderer([*apart, over]).lanes) == 2


def test_a_loop_repeats_its_stretch_wherever_it_is_read():
    loop = Placement(stem="a", song_start_s=1.0, length_s=10.0, stem_start_s=2.0, loop_s=3.0)
    renderer = make_renderer([loop])
    whole = renderer.render(0, 0, 20 * RATE_HZ)
    expected = STEMS["a"].samples[2 * RATE_HZ : 5 * RATE_HZ]
    for start_s in (1, 4, 7):
        assert np.array_equal(whole[start_s * RATE_HZ :][: 3 * RATE_HZ], expected)
    part = renderer.render(0, 5 * RATE_HZ + 7, 9 * RATE_HZ)
    assert np.array_equal(part, whole[5 * RATE_HZ + 7 : 9 * RATE_HZ])
    assert renderer.render(0, 12 * RATE_HZ, 14 * RATE_HZ) is None


def test_speed_is_rendered_as_resampling():
    fast = Placement(stem="a", song_start_s=0.0, length_s=30.0, speed=1.25)
    (span,) = make_renderer([fast]).lanes[0].spans
    assert (span.end - span.start) / RATE_HZ == pytest.approx(16, abs=0.01)


def test_the_extent_bridges_a_rest_of_the_source_and_ends_with_its_last_sound():
    narrow = [narrow_down(make_stem(n).mid) for n in (1, 2)]
    source = narrow[1].copy()
    source[5 * NARROW_HZ : 13 * NARROW_HZ] *= 1e-3
    source[16 * NARROW_HZ :] *= 1e-3
    song = narrow[0] + 0.3 * source
    start_s, end_s = find_phase_ends(song, source, offset_s=0.0, start_s=2.0, end_s=4.0)
    assert start_s == pytest.approx(0, abs=0.4)
    assert end_s == pytest.approx(16, abs=0.4)


def test_the_extent_of_a_quiet_recording_is_found_to_a_fraction_of_a_second():
    narrow = [resample(make_stem(n).mid, from_hz=RATE_HZ, to_hz=NARROW_HZ) for n in (1, 2)]
    song = narrow[0].copy()
    first, last = 5 * NARROW_HZ, 14 * NARROW_HZ
    song[first:last] += 0.3 * narrow[1][first - 3 * NARROW_HZ : last - 3 * NARROW_HZ]
    start_s, end_s = find_phase_ends(song, narrow[1], offset_s=-3.0, start_s=7.0, end_s=9.0)
    assert start_s == pytest.approx(5, abs=0.4)
    assert end_s == pytest.approx(14, abs=0.4)
