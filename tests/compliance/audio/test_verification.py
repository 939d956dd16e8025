import json
from dataclasses import replace

import numpy as np
import pytest

from compliance.audio.decoding import DecodingLimits
from compliance.audio.evidence import MatchKind
from compliance.audio.fingerprinting import fingerprint_recording
from compliance.audio.index import build_segment, open_index
from compliance.audio.manifest import Placement
from compliance.audio.signal import AudioSignal, resample
from compliance.audio.verification import verify_song
from compliance.verdict import Outcome, decide_verdict
from tests.compliance.audio.sounds import (
    RATE_HZ,
    encode_sound,
    limit_bandwidth,
    make_stem,
    write_sound,
)

SECONDS = 24
STEMS = {f"s{seed}": make_stem(seed, seconds=30, is_stereo=True) for seed in range(6)}
REFERENCE = make_stem(50, seconds=40, is_stereo=True)
DECLARED = (
    Placement(stem="s0", song_start_s=0.0, length_s=24.0, gain_db=-1.0),
    Placement(stem="s1", song_start_s=2.0, length_s=20.0, stem_start_s=3.0, gain_db=-3.0),
    Placement(stem="s2", song_start_s=4.0, length_s=18.0, loop_s=5.0, gain_db=-2.0),
)


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    directory = tmp_path_factory.mktemp("library")
    keys = {}
    for name, stem in STEMS.items():
        write_sound(directory / f"{name}.flac", stem)
        keys[f"stem:{name}"] = stem
    write_sound(directory / "r.flac", REFERENCE)
    keys["reference:r"] = REFERENCE
    build_segment(
        directory / "segment", ((key, fingerprint_recording(one)) for key, one in keys.items())
    )
    return directory


def place(canvas, signal, placement, gain=1.0):
    begin = int(placement.stem_start_s * RATE_HZ)
    length = int(placement.length_s * RATE_HZ)
    segment = signal.samples[begin : begin + length]
    if placement.loop_s:
        loop = signal.samples[begin : begin + int(placement.loop_s * RATE_HZ)]
        segment = np.tile(loop, (length // len(loop) + 1, 1))[:length]
    start = int(placement.song_start_s * RATE_HZ)
    segment = segment[: len(canvas) - start]
    canvas[start : start + len(segment)] += segment * gain * 10 ** (placement.gain_db / 20)


def make_song(placements=DECLARED):
    canvas = np.zeros((SECONDS * RATE_HZ, 2), np.float32)
    for one in placements:
        place(canvas, STEMS[one.stem], one)
    return canvas


def hide(canvas, signal, *, level_db, start_s=6.0, length_s=14.0, source_start_s=2.0):
    start, length = int(start_s * RATE_HZ), int(length_s * RATE_HZ)
    begin = int(source_start_s * RATE_HZ)
    under = np.sqrt(np.mean(canvas[start : start + length] ** 2))
    hidden = signal.samples[begin : begin + length]
    gain = under / np.sqrt(np.mean(hidden**2)) * 10 ** (level_db / 20)
    canvas[start : start + length] += hidden * gain
    return canvas


def verify(library, tmp_path, samples, *, placements=DECLARED, form=("MP3", "MPEG_LAYER_III")):
    song = AudioSignal(samples=samples.astype(np.float32), rate_hz=RATE_HZ)
    path = tmp_path / "song"
    path.write_bytes(encode_sound(song, container=form[0], subtype=form[1]))
    evidence = verify_song(
        song=path,
        placements=placements,
        stem_files={name: library / f"{name}.flac" for name in STEMS},
        reference_files={"r": library / "r.flac"},
        index=open_index([library / "segment"]),
        vocal=None,
        limits=DecodingLimits(),
    )
    return evidence, decide_verdict(evidence)


def list_codes(verdict):
    return {reason.code for reason in verdict.reasons}


@pytest.mark.parametrize("form", [("MP3", "MPEG_LAYER_III"), ("OGG", "VORBIS"), ("WAV", "PCM_16")])
def test_a_song_of_its_declared_stems_is_approved(library, tmp_path, form):
    evidence, verdict = verify(library, tmp_path, make_song(), form=form)
    assert verdict.outcome is Outcome.APPROVED, verdict.reasons
    assert [round(one.gain_db) for one in evidence.placements] == [-1, -3, -2]


def test_a_declared_stem_that_is_heard_is_told_from_where_to_where_it_was_declared(
    library, tmp_path
):
    evidence, _ = verify(library, tmp_path, make_song())
    ends = {
        (one.key, one.start_s, one.end_s)
        for one in evidence.matches
        if one.kind is MatchKind.RAW and one.confirmation_z is not None
    }
    assert ("stem:s1", 2.0, 22.0) in ends


def test_the_evidence_is_json(library, tmp_path):
    evidence, verdict = verify(library, tmp_path, make_song())
    report = json.loads(json.dumps(evidence.to_json() | verdict.to_json()))
    assert report["outcome"] == "approved"
    assert report["measurements"]["loudness_lufs"] < 0


def test_a_hidden_recording_is_named_with_its_interval(library, tmp_path):
    samples = hide(make_song(), REFERENCE, level_db=-12)
    _, verdict = verify(library, tmp_path, samples)
    assert verdict.outcome is Outcome.REJECTED
    (reason,) = [one for one in verdict.reasons if one.code == "audio.reference_match"]
    assert reason.reference == "r"
    assert reason.start_s == pytest.approx(6, abs=1)
    assert reason.end_s == pytest.approx(20, abs=1)
    assert reason.source_start_s - reason.start_s == pytest.approx(-4, abs=0.05)


@pytest.mark.parametrize("speed", [0.953, 1.062])
def test_a_recording_at_another_speed_is_named_with_its_interval(library, tmp_path, speed):
    faster = resample(REFERENCE.samples, from_hz=RATE_HZ, to_hz=round(RATE_HZ / speed))
    other = AudioSignal(samples=faster.astype(np.float32), rate_hz=RATE_HZ)
    evidence, verdict = verify(library, tmp_path, hide(make_song(), other, level_db=-3.0))
    named = [one for one in verdict.reasons if one.code == "audio.reference_match"]
    assert [one.reference for one in named] == ["r"]
    assert abs(named[0].start_s - 6.0) < 0.5
    assert abs(named[0].end_s - 20.0) < 0.5
    match = next(one for one in evidence.matches if one.kind is MatchKind.WARPED)
    assert abs(match.time_ratio - speed) < 0.003
    assert abs(match.pitch_ratio - speed) < 0.003


def test_an_undeclared_stem_is_named(library, tmp_path):
    samples = hide(make_song(), STEMS["s4"], level_db=-6)
    _, verdict = verify(library, tmp_path, samples)
    assert verdict.outcome is Outcome.REJECTED
    assert "s4" in {one.stem for one in verdict.reasons if one.code == "audio.undeclared_stem"}


def test_an_absent_stem_is_named(library, tmp_path):
    declared = (*DECLARED, Placement(stem="s5", song_start_s=0.0, length_s=20.0))
    _, verdict = verify(library, tmp_path, make_song(), placements=declared)
    assert verdict.outcome is Outcome.REJECTED
    assert [one.stem for one in verdict.reasons] == ["s5"]
    assert list_codes(verdict) == {"audio.declared_absent"}


def test_a_quiet_stem_under_a_loud_hidden_recording_is_not_called_absent(library, tmp_path):
    quiet = Placement(stem="s5", song_start_s=0.0, length_s=24.0, gain_db=-24.0)
    declared = (*DECLARED, quiet)
    samples = hide(make_song(declared), REFERENCE, level_db=6, length_s=8.0)
    _, verdict = verify(library, tmp_path, samples, placements=declared)
    assert verdict.outcome is Outcome.REJECTED
    assert "audio.reference_match" in list_codes(verdict)
    assert "audio.declared_absent" not in list_codes(verdict)


def test_an_absent_stem_is_named_beside_a_hidden_recording(library, tmp_path):
    declared = (*DECLARED, Placement(stem="s5", song_start_s=0.0, length_s=20.0))
    samples = hide(make_song(), REFERENCE, level_db=6, length_s=8.0)
    _, verdict = verify(library, tmp_path, samples, placements=declared)
    absent = {one.stem for one in verdict.reasons if one.code == "audio.declared_absent"}
    assert absent == {"s5"}


@pytest.mark.parametrize("drift_s", [-0.05, -0.012, 0.004, 0.03, 0.05])
def test_a_placement_may_be_declared_up_to_50_ms_off(library, tmp_path, drift_s):
    declared = (DECLARED[0], replace(DECLARED[1], song_start_s=2.0 + drift_s), DECLARED[2])
    _, verdict = verify(library, tmp_path, make_song(), placements=declared)
    assert verdict.outcome is Outcome.APPROVED, verdict.reasons


def test_a_placement_declared_further_off_is_not_in_the_song(library, tmp_path):
    declared = (DECLARED[0], replace(DECLARED[1], song_start_s=2.2), DECLARED[2])
    _, verdict = verify(library, tmp_path, make_song(), placements=declared)
    assert verdict.outcome is Outcome.REJECTED
    assert "audio.declared_absent" in list_codes(verdict)


def test_without_a_vocal_a_voice_over_the_stems_goes_to_review(library, tmp_path):
    voice = limit_bandwidth(make_stem(78, seconds=30).samples, 4_000).astype(np.float32)
    samples = hide(make_song(), AudioSignal(samples=voice, rate_hz=RATE_HZ), level_db=-6)
    evidence, verdict = verify(library, tmp_path, samples)
    assert not evidence.has_vocal
    assert verdict.outcome is Outcome.NEEDS_REVIEW
    assert all("it may be the voice" in one.text for one in verdict.reasons)


def test_an_unknown_recording_goes_to_review_with_its_interval(library, tmp_path):
    samples = hide(make_song(), make_stem(77, seconds=30), level_db=-6)
    _, verdict = verify(library, tmp_path, samples)
    assert verdict.outcome is Outcome.NEEDS_REVIEW
    assert list_codes(verdict) == {"audio.unexplained"}
    assert min(one.start_s for one in verdict.reasons) == pytest.approx(6, abs=3)
    assert max(one.end_s for one in verdict.reasons) == pytest.approx(20, abs=3)


def test_a_recording_hidden_in_the_channel_difference_is_named(library, tmp_path):
    hidden = AudioSignal(samples=REFERENCE.samples * np.float32([1, -1]), rate_hz=RATE_HZ)
    _, verdict = verify(library, tmp_path, hide(make_song(), hidden, level_db=-10))
    assert "r" in {one.reference for one in verdict.reasons}


def test_another_whole_recording_is_identified(library, tmp_path):
    _, verdict = verify(library, tmp_path, REFERENCE.samples[: SECONDS * RATE_HZ])
    assert verdict.outcome is Outcome.REJECTED
    assert {"audio.identity", "audio.declared_absent"} <= list_codes(verdict)


def test_a_changed_tempo_in_the_manifest_goes_to_review(library, tmp_path):
    declared = (*DECLARED, Placement(stem="s5", song_start_s=0.0, length_s=20.0, tempo=1.1))
    _, verdict = verify(library, tmp_path, make_song(), placements=declared)
    assert verdict.outcome is Outcome.NEEDS_REVIEW
    assert list_codes(verdict) == {"audio.unverifiable_placement"}


def test_an_unreadable_song_is_rejected_with_the_reason(library, tmp_path):
    path = tmp_path / "song.mp3"
    path.write_bytes(b"this is no music")
    evidence = verify_song(
        song=path,
        placements=DECLARED,
        stem_files={},
        reference_files={},
        index=open_index([library / "segment"]),
        vocal=None,
        limits=DecodingLimits(),
    )
    verdict = decide_verdict(evidence)
    assert verdict.outcome is Outcome.REJECTED
    assert list_codes(verdict) == {"audio.unreadable"}


def test_a_silent_song_is_rejected(library, tmp_path):
    _, verdict = verify(library, tmp_path, np.zeros((SECONDS * RATE_HZ, 2)))
    assert verdict.outcome is Outcome.REJECTED
    assert "audio.silent" in list_codes(verdict)
