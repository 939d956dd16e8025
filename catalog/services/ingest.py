"""Importing stems and references from a table and a folder of audio: all of it, or nothing.

Every row is checked, its audio decoded, before anything is written. Then files are stored under names made of their
content, and the rows are written in one transaction; if that fails, the files stored for it are removed again. A row is
recognized by its external id: the same row again changes nothing, a changed one updates, a changed file replaces.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from catalog.models import Party, Recording, ReferenceRecording, Share, Stem, TerritorySet, Work
from catalog.models.music import StemRole, StemStatus, name_stem_file
from catalog.models.references import name_reference_file
from catalog.models.shares import ShareBasis, ShareRight
from catalog.rights.identifiers import IdentifierKind, normalize_identifier
from catalog.rights.territories import WORLDWIDE
from catalog.services.audio_files import AudioFacts
from catalog.services.availability import refresh_availability
from catalog.services.import_report import ImportReport, Progress, Row, show_nothing
from catalog.services.row_reading import RowReader, check_columns
from catalog.services.twins import mark_exact_twins

STEM_REQUIRED: Final = ("external_id", "title", "artist", "role", "file")
STEM_OPTIONAL: Final = (
    "isrc",
    "recording",
    "work",
    "iswc",
    "bpm",
    "key",
    "has_voice",
    "performers",
    "instrument",
    "genre",
    "language",
)
REFERENCE_REQUIRED: Final = ("external_id", "title", "artist", "file")
REFERENCE_OPTIONAL: Final = ("isrc",)
BATCH_ROWS: Final = 500
IMPORT_REASON: Final = "import"

# Words of suppliers for the roles of the catalog. An unknown word is kept as it is, under the role "other".
ROLE_WORDS: Final = {
    StemRole.VOCAL_LEAD: ("lead vocal", "vocal lead", "vocals", "vocal", "voice", "vox", "singing"),
    StemRole.VOCAL_BACKING: (
        "backing vocal",
        "vocal backing",
        "backing vocals",
        "choir",
        "harmony",
    ),
    StemRole.DRUMS: ("drums", "drum", "percussion", "beat", "kit"),
    StemRole.BASS: ("bass", "sub", "bassline"),
    StemRole.GUITAR: ("guitar", "guitars"),
    StemRole.KEYS: ("keys", "piano", "organ", "chords", "keyboard"),
    StemRole.STRINGS: ("strings", "violin", "cello", "orchestra"),
    StemRole.SYNTH: ("synth", "pad", "lead", "arp"),
    StemRole.FX: ("fx", "effects", "noise", "foley"),
}
VOICE_WORDS: Final = ("voc", "voice", "vox", "sing", "sung", "choir", "rap")
OWNED_RIGHTS: Final = (
    ShareRight.MASTER,
    ShareRight.PUBLISHING_PERFORMANCE,
    ShareRight.PUBLISHING_MECHANICAL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRow:
    """A row that may be written: its columns, its file and what the file holds."""

    external_id: str
    artist: str
    path: Path
    file_sha256: str
    audio: AudioFacts
    columns: dict[str, Any]
    recording: tuple[str | None, str]  # ISRC and title
    work: tuple[str | None, str]  # ISWC and title
    performers: tuple[str, ...]


def read_role(text: str) -> StemRole:
    """Return the catalog's role for a supplier's word."""
    word = text.casefold().replace("_", " ").replace("-", " ").strip()
    for role, words in ROLE_WORDS.items():
        if word in (role.value.replace("_", " "), *words):
            return role
    return StemRole.OTHER


def import_stems(
    *,
    rows: Iterable[Row],
    audio_dir: Path,
    dry_run: bool = False,
    progress: Progress = show_nothing,
    assume_artist_owns: bool = True,
) -> ImportReport:
    """Import stems, all or none, and report on every row.

    A new stem waits in review. With `assume_artist_owns` the artist is entered as owner of everything in a stem that has no
    shares yet, marked as an assumption; without, somebody must enter the shares before the stem can clear.
    """
    table = list(rows)
    report = ImportReport(dry_run=dry_run, n_rows=len(table))
    if not check_columns(rows=table, required=STEM_REQUIRED, optional=STEM_OPTIONAL, report=report):
        return report
    known = {
        sha: AudioFacts(
            audio_sha256=audio_sha,
            duration_s=duration or 0.0,
            sample_rate_hz=rate or 0,
            channels=channels or 0,
        )
        for sha, audio_sha, duration, rate, channels in Stem.objects.exclude(
            audio_sha256=""
        ).values_list("file_sha256", "audio_sha256", "duration_s", "sample_rate_hz", "channels")
    }
    checked = []
    seen: dict[str, int] = {}
    for number, row in enumerate(progress(table, "checking"), start=2):
        reader = RowReader(row=row, number=number, report=report)
        stem = _check_stem(reader, audio_dir=audio_dir, known=known, seen=seen)
        if stem is not None:
            checked.append(stem)
            known[stem.file_sha256] = stem.audio
    if not report.errors:
        _write(
            checked,
            report=report,
            progress=progress,
            write=lambda: _write_stems(checked, report=report, assume=assume_artist_owns),
            name_file=lambda row: name_stem_file(Stem(file_sha256=row.file_sha256), row.path.name),
        )
    return report


def import_references(
    *,
    rows: Iterable[Row],
    audio_dir: Path,
    dry_run: bool = False,
    progress: Progress = show_nothing,
) -> ImportReport:
    """Import recordings that must not be heard, all or none, and report on every row."""
    table = list(rows)
    report = ImportReport(dry_run=dry_run, n_rows=len(table))
    if not check_columns(
        rows=table, required=REFERENCE_REQUIRED, optional=REFERENCE_OPTIONAL, report=report
    ):
        return report
    checked = []
    seen: dict[str, int] = {}
    known: dict[str, AudioFacts] = {}
    for number, row in enumerate(progress(table, "checking"), start=2):
        reader = RowReader(row=row, number=number, report=report)
        reference = _check_common(reader, audio_dir=audio_dir, known=known, seen=seen)
        if reference is not None:
            checked.append(reference)
            known[reference.file_sha256] = reference.audio
    if not report.errors:
        _write(
            checked,
            report=report,
            progress=progress,
            write=lambda: _write_references(checked, report=report),
            name_file=lambda row: name_reference_file(
                ReferenceRecording(file_sha256=row.file_sha256), row.path.name
            ),
        )
    return report


# -- Checking --------------------------------------------------------------------------------------


def _check_common(
    reader: RowReader, *, audio_dir: Path, known: dict[str, AudioFacts], seen: dict[str, int]
) -> CheckedRow | None:
    """Return what every kind of row has, None if something is wrong with it."""
    external_id = reader.read_text("external_id", max_length=100, required=True)
    if external_id in seen:
        reader.refuse("external_id", f"is in row {seen[external_id]} already; keep one of them")
    elif external_id:
        seen[external_id] = reader.number
    title = reader.read_text("title", max_length=300, required=True)
    artist = reader.read_text("artist", max_length=200, required=True)
    isrc = reader.read_value(
        "isrc",
        lambda text: normalize_identifier(text, kind=IdentifierKind.ISRC),
        expected="an ISRC, as in US-S1Z-99-00001",
    )
    path = reader.read_audio_path(audio_dir=audio_dir)
    measured = reader.measure(path, known=known) if path else None
    if not reader.ok or path is None or measured is None:
        return None
    return CheckedRow(
        external_id=external_id,
        artist=artist,
        path=path,
        file_sha256=measured[0],
        audio=measured[1],
        columns={"title": title},
        recording=(isrc, ""),
        work=(None, ""),
        performers=(),
    )


def _check_stem(
    reader: RowReader, *, audio_dir: Path, known: dict[str, AudioFacts], seen: dict[str, int]
) -> CheckedRow | None:
    role_text = reader.read_text("role", max_length=100, required=True)
    role = read_role(role_text)
    bpm = reader.read_value("bpm", float, expected="a number of beats a minute")
    if bpm is not None and not 0 < bpm < 1000:
        reader.refuse("bpm", "is not a tempo; expected beats a minute between 0 and 1000")
    has_voice = reader.read_flag("has_voice")
    if has_voice is None:
        has_voice = any(word in role_text.casefold() for word in VOICE_WORDS)
    columns: dict[str, Any] = {
        "role": role,
        "role_text": role_text,
        "has_voice": has_voice,
        **({"bpm": bpm} if bpm is not None else {}),
    }
    for column, max_length in (("key", 20), ("instrument", 100), ("genre", 100), ("language", 20)):
        if text := reader.read_text(column, max_length=max_length):
            columns[column] = text
    iswc = reader.read_value(
        "iswc",
        lambda text: normalize_identifier(text, kind=IdentifierKind.ISWC),
        expected="an ISWC, as in T-034.524.680-1",
    )
    recording_title = reader.read_text("recording", max_length=300)
    work_title = reader.read_text("work", max_length=300)
    performers = reader.read_text("performers", max_length=1000)
    common = _check_common(reader, audio_dir=audio_dir, known=known, seen=seen)
    if common is None:
        return None
    return CheckedRow(
        external_id=common.external_id,
        artist=common.artist,
        path=common.path,
        file_sha256=common.file_sha256,
        audio=common.audio,
        columns={**common.columns, **columns},
        recording=(common.recording[0], recording_title),
        work=(iswc, work_title),
        performers=tuple(name.strip() for name in performers.split(";") if name.strip()),
    )


# -- Writing ---------------------------------------------------------------------------------------


def _write(
    checked: Sequence[CheckedRow],
    *,
    report: ImportReport,
    progress: Progress,
    write: Callable[[], None],
    name_file: Callable[[CheckedRow], str],
) -> None:
    """Store the files and write the rows; on any failure, and in a dry run, nothing stays."""
    if report.dry_run:
        with transaction.atomic():
            write()
            transaction.set_rollback(True)
        return
    stored: list[str] = []
    try:
        for row in progress(list(checked), "storing"):
            name = name_file(row)
            if not default_storage.exists(name):
                with row.path.open("rb") as file:
                    stored.append(default_storage.save(name, File(file)))
        with transaction.atomic():
            write()
    except BaseException:
        for name in stored:
            default_storage.delete(name)
        raise


def _write_stems(checked: Sequence[CheckedRow], *, report: ImportReport, assume: bool) -> None:
    artists = _get_parties({name for row in checked for name in (row.artist, *row.performers)})
    recordings = _get_recordings(checked, artists)
    existing = {
        stem.external_id: stem
        for stem in Stem.objects.filter(external_id__in=[row.external_id for row in checked])
    }
    created, updated, heard_anew = [], [], []
    for row in checked:
        columns = {
            **row.columns,
            "artist": artists[row.artist],
            "recording": recordings.get(row.external_id),
        }
        stem = existing.get(row.external_id)
        if stem is None:
            stem = Stem(external_id=row.external_id, status=StemStatus.IN_REVIEW, **columns)
            _set_audio(stem, row)
            created.append(stem)
            continue
        changes = {
            name: value
            for name, value in columns.items()
            if value is not None and getattr(stem, name) != value
        }
        new_file = stem.file_sha256 != row.file_sha256
        if not changes and not new_file:
            report.unchanged.append(row.external_id)
            continue
        for name, value in changes.items():
            setattr(stem, name, value)
        if new_file:
            _set_audio(stem, row)
            heard_anew.append(stem)
            if stem.status == StemStatus.ACTIVE:
                stem.status = StemStatus.IN_REVIEW
                report.notes.append(
                    f"{stem.external_id} has new audio and waits in review; activate it again"
                )
        updated.append(stem)
    bulk_create_with_history(
        created, Stem, batch_size=BATCH_ROWS, default_change_reason=IMPORT_REASON
    )
    if updated:
        fields = [
            field.name
            for field in Stem._meta.concrete_fields
            if field.name not in ("id", "external_id", "created_at")
        ]
        bulk_update_with_history(
            updated, Stem, fields, batch_size=BATCH_ROWS, default_change_reason=IMPORT_REASON
        )
    names = [stem.external_id for stem in (*created, *heard_anew)]
    for name, other in mark_exact_twins(stems=names):
        report.notes.append(
            f"{name} has the same audio as {other}; settle in the admin which counts"
        )
    _set_performers(checked, artists)
    refresh_availability(stem_ids=[stem.pk for stem in updated])
    if assume:
        _enter_assumed_shares(created)
    report.created += [stem.external_id for stem in created]
    report.updated += [stem.external_id for stem in updated]


def _write_references(checked: Sequence[CheckedRow], *, report: ImportReport) -> None:
    existing = {
        reference.external_id: reference
        for reference in ReferenceRecording.objects.filter(
            external_id__in=[row.external_id for row in checked]
        )
    }
    created, updated = [], []
    for row in checked:
        columns = {**row.columns, "artist": row.artist}
        if row.recording[0]:
            columns["isrc"] = row.recording[0]
        reference = existing.get(row.external_id)
        if reference is None:
            reference = ReferenceRecording(external_id=row.external_id, **columns)
            created.append(reference)
        elif reference.file_sha256 == row.file_sha256 and all(
            getattr(reference, name) == value for name, value in columns.items()
        ):
            report.unchanged.append(row.external_id)
            continue
        else:
            for name, value in columns.items():
                setattr(reference, name, value)
            updated.append(reference)
        reference.file_sha256 = row.file_sha256
        reference.audio_sha256 = row.audio.audio_sha256
        reference.duration_s = row.audio.duration_s
        reference.audio.name = name_reference_file(reference, row.path.name)
    bulk_create_with_history(
        created, ReferenceRecording, batch_size=BATCH_ROWS, default_change_reason=IMPORT_REASON
    )
    if updated:
        bulk_update_with_history(
            updated,
            ReferenceRecording,
            ["title", "artist", "isrc", "file_sha256", "audio_sha256", "duration_s", "audio"],
            batch_size=BATCH_ROWS,
            default_change_reason=IMPORT_REASON,
        )
    report.created += [reference.external_id for reference in created]
    report.updated += [reference.external_id for reference in updated]


def _set_audio(stem: Stem, row: CheckedRow) -> None:
    stem.file_sha256 = row.file_sha256
    stem.audio_sha256 = row.audio.audio_sha256
    stem.duration_s = row.audio.duration_s
    stem.sample_rate_hz = row.audio.sample_rate_hz
    stem.channels = row.audio.channels
    stem.loudness_lufs = stem.true_peak_db = (
        None  # of another file; measured again when it is indexed
    )
    stem.audio.name = name_stem_file(stem, row.path.name)


def _get_parties(names: set[str]) -> dict[str, Party]:
    """Return the party of each name, entering those that are new."""
    found: dict[str, Party] = {}
    for party in Party.objects.filter(name__in=names).order_by("-id"):
        found[party.name] = party  # of several the first entered stays
    new = [Party(name=name) for name in sorted(names - set(found))]
    bulk_create_with_history(new, Party, batch_size=BATCH_ROWS, default_change_reason=IMPORT_REASON)
    return found | {
        party.name: party for party in Party.objects.filter(name__in=names - set(found))
    }


def _get_recordings(
    checked: Sequence[CheckedRow], artists: dict[str, Party]
) -> dict[str, Recording]:
    """Return the recording of each stem that names one, by its external id."""
    found: dict[tuple[str, str], Recording] = {}
    recordings: dict[str, Recording] = {}
    for row in checked:
        isrc, title = row.recording
        if not isrc and not title:
            continue
        artist = artists[row.artist]
        key = (isrc or "", "" if isrc else f"{title}\n{artist.pk}")
        if key not in found:
            same: dict[str, Any] = (
                {"isrc": isrc} if isrc else {"title": title, "artist": artist, "isrc": None}
            )
            found[key], _ = Recording.objects.get_or_create(
                **same, defaults={"title": title or row.columns["title"], "artist": artist}
            )
            _link_work(found[key], row)
        recordings[row.external_id] = found[key]
    return recordings


def _link_work(recording: Recording, row: CheckedRow) -> None:
    iswc, title = row.work
    if not iswc and not title:
        return
    same: dict[str, Any] = {"iswc": iswc} if iswc else {"title": title, "iswc": None}
    work, _ = Work.objects.get_or_create(**same, defaults={"title": title or recording.title})
    recording.works.add(work)


def _set_performers(checked: Sequence[CheckedRow], parties: dict[str, Party]) -> None:
    """Enter who is heard; for a voice without named performers that is the artist."""
    ids = dict(
        Stem.objects.filter(external_id__in=[row.external_id for row in checked]).values_list(
            "external_id", "id"
        )
    )
    through = Stem.performers.through
    through.objects.bulk_create(
        [
            through(stem_id=ids[row.external_id], party_id=parties[name].pk)
            for row in checked
            if row.columns["has_voice"]
            for name in (row.performers or (row.artist,))
        ],
        ignore_conflicts=True,
        batch_size=BATCH_ROWS,
    )


def _enter_assumed_shares(stems: Sequence[Stem]) -> None:
    """Enter the artist as owner of every right in stems whose recording has no shares, marked as assumed."""
    world = TerritorySet.objects.get_for(WORLDWIDE)
    owned = set(
        Share.objects.filter(
            recording_id__in={stem.recording_id for stem in stems if stem.recording_id}
        ).values_list("recording_id", flat=True)
    )
    shares = [
        Share(
            stem_id=stem.pk,
            right_type=right_type,
            party_id=stem.artist_id,
            percent=100,
            territory=world,
            basis=ShareBasis.ASSUMED_ON_IMPORT,
        )
        for stem in Stem.objects.filter(external_id__in=[stem.external_id for stem in stems])
        if stem.recording_id not in owned
        for right_type in OWNED_RIGHTS
    ]
    bulk_create_with_history(
        shares, Share, batch_size=BATCH_ROWS, default_change_reason=IMPORT_REASON
    )
