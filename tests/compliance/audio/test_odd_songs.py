"""Songs of every odd shape get a verdict; none of them breaks the engine."""

import numpy as np
import pytest
import soundfile as sf

from compliance.audio.decoding import DecodingLimits
from compliance.audio.fingerprinting import fingerprint_recording
from compliance.audio.index import build_segment, open_index
from compliance.audio.manifest import Placement
from compliance.audio.verification import verify_song
from compliance.verdict import Outcome, decide_verdict
from tests.compliance.audio.sounds import RATE_HZ, make_stem, write_sound

STEM = make_stem(1, seconds=8, is_stereo=True)
RNG = np.random.default_rng(3)
SOUND = STEM.samples


def upmix(count):
    return np.repeat(SOUND[:, :1], count, axis=1)


SHAPES = {
    "mono": (SOUND[:, :1], RATE_HZ),
    "left alone": (SOUND * [1, 0], RATE_HZ),
    "inverted channel": (SOUND[:, :1] * [1, -1], RATE_HZ),
    "six channels": (upmix(6), RATE_HZ),
    "8 kHz": (SOUND[: 8000 * 4], 8_000),
    "48 kHz": (SOUND, 48_000),
    "192 kHz": (np.repeat(SOUND, 4, axis=0), 192_000),
    "one second": (SOUND[:RATE_HZ], RATE_HZ),
    "one click": (np.eye(RATE_HZ * 3, 2, k=-50_000), RATE_HZ),
    "white noise": (RNG.normal(0, 0.2, (RATE_HZ * 4, 2)), RATE_HZ),
    "constant": (np.full((RATE_HZ * 4, 2), 0.5), RATE_HZ),
    "square at full scale": (np.sign(SOUND), RATE_HZ),
    "very quiet": (SOUND * 1e-4, RATE_HZ),
    "far too loud": (SOUND * 100, RATE_HZ),
    "half NaN": (np.where(np.arange(len(SOUND))[:, None] % 2, np.nan, SOUND), RATE_HZ),
    "reversed": (SOUND[::-1], RATE_HZ),
}


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    directory = tmp_path_factory.mktemp("library")
    write_sound(directory / "a.flac", STEM)
    build_segment(directory / "segment", [("stem:a", fingerprint_recording(STEM))])
    return directory


def judge(library, path, placements, *, vocal=None):
    return decide_verdict(
        verify_song(
            song=path,
            placements=placements,
            stem_files={"a": library / "a.flac"},
            reference_files={},
            index=open_index([library / "segment"]),
            vocal=vocal,
            limits=DecodingLimits(),
        )
    )


@pytest.mark.parametrize("name", SHAPES)
def test_every_shape_of_song_gets_a_verdict(library, tmp_path, name):
    samples, rate_hz = SHAPES[name]
    path = tmp_path / "song.wav"
    sf.write(path, samples, rate_hz, subtype="FLOAT")
    placement = Placement(stem="a", song_start_s=0.0, length_s=8.0)
    verdict = judge(library, path, [placement])
    assert verdict.outcome in set(Outcome)
    # These are the declared stem and nothing else.
    honest = {"mono", "left alone", "inverted channel", "six channels", "one second", "very quiet"}
    assert (verdict.outcome is Outcome.APPROVED) <= (name in honest)


@pytest.mark.parametrize(
    "changes",
    [
        {"song_start_s": 500.0},
        {"stem_start_s": 500.0},
        {"length_s": 0.001},
        {"loop_s": 0.02},
        {"stem": "unknown"},
        {"speed": 0.5},
        {"tempo": 2.0, "pitch_cents": -1200.0},
    ],
    ids=str,
)
def test_a_manifest_that_does_not_fit_the_song_never_approves_it(library, tmp_path, changes):
    path = tmp_path / "song.wav"
    write_sound(path, STEM)
    placement = Placement(**({"stem": "a", "song_start_s": 0.0, "length_s": 8.0} | changes))
    assert judge(library, path, [placement]).outcome is not Outcome.APPROVED


def test_a_manifest_of_hundreds_of_placements_is_judged(library, tmp_path):
    path = tmp_path / "song.wav"
    write_sound(path, STEM)
    many = [
        Placement(stem="a", song_start_s=n * 0.04, length_s=0.5, stem_start_s=n * 0.02)
        for n in range(200)
    ]
    assert judge(library, path, many).outcome is not Outcome.APPROVED


def test_an_unreadable_vocal_goes_to_review(library, tmp_path):
    path, vocal = tmp_path / "song.wav", tmp_path / "vocal.wav"
    write_sound(path, STEM)
    vocal.write_bytes(b"no vocal")
    placement = Placement(stem="a", song_start_s=0.0, length_s=8.0)
    verdict = judge(library, path, [placement], vocal=vocal)
    assert "audio.vocal_unreadable" in {reason.code for reason in verdict.reasons}
    assert verdict.outcome is Outcome.NEEDS_REVIEW
