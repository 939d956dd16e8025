"""The audio of the catalog as local files, for as long as a verification needs it."""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from django.conf import settings
from django.core.files.storage import default_storage

from catalog.queries.audio_sources import (
    AudioSource,
    SourceKind,
    find_audio_source,
    list_audio_sources,
)

# Where machines without a local media folder keep the recordings they pulled, by the digest of the file.
CACHE_FOLDER = "source-cache"


class CatalogFiles(Mapping[str, Path]):
    """Local files of stems or of references by external id, each one looked up, and pulled, when it is asked for.

    A verification asks for a handful, whatever the size of the catalog: what the manifest names, and what is found in the song.
    """

    def __init__(self, kind: SourceKind) -> None:
        """Take the kind of recordings."""
        self.kind = kind
        self._found: dict[str, Path | None] = {}

    def __getitem__(self, external_id: str) -> Path:
        if external_id not in self._found:
            source = find_audio_source(kind=self.kind, external_id=external_id)
            self._found[external_id] = _locate(source) if source else None
        path = self._found[external_id]
        if path is None:
            raise KeyError(external_id)
        return path

    def __iter__(self) -> Iterator[str]:
        return (one.external_id for one in list_audio_sources() if one.kind == self.kind)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _locate(source: AudioSource) -> Path | None:
    """Return the local file of a recording, None if storage has lost it."""
    try:
        return Path(default_storage.path(source.file_name))
    except NotImplementedError:  # object storage has no paths
        return _pull(source)


def _pull(source: AudioSource) -> Path | None:
    """Return the cached copy of a recording, pulling it first if this machine has not."""
    cached = Path(settings.DATA_DIR / CACHE_FOLDER / source.file_sha256)
    if not cached.exists():
        cached.parent.mkdir(parents=True, exist_ok=True)
        partial = cached.with_suffix(".partial")
        try:
            with default_storage.open(source.file_name) as stored, partial.open("wb") as target:
                shutil.copyfileobj(stored, target, length=1024 * 1024)
        except FileNotFoundError:
            return None
        partial.replace(cached)
    return cached
