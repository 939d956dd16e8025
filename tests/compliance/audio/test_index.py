import numpy as np
import pytest

from compliance.audio.fingerprinting import compute_chromaprint, fingerprint_recording
from compliance.audio.index import build_segment, open_index, open_segment
from compliance.audio.landmarks import QUERY_DENSITY, RATE_HZ, find_peaks, hash_peaks
from compliance.audio.segment import InvalidSegment
from compliance.audio.signal import AudioSignal, resample
from tests.compliance.audio.sounds import make_stem

STEMS = {f"stem:s{seed}": make_stem(seed) for seed in range(8)}


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    directory = tmp_path_factory.mktemp("index") / "first"
    build_segment(directory, ((k, fingerprint_recording(stem)) for k, stem in STEMS.items()))
    return directory


def narrow(signal):
    return resample(signal.mono, from_hz=signal.rate_hz, to_hz=RATE_HZ)


def search(index, samples, min_score=8):
    landmarks = hash_peaks(find_peaks(samples, density=QUERY_DENSITY), fan=QUERY_DENSITY.fan)
    return index.search_landmarks(landmarks, query_s=len(samples) / RATE_HZ, min_score=min_score)


def test_a_stem_finds_itself_first_and_from_its_beginning(directory):
    best = search(open_index([directory]), narrow(STEMS["stem:s3"]))[0]
    assert best.key == "stem:s3"
    assert best.score > 100
    assert best.source_start_s == pytest.approx(best.song_start_s, abs=0.06)
    assert best.song_end_s - best.song_start_s > 17


def test_a_stretch_in_a_mix_is_found_with_its_times(directory):
    mix = narrow(make_stem(99, seconds=30)) * np.float32(0.5)
    part = narrow(STEMS["stem:s5"])[4 * RATE_HZ : 12 * RATE_HZ]
    mix[10 * RATE_HZ : 18 * RATE_HZ] += part
    best = search(open_index([directory]), mix)[0]
    assert best.key == "stem:s5"
    assert best.song_start_s == pytest.approx(10, abs=0.7)
    assert best.song_end_s == pytest.approx(18, abs=0.7)
    assert best.source_start_s - best.song_start_s == pytest.approx(-6, abs=0.06)


def test_unknown_music_and_silence_find_nothing(directory):
    index = open_index([directory])
    assert search(index, narrow(make_stem(1234))) == ()
    assert search(index, np.zeros(RATE_HZ * 10, np.float32)) == ()


def test_removed_keys_are_gone_at_once(directory):
    index = open_index([directory], removed_keys={"stem:s3"})
    assert "stem:s3" not in index.list_keys()
    assert all(match.key != "stem:s3" for match in search(index, narrow(STEMS["stem:s3"])))


def test_a_later_segment_replaces_a_recording(directory, tmp_path):
    newer = tmp_path / "second"
    build_segment(newer, [("stem:s3", fingerprint_recording(make_stem(77)))])
    index = open_index([directory, newer])
    assert sorted(index.list_keys()) == sorted(STEMS)
    assert all(match.key != "stem:s3" for match in search(index, narrow(STEMS["stem:s3"])))
    assert search(index, narrow(make_stem(77)))[0].key == "stem:s3"


def test_several_segments_answer_as_one(directory, tmp_path):
    parts = []
    for number, (key, stem) in enumerate(STEMS.items()):
        parts.append(tmp_path / str(number))
        build_segment(parts[-1], [(key, fingerprint_recording(stem))])
    samples = narrow(STEMS["stem:s2"])
    assert search(open_index(parts), samples)[0] == search(open_index([directory]), samples)[0]


def test_identity_finds_an_excerpt_of_ten_seconds_or_more(directory):
    index = open_index([directory])
    noise = np.random.default_rng(1).normal(0, 0.003, 14 * RATE_HZ).astype(np.float32)
    excerpt = narrow(STEMS["stem:s6"])[3 * RATE_HZ : 17 * RATE_HZ] + noise
    chromaprint = compute_chromaprint(excerpt, rate_hz=RATE_HZ)
    (match,) = index.search_identity(chromaprint, max_bit_error_rate=0.15)
    assert match.key == "stem:s6"
    assert match.source_start_s - match.song_start_s == pytest.approx(3, abs=0.15)


def test_a_song_that_begins_and_ends_like_another_is_not_the_same_song(tmp_path):
    one, other = (narrow(make_stem(seed, seconds=60)) for seed in (301, 302))
    mixed = one.copy()
    mixed[15 * RATE_HZ : 45 * RATE_HZ] = other[15 * RATE_HZ : 45 * RATE_HZ]
    paused = one.copy()
    paused[15 * RATE_HZ : 45 * RATE_HZ] = 0
    segment = tmp_path / "songs"
    signal = AudioSignal(samples=one[:, None], rate_hz=RATE_HZ)
    build_segment(segment, [("song:a", fingerprint_recording(signal))])
    found = {}
    for name, samples in (("one", one), ("mixed", mixed), ("paused", paused)):
        words = compute_chromaprint(samples, rate_hz=RATE_HZ)
        (found[name],) = open_index([segment]).search_identity(words, max_bit_error_rate=0.05)
        assert found[name].song_end_s - found[name].song_start_s > 55, name
    assert found["one"].same_s > 55
    assert found["mixed"].same_s < 35
    assert found["paused"].same_s < 35


def test_identity_does_not_find_other_music_or_silence(directory, tmp_path):
    silent = tmp_path / "silent"
    silence = make_stem(1)
    silence.samples[:] = 0
    build_segment(silent, [("reference:silence", fingerprint_recording(silence))])
    index = open_index([directory, silent])
    for samples in (narrow(make_stem(1234)), np.zeros(RATE_HZ * 20, np.float32)):
        chromaprint = compute_chromaprint(samples, rate_hz=RATE_HZ)
        assert index.search_identity(chromaprint, max_bit_error_rate=0.15) == ()


def test_recordings_longer_than_twelve_minutes_are_found_at_their_end(tmp_path):
    fingerprint = fingerprint_recording(make_stem(5))
    late = int(1000 * RATE_HZ / 256)
    object.__setattr__(fingerprint, "landmark_frames", fingerprint.landmark_frames + late)
    object.__setattr__(fingerprint, "duration_s", 1020.0)
    build_segment(tmp_path / "long", [("reference:long", fingerprint)])
    best = search(open_index([tmp_path / "long"]), narrow(make_stem(5)))[0]
    assert best.source_start_s - best.song_start_s == pytest.approx(1000, abs=0.1)


def test_an_empty_index_answers(tmp_path):
    build_segment(tmp_path / "empty", [])
    for directories in ([], [tmp_path / "empty"]):
        assert search(open_index(directories), narrow(STEMS["stem:s1"])) == ()


def test_a_key_that_comes_twice_is_refused(tmp_path):
    fingerprint = fingerprint_recording(STEMS["stem:s1"])
    with pytest.raises(InvalidSegment):
        build_segment(tmp_path / "twice", [("stem:a", fingerprint)] * 2)
    assert not (tmp_path / "twice").exists()


@pytest.mark.parametrize("name", ["segment.json", "postings.bin", "chroma.bin"])
def test_a_damaged_segment_is_refused(directory, tmp_path, name):
    copy = tmp_path / "copy"
    copy.mkdir()
    for path in directory.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    content = bytearray((copy / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / name).write_bytes(content)
    with pytest.raises(InvalidSegment):
        open_segment(copy, is_verified=True)
    (copy / name).unlink()
    with pytest.raises(InvalidSegment):
        open_segment(copy)
