import numpy as np
import pytest

from compliance.audio.fingerprinting import (
    InvalidFingerprint,
    RecordingFingerprint,
    compute_pcm_sha256,
    fingerprint_recording,
)
from compliance.audio.signal import AudioSignal
from tests.compliance.audio.sounds import make_stem


@pytest.fixture(scope="module")
def fingerprint():
    return fingerprint_recording(make_stem(1))


def test_fingerprint_holds_chromaprint_and_landmarks_of_the_recording(fingerprint):
    assert fingerprint.duration_s == 20
    assert len(fingerprint.chromaprint) == pytest.approx(20 / 0.124, abs=25)
    assert 20 * 30 < len(fingerprint.landmark_hashes) < 20 * 90
    assert fingerprint.landmark_hashes.max() < 2**22


def test_fingerprint_survives_bytes(fingerprint):
    copy = RecordingFingerprint.from_bytes(fingerprint.to_bytes())
    assert copy.pcm_sha256 == fingerprint.pcm_sha256
    assert np.array_equal(copy.chromaprint, fingerprint.chromaprint)
    assert np.array_equal(copy.landmark_hashes, fingerprint.landmark_hashes)
    assert np.array_equal(copy.landmark_frames, fingerprint.landmark_frames)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda data: b"", id="empty"),
        pytest.param(lambda data: data[:-4], id="cut off"),
        pytest.param(lambda data: b"XXXX" + data[4:], id="other magic"),
        pytest.param(lambda data: data.replace(b'"version": 1', b'"version": 9'), id="version"),
        pytest.param(lambda data: data[:8] + b"{" * 40, id="no json"),
    ],
)
def test_damaged_fingerprint_bytes_are_refused(fingerprint, damage):
    with pytest.raises(InvalidFingerprint):
        RecordingFingerprint.from_bytes(damage(fingerprint.to_bytes()))


def test_pcm_digest_changes_with_one_sample():
    stem = make_stem(1, seconds=2)
    samples = stem.samples.copy()
    samples[1000, 0] += 0.01
    other = AudioSignal(samples=samples, rate_hz=stem.rate_hz)
    assert compute_pcm_sha256(stem) == compute_pcm_sha256(make_stem(1, seconds=2))
    assert compute_pcm_sha256(stem) != compute_pcm_sha256(other)


def test_a_phase_inverted_channel_does_not_silence_the_fingerprint():
    stem = make_stem(1)
    inverted = AudioSignal(samples=stem.samples * np.float32([1, -1]), rate_hz=stem.rate_hz)
    plain, turned = fingerprint_recording(stem), fingerprint_recording(inverted)
    shared = np.isin(plain.landmark_hashes, turned.landmark_hashes)
    assert shared.mean() > 0.9


@pytest.mark.parametrize("seconds", [0.01, 1.0])
def test_very_short_recordings_have_a_fingerprint(seconds):
    fingerprint = fingerprint_recording(make_stem(1, seconds=seconds))
    assert RecordingFingerprint.from_bytes(fingerprint.to_bytes()).duration_s == seconds


def test_silence_has_no_landmarks():
    silence = AudioSignal(samples=np.zeros((44_100 * 3, 2), np.float32), rate_hz=44_100)
    assert len(fingerprint_recording(silence).landmark_hashes) == 0
