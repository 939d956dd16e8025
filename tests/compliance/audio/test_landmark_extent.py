"""The ends of a match by its landmarks: a part of one noise inside another one."""

import numpy as np
import pytest

from compliance.audio.landmark_extent import find_landmark_extent
from compliance.audio.landmarks import RATE_HZ
from compliance.audio.search import find_dense_landmarks
from tests.compliance.audio.sounds import make_stem


def make_narrow(seed, *, seconds):
    """Return music of 11 025 Hz."""
    return make_stem(seed, seconds=seconds).mono[:: 44_100 // RATE_HZ]


RECORDING = make_narrow(61, seconds=40)


def mix(*, start_s, length_s, source_start_s, level):
    """Return other music with a part of the recording in it."""
    song = make_narrow(62, seconds=40).copy()
    start, length = int(start_s * RATE_HZ), int(length_s * RATE_HZ)
    begin = int(source_start_s * RATE_HZ)
    song[start : start + length] += level * RECORDING[begin : begin + length]
    return song


@pytest.mark.parametrize(
    ("start_s", "length_s", "source_start_s"),
    [(8.0, 20.0, 3.0), (0.0, 15.0, 12.0), (22.0, 18.0, 3.0)],
)
def test_both_ends_are_found_from_a_part_of_the_match(start_s, length_s, source_start_s):
    song = mix(start_s=start_s, length_s=length_s, source_start_s=source_start_s, level=1.0)
    first_s, last_s = find_landmark_extent(
        find_dense_landmarks(song),
        find_dense_landmarks(RECORDING),
        offset_s=source_start_s - start_s,
        start_s=start_s + 0.4 * length_s,
        end_s=start_s + 0.7 * length_s,
    )
    assert abs(first_s - start_s) < 0.5
    assert abs(last_s - (start_s + length_s)) < 0.5


def test_a_recording_that_is_not_there_moves_no_end():
    nothing = np.zeros(0, np.uint32), np.zeros(0, np.int32)
    query = find_dense_landmarks(make_narrow(62, seconds=40))
    for landmarks in (query, type(query)(hashes=nothing[0], frames=nothing[1])):
        ends = find_landmark_extent(
            landmarks, find_dense_landmarks(RECORDING), offset_s=1.0, start_s=9.0, end_s=14.0
        )
        assert ends == (9.0, 14.0)
