"""The audio of the catalog as local files, for as long as a verification needs it."""

import shutil
from collections.abc import Collection, Sequence
from pathlib import Path

from django.conf import settings
from django.core.files.storage import default_storage

from catalog.queries.audio_sources import AudioSource

# Where machines without a local media folder keep the recordings they pulled, by the digest of the file.
CACHE_FOLDER = "source-cache"


def locate_sources(sources: Sequence[AudioSource], *, needed: Collection[str]) -> dict[str, Path]:
    """Return local files by key.

    On local storage that is every recording, and no file is opened. Object storage is asked for the `needed` ones
    alone; what is found in a song without being declared is then judged by its landmarks.
    """
    try:
        return {source.key: Path(default_storage.path(source.file_name)) for source in sources}
    except NotImplementedError:  # object storage has no paths
        return {source.key: _pull(source) for source in sources if source.key in needed}


def _pull(source: AudioSource) -> Path:
    """Return the cached copy of a recording, pulling it first if this machine has not."""
    cached = Path(settings.DATA_DIR / CACHE_FOLDER / source.file_sha256)
    if not cached.exists():
        cached.parent.mkdir(parents=True, exist_ok=True)
        partial = cached.with_suffix(".partial")
        with default_storage.open(source.file_name) as stored, partial.open("wb") as target:
            shutil.copyfileobj(stored, target, length=1024 * 1024)
        partial.replace(cached)
    return cached
