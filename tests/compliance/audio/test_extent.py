"""The ends of a changed recording by the shape of its spectrum: a part of one noise inside another one."""

import numpy as np
import pytest

from compliance.audio.extent import Agreement, find_ends
from compliance.audio.landmarks import RATE_HZ
from compliance.audio.signal import resample
from compliance.audio.spectral_agreement import compare_spectra
from tests.compliance.audio.test_landmark_extent import RECORDING, make_narrow


def mix(*, start_s, length_s, source_start_s, speed):
    """Return other music with a part of the recording in it, played faster."""
    song = 0.3 * make_narrow(62, seconds=40)
    begin = int(source_start_s * RATE_HZ)
    part = RECORDING[begin : begin + int(length_s * speed * RATE_HZ)]
    played = resample(part, from_hz=RATE_HZ * speed, to_hz=RATE_HZ)
    start = int(start_s * RATE_HZ)
    song[start : start + len(played)] += played[: len(song) - start]
    return song.astype(np.float32)


@pytest.mark.parametrize("speed", [0.93, 1.0, 1.061])
@pytest.mark.parametrize(
    ("start_s", "length_s", "source_start_s"), [(8.0, 20.0, 3.0), (0.0, 15.0, 12.0)]
)
def test_both_ends_are_found_from_a_part_of_the_match(speed, start_s, length_s, source_start_s):
    song = mix(start_s=start_s, length_s=length_s, source_start_s=source_start_s, speed=speed)
    heard = {"start_s": start_s + 0.4 * length_s, "end_s": start_s + 0.7 * length_s}
    agreement = compare_spectra(
        song,
        RECORDING,
        pitch_ratio=1 / speed,
        time_ratio=speed,
        offset_s=source_start_s - start_s * speed,
        **heard,
    )
    ends = find_ends([agreement], **heard)
    assert ends == pytest.approx((start_s, start_s + length_s), abs=0.2)


def test_a_recording_that_is_not_there_has_no_ends():
    agreement = compare_spectra(
        make_narrow(62, seconds=40),
        RECORDING,
        pitch_ratio=1.0,
        time_ratio=1.0,
        offset_s=1.0,
        start_s=9.0,
        end_s=14.0,
    )
    assert agreement is None
    assert find_ends([], start_s=9.0, end_s=14.0) is None


def test_a_bass_that_hardly_reaches_the_bands_is_told_from_another_one():
    rng = np.random.default_rng(3)

    def play_bass(seconds):
        notes = rng.choice(np.geomspace(41, 110, 12), int(seconds * 4))
        phase = np.cumsum(np.repeat(notes, RATE_HZ // 4)) / RATE_HZ
        return 0.9 * np.sin(2 * np.pi * phase)

    bass = (np.round(play_bass(40) * 32767) / 32767).astype(np.float32)
    song = play_bass(40)
    first, last = 5 * RATE_HZ, 30 * RATE_HZ
    song[first:last] = bass[first - 3 * RATE_HZ : last - 3 * RATE_HZ]
    heard = {"start_s": 12.0, "end_s": 20.0}
    agreement = compare_spectra(song.astype(np.float32), bass, offset_s=-3.0, **heard)
    assert find_ends([agreement], **heard) == pytest.approx((5, 30), abs=1.5)


def test_a_gap_in_the_song_moves_no_end():
    song = mix(start_s=8.0, length_s=20.0, source_start_s=3.0, speed=1.0)
    song[14 * RATE_HZ : 17 * RATE_HZ] = 0
    heard = {"start_s": 12.0, "end_s": 22.0}
    agreement = compare_spectra(song, RECORDING, offset_s=-5.0, **heard)
    assert find_ends([agreement], **heard) == pytest.approx((8, 28), abs=0.3)


def test_a_source_too_short_for_wrong_places_says_nothing():
    song = mix(start_s=8.0, length_s=3.0, source_start_s=3.0, speed=1.0)
    source = RECORDING[3 * RATE_HZ : 6 * RATE_HZ]
    assert compare_spectra(song, source, offset_s=-8.0, start_s=8.5, end_s=10.5) is None


def test_agreements_of_one_moment_have_no_ends():
    once = Agreement(times_s=np.array([2.0]), log_odds=np.array([1.0]))
    assert find_ends([once], start_s=1.0, end_s=3.0) is None
