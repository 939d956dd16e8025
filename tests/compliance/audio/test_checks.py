import dataclasses

import pytest

from compliance.audio.check import CheckedSong, Severity
from compliance.audio.checks import CHECKS
from tests.compliance.audio.values import EVIDENCE

GOOD = CheckedSong(
    duration_s=30.0,
    measurements=EVIDENCE.measurements,
    source=EVIDENCE.source,
    expected_duration_s=29.0,
)


def run(song):
    return [finding for check in CHECKS if (finding := check(song)) is not None]


def test_a_good_song_has_no_findings():
    assert run(GOOD) == []


@pytest.mark.parametrize(
    ("part", "changes", "code", "severity"),
    [
        ("measurements", {"clipped_share": 0.05}, "audio.clipping", Severity.REVIEW),
        ("measurements", {"silent_share": 0.99}, "audio.silent", Severity.REJECT),
        ("measurements", {"loudness_lufs": -50.0}, "audio.too_quiet", Severity.REVIEW),
        ("measurements", {"bandwidth_hz": 2000.0}, "audio.narrow_band", Severity.REVIEW),
        ("source", {"is_truncated": True}, "audio.truncated", Severity.REVIEW),
        ("source", {"nonfinite_samples": 3}, "audio.nonfinite", Severity.REVIEW),
        (None, {"duration_s": 60.0}, "audio.longer_than_declared", Severity.REVIEW),
    ],
)
def test_every_check_finds_its_fault_alone(part, changes, code, severity):
    if part is None:
        song = dataclasses.replace(GOOD, **changes)
    else:
        song = dataclasses.replace(
            GOOD, **{part: dataclasses.replace(getattr(GOOD, part), **changes)}
        )
    (finding,) = run(song)
    assert (finding.code, finding.severity) == (code, severity)
    assert finding.unit
    assert finding.text


def test_a_silent_song_without_loudness_breaks_no_check():
    silent = dataclasses.replace(
        GOOD.measurements, loudness_lufs=None, true_peak_dbfs=None, bandwidth_hz=0.0
    )
    run(dataclasses.replace(GOOD, measurements=silent))
