import pytest
import soundfile

from catalog.models import Stem, StemTwin
from catalog.models.twins import TwinKind, TwinVerdict
from catalog.services.ingest import import_references, import_stems
from catalog.services.stems import StemNotReady, activate_stem, find_missing
from catalog.services.twins import (
    FoundTwin,
    TwinSettled,
    record_measurements,
    record_twins,
    settle_twin,
)
from tests.catalog.rows import NOW, add_license, make_row, write_tone

pytestmark = pytest.mark.django_db
NEAR = FoundTwin(other="stem:stem-1", kind=TwinKind.NEAR_IDENTICAL, score=0.97)


def tell(stem, *found):
    return record_twins(stem=stem.external_id, file_sha256=stem.file_sha256, found=found)


def settle(twin, verdict, by):
    return settle_twin(twin=twin, verdict=verdict, by=by, note="heard both", now=NOW)


def test_a_near_identical_stem_goes_back_to_review_until_it_is_settled(stems, people):
    add_license(stems=stems)
    twin = tell(stems[1], NEAR)[0]
    copy = Stem.objects.get(pk=stems[1].pk)
    assert (copy.status, copy.status_note) == ("in_review", "sounds like stem-1")
    with pytest.raises(StemNotReady, match="sounds like another recording"):
        activate_stem(external_id="stem-2", by=people[0], now=NOW)
    settle(twin, TwinVerdict.BOTH_COUNT, people[0])
    assert Stem.objects.get(pk=copy.pk).status == "active"
    assert twin.history.first().history_user == people[0]


def test_a_stem_is_withdrawn_when_the_other_counts(stems, people):
    add_license(stems=stems)
    settle(tell(stems[1], NEAR)[0], TwinVerdict.OTHER_COUNTS, people[0])
    assert Stem.objects.get(pk=stems[1].pk).status == "withdrawn"
    assert Stem.objects.get(pk=stems[0].pk).status == "active"


def test_a_pair_is_entered_once_from_whichever_end_it_is_told(stems, people):
    twin = tell(stems[1], NEAR)[0]
    settle(twin, TwinVerdict.NO_TWIN, people[0])
    assert tell(stems[1], NEAR) == []
    assert tell(stems[0], FoundTwin(other="stem:stem-2", kind=TwinKind.EXACT)) == []
    with pytest.raises(TwinSettled):
        settle(twin, TwinVerdict.BOTH_COUNT, people[0])
    assert StemTwin.objects.count() == 1


def test_sharing_a_part_is_shown_and_holds_nothing_back(stems):
    add_license(stems=stems)
    tell(stems[1], FoundTwin(other="stem:stem-1", kind=TwinKind.SHARES_AUDIO, score=0.4))
    stem = Stem.objects.get(pk=stems[1].pk)
    assert (stem.status, find_missing(stem=stem, on=NOW.date())) == ("active", [])


def test_what_is_told_of_a_replaced_file_or_an_unknown_recording_is_left_out(stems):
    assert record_twins(stem="stem-2", file_sha256="0" * 64, found=[NEAR]) == []
    assert tell(stems[1], FoundTwin(other="stem:ghost", kind=TwinKind.EXACT)) == []
    assert tell(stems[1], FoundTwin(other="stem:stem-2", kind=TwinKind.EXACT)) == []
    assert not record_measurements(
        stem="stem-2", file_sha256="0" * 64, loudness_lufs=-14.0, true_peak_db=-1.0
    )


def test_a_stem_with_the_samples_of_a_reference_is_held_back(tmp_path):
    write_tone(tmp_path / "1.wav", seed=1)
    reference = {"external_id": "song", "title": "Song", "artist": "Others", "file": "1.wav"}
    assert import_references(rows=[reference], audio_dir=tmp_path).ok
    report = import_stems(rows=[make_row(1)], audio_dir=tmp_path)
    assert "same audio as song" in report.notes[0]
    assert StemTwin.objects.get().other.title == "Song"


def test_new_audio_forgets_the_twins_and_the_loudness_of_the_old(stems, tmp_path):
    stem = stems[1]
    tell(stem, NEAR)
    measured = {"stem": "stem-2", "file_sha256": stem.file_sha256}
    assert record_measurements(**measured, loudness_lufs=-14.2, true_peak_db=-0.8)
    assert not record_measurements(**measured, loudness_lufs=-14.2, true_peak_db=-0.8)
    assert Stem.objects.get(pk=stem.pk).loudness_lufs == -14.2
    write_tone(tmp_path / "2.wav", seed=99)
    assert import_stems(rows=[make_row(2)], audio_dir=tmp_path).updated == ["stem-2"]
    assert not StemTwin.objects.exists()
    assert Stem.objects.get(pk=stem.pk).loudness_lufs is None


def test_an_older_stem_that_takes_over_audio_is_the_twin(stems, tmp_path):
    samples, rate = soundfile.read(tmp_path / "audio" / "2.wav", dtype="int16")
    soundfile.write(tmp_path / "1.wav", samples, rate)
    import_stems(rows=[make_row(1)], audio_dir=tmp_path)
    twin = StemTwin.objects.get()
    assert (twin.stem.external_id, twin.other.external_id) == ("stem-1", "stem-2")
