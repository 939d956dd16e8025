"""Audio files in the configured storage: written before the transaction that names them, read as local files."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.core.files import File
from django.core.files.storage import default_storage

from compliance.identifiers import new_submission_id


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedAudio:
    """A file that was received, with the SHA-256 of its bytes."""

    file: File[bytes]
    sha256: str
    n_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSong:
    """A song in storage, under the public id that its submission will have."""

    public_id: str
    audio_name: str
    audio_sha256: str
    audio_bytes: int
    vocal_name: str = ""
    vocal_sha256: str = ""


def store_song(*, audio: UploadedAudio, vocal: UploadedAudio | None) -> StoredSong:
    """Copy the received files into storage; a client's file name is never part of a path."""
    public_id = new_submission_id()
    return StoredSong(
        public_id=public_id,
        audio_name=default_storage.save(f"submissions/{public_id}-song", audio.file),
        audio_sha256=audio.sha256,
        audio_bytes=audio.n_bytes,
        vocal_name=default_storage.save(f"submissions/{public_id}-vocal", vocal.file)
        if vocal
        else "",
        vocal_sha256=vocal.sha256 if vocal else "",
    )


def discard_song(song: StoredSong) -> None:
    """Remove files that no submission came to name."""
    for name in filter(None, (song.audio_name, song.vocal_name)):
        default_storage.delete(name)


@contextmanager
def open_local_copy(name: str) -> Iterator[Path]:
    """Give the path of a stored file: itself on local storage, else a copy that is removed afterwards."""
    try:
        path = Path(default_storage.path(name))
    except NotImplementedError:  # object storage has no paths
        with tempfile.TemporaryDirectory(prefix="cleartone-") as folder:
            path = Path(folder) / "audio"
            with default_storage.open(name) as source, path.open("wb") as target:
                shutil.copyfileobj(source, target, length=1024 * 1024)
            yield path
    else:
        yield path
