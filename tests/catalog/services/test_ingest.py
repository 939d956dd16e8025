import io

import pytest
import soundfile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from catalog.models import Party, Recording, ReferenceRecording, Share, Stem
from catalog.services import ingest
from catalog.services.audio_files import UnreadableAudio, measure_audio
from catalog.services.clearing import evaluate_rights
from catalog.services.ingest import import_references, import_stems
from catalog.services.row_reading import UnreadableTable, read_table
from tests.catalog.rows import (
    NOW,
    SAMPLE_RATE_HZ,
    add_license,
    add_stems,
    make_intent,
    make_row,
    write_csv,
    write_tone,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "audio"
    folder.mkdir()
    for number in (1, 2, 3):
        write_tone(folder / f"{number}.wav", seed=number)
    return folder


def run(folder, *rows, **options):
    return import_stems(rows=list(rows), audio_dir=folder, **options)


def list_stored():
    if not default_storage.exists("stems"):
        return []
    folders, _ = default_storage.listdir("stems")
    return [name for f in folders for name in default_storage.listdir(f"stems/{f}")[1]]


def test_stems_are_imported_with_audio_and_an_assumed_owner(folder):
    report = run(
        folder, make_row(1, bpm="120.5", key="C minor", genre="pop"), make_row(2, role="Lead Vocal")
    )
    assert report.created == ["stem-1", "stem-2"]
    drums, vocal = Stem.objects.order_by("external_id")
    assert (drums.status, drums.bpm, drums.key, drums.genre) == (
        "in_review",
        120.5,
        "C minor",
        "pop",
    )
    assert drums.duration_s == pytest.approx(800 / SAMPLE_RATE_HZ)
    assert default_storage.exists(drums.audio.name)
    assert (vocal.role, vocal.role_text, vocal.has_voice) == ("vocal_lead", "Lead Vocal", True)
    assert vocal.performers.get().name == "Ana Sol"
    assert set(drums.shares.values_list("right_type", "percent", "basis")) == {
        (right, 100, "assumed_on_import")
        for right in ("master", "publishing_performance", "publishing_mechanical")
    }
    assert Stem.history.count() == 2
    assert Party.objects.count() == 1


def test_the_same_rows_again_change_nothing(folder):
    rows = [make_row(number) for number in (1, 2, 3)]
    run(folder, *rows)
    report = run(folder, *rows)
    assert (report.created, report.updated) == ([], [])
    assert report.unchanged == ["stem-1", "stem-2", "stem-3"]
    assert Share.objects.count() == 9


def test_a_changed_row_updates_and_an_empty_column_leaves_what_is_there(folder):
    run(folder, make_row(1, genre="pop", bpm="90"))
    report = run(folder, make_row(1, title="New", genre=""))
    assert report.updated == ["stem-1"]
    stem = Stem.objects.get()
    assert (stem.title, stem.genre, stem.bpm) == ("New", "pop", 90)


def test_a_changed_file_replaces_the_audio_and_sends_an_active_stem_to_review(folder):
    run(folder, make_row(1))
    add_license(stems=Stem.objects.all())
    assert Stem.objects.get().status == "active"
    before = Stem.objects.get().audio.name
    write_tone(folder / "1.wav", seed=99)
    report = run(folder, make_row(1))
    stem = Stem.objects.get()
    assert report.updated == ["stem-1"]
    assert (stem.status, stem.audio.name != before) == ("in_review", True)
    assert default_storage.exists(before)


def test_a_dry_run_reports_and_writes_nothing(folder):
    report = run(folder, make_row(1), dry_run=True)
    assert report.created == ["stem-1"]
    assert not Stem.objects.exists()
    assert not Party.objects.exists()
    assert list_stored() == []


def test_every_wrong_value_is_named_and_nothing_is_imported(folder):
    (folder / "text.wav").write_text("not audio")
    (folder / "notes.txt").write_text("words")
    report = run(
        folder,
        make_row(1),
        make_row(1, title=""),
        make_row(2, isrc="NOPE", bpm="fast"),
        make_row(3, file="missing.wav"),
        make_row(4, file="../1.wav"),
        make_row(5, file="text.wav"),
        make_row(6, file="notes.txt"),
        make_row(7, file="1.wav", has_voice="maybe"),
        make_row(8, file="1.wav", bpm="nan"),
    )
    assert {(error.row, error.column) for error in report.errors} == {
        (3, "external_id"),
        (3, "title"),
        (4, "isrc"),
        (4, "bpm"),
        (5, "file"),
        (6, "file"),
        (7, "file"),
        (8, "file"),
        (9, "has_voice"),
        (10, "bpm"),
    }
    assert all(error.text for error in report.errors)
    assert not Stem.objects.exists()
    assert list_stored() == []


@pytest.mark.parametrize(
    "name", ["/etc/hostname", "../outside.wav", "a/../../outside.wav", "link.wav"]
)
def test_a_file_outside_the_folder_is_refused(folder, name):
    write_tone(folder.parent / "outside.wav")
    (folder / "a").mkdir()
    (folder / "link.wav").symlink_to(folder.parent / "outside.wav")
    report = run(folder, make_row(1, file=name))
    assert [error.column for error in report.errors] == ["file"]


def test_a_missing_column_is_an_error_and_an_unknown_one_a_note(folder):
    row = make_row(1, mood="happy")
    del row["artist"]
    report = run(folder, row)
    assert [(error.row, error.column) for error in report.errors] == [(1, "artist")]
    assert "mood" in report.notes[0]


def test_an_empty_table_is_an_error(folder):
    assert not run(folder).ok


def test_a_failure_while_writing_leaves_neither_rows_nor_files(folder, monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError("the disk is on fire")

    monkeypatch.setattr(ingest, "_enter_assumed_shares", fail)
    with pytest.raises(RuntimeError):
        run(folder, make_row(1), make_row(2))
    assert not Stem.objects.exists()
    assert not Party.objects.exists()
    assert list_stored() == []


def test_the_same_audio_under_another_id_is_shown_as_a_twin_and_held_back(folder):
    samples, rate = soundfile.read(folder / "1.wav", dtype="int16")
    soundfile.write(folder / "copy.flac", samples, rate)
    report = run(folder, make_row(1), make_row(2, file="copy.flac"))
    copy = Stem.objects.get(external_id="stem-2")
    twin = copy.twins.get()
    assert (twin.other.external_id, twin.kind, twin.verdict) == ("stem-1", "exact", "open")
    assert "same audio as stem-1" in report.notes[0]
    add_license(stems=Stem.objects.all())
    assert list(Stem.objects.order_by("pk").values_list("status", flat=True)) == [
        "active",
        "in_review",
    ]


def test_stems_of_one_recording_share_it_and_its_work(folder):
    common = {
        "isrc": "US-S1Z-99-00001",
        "recording": "Song",
        "work": "The Song",
        "iswc": "T-034.524.680-1",
    }
    run(folder, make_row(1, **common), make_row(2, **common), make_row(3, recording="Other"))
    assert Recording.objects.count() == 2
    recording = Recording.objects.get(isrc="USS1Z9900001")
    assert recording.stems.count() == 2
    assert recording.works.get().iswc == "T0345246801"


def test_stems_without_assumed_shares_cannot_clear(folder):
    run(folder, make_row(1), assume_artist_owns=False)
    add_license(stems=Stem.objects.all())
    evaluation = evaluate_rights(stems=["stem-1"], intent=make_intent(), now=NOW)
    assert {reason.code for reason in evaluation.reasons} == {"rights.shares_incomplete"}


def test_references_are_imported_once(folder):
    rows = [
        {
            "external_id": "ref-1",
            "title": "Hit",
            "artist": "Band",
            "file": "1.wav",
            "isrc": "US-S1Z-99-00001",
        }
    ]
    assert import_references(rows=rows, audio_dir=folder).created == ["ref-1"]
    assert import_references(rows=rows, audio_dir=folder).unchanged == ["ref-1"]
    rows[0]["title"] = "Hit (live)"
    assert import_references(rows=rows, audio_dir=folder).updated == ["ref-1"]
    assert ReferenceRecording.objects.get().isrc == "USS1Z9900001"


def test_commands_read_a_table_with_a_byte_order_mark(folder, tmp_path):
    table = write_csv(tmp_path / "stems.csv", [make_row(1, title="Ñandú")], encoding="utf-8-sig")
    out = io.StringIO()
    call_command("import_stems", table, audio_dir=folder, stdout=out)
    assert "1 were created" in out.getvalue()
    assert Stem.objects.get().title == "Ñandú"


def test_a_command_with_errors_fails_and_names_them(folder, tmp_path):
    table = write_csv(tmp_path / "stems.csv", [make_row(1, file="missing.wav")])
    err = io.StringIO()
    with pytest.raises(CommandError, match="nothing was imported"):
        call_command("import_stems", table, audio_dir=folder, stderr=err)
    assert "row 2, file: 'missing.wav'" in err.getvalue()


@pytest.mark.parametrize(
    "content",
    [b"\xff\xfe\x00", b"a,b\n1,2,3\n", b'a,b\n"1,2\n', b"a\x00b\n"],
    ids=["encoding", "too_many_values", "open_quote", "binary"],
)
def test_a_file_that_is_no_table_is_refused(tmp_path, content):
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(UnreadableTable):
        read_table(path)


def test_semicolons_separate_too(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("External_ID;Title\nx;a, b\n")
    assert read_table(path) == [{"external_id": "x", "title": "a, b"}]


def test_the_audio_hash_is_of_the_samples_and_not_of_the_container(tmp_path):
    wav = write_tone(tmp_path / "a.wav")
    samples, rate = soundfile.read(wav, dtype="int16")
    soundfile.write(tmp_path / "a.flac", samples, rate)
    other = write_tone(tmp_path / "b.wav", seed=5)
    assert measure_audio(wav).audio_sha256 == measure_audio(tmp_path / "a.flac").audio_sha256
    assert measure_audio(wav).audio_sha256 != measure_audio(other).audio_sha256


def test_audio_that_is_cut_short_or_empty_is_refused(tmp_path):
    whole = write_tone(tmp_path / "a.wav", n_samples=8000)
    cut = tmp_path / "cut.flac"
    samples, rate = soundfile.read(whole, dtype="int16")
    soundfile.write(cut, samples, rate)
    cut.write_bytes(cut.read_bytes()[:2000])
    with pytest.raises(UnreadableAudio):
        measure_audio(cut)
    soundfile.write(tmp_path / "empty.wav", samples[:0], rate)
    with pytest.raises(UnreadableAudio, match="no audio"):
        measure_audio(tmp_path / "empty.wav")


def test_many_stems_take_few_queries(folder, django_assert_max_num_queries):
    rows = [make_row(number, file=f"{number % 3 + 1}.wav") for number in range(300)]
    with django_assert_max_num_queries(90):
        report = run(folder, *rows)
    assert len(report.created) == 300


def test_importing_shows_up_for_the_index(folder):
    from catalog.queries import describe_sources, get_stem_files, list_audio_sources

    add_stems(folder, 2, isrc="US-S1Z-99-00001")
    sources = list_audio_sources()
    assert [source.key for source in sources] == ["stem:stem-1", "stem:stem-2"]
    assert get_stem_files(["stem-1", "ghost"]) == {"stem-1": sources[0].file_name}
    assert describe_sources(["stem:stem-1", "reference:x"]) == {
        "stem:stem-1": {"title": "Stem 1", "artist": "Ana Sol", "isrc": "US-S1Z-99-00001"}
    }
