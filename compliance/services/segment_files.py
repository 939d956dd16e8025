"""Index segments in the configured storage: published once, pulled by every machine, never changed."""

import datetime as dt
import secrets
import shutil
import tempfile
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage

from compliance.audio.segment import MANIFEST_NAME, open_segment

FOLDER = "index"
# Where machines without a local media folder keep the segments they pulled.
CACHE_FOLDER = "index-cache"


def make_work_folder() -> Path:
    """Return a new folder to build a segment in, on the same disk as the local media folder."""
    root = _get_local_root() or settings.DATA_DIR / CACHE_FOLDER
    root.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix=".building-", dir=root))


def name_segment(generation: int, number: int) -> str:
    """Return a name that nobody else gives to a segment."""
    return f"{generation:08d}-{number:03d}-{secrets.token_hex(4)}"


def publish_segment(folder: Path, *, name: str) -> None:
    """Move a finished segment to where every worker finds it; its manifest comes last."""
    root = _get_local_root()
    if root is not None:
        folder.rename(root / name)
        return
    for path in sorted(folder.iterdir(), key=lambda path: path.name == MANIFEST_NAME):
        with path.open("rb") as file:
            default_storage.save(f"{FOLDER}/{name}/{path.name}", File(file))
    shutil.rmtree(folder)


def fetch_segment(name: str) -> Path:
    """Return the local folder of a published segment, pulling it first if this machine has not.

    Raises
    ------
    InvalidSegment : if what was pulled is not what was published
    """
    root = _get_local_root()
    if root is not None:
        return root / name
    cached = Path(settings.DATA_DIR / CACHE_FOLDER / name)
    if not cached.exists():
        partial = make_work_folder()
        try:
            for file_name in default_storage.listdir(f"{FOLDER}/{name}")[1]:
                with (
                    default_storage.open(f"{FOLDER}/{name}/{file_name}") as source,
                    (partial / file_name).open("wb") as target,
                ):
                    shutil.copyfileobj(source, target, length=1024 * 1024)
            open_segment(partial, is_verified=True)
            partial.rename(cached)
        except OSError:  # another worker of this machine was first
            if not cached.exists():
                raise
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return cached


def list_segments(*, older_than: dt.datetime) -> list[str]:
    """Return the names of the segments in storage that were complete before a time; leftovers of builders count."""
    try:
        names = default_storage.listdir(FOLDER)[0]
    except FileNotFoundError:
        return []
    return [name for name in names if _is_older(name, older_than)]


def remove_segment(name: str) -> None:
    """Remove a segment, or what a builder left, from storage and from this machine."""
    for file_name in default_storage.listdir(f"{FOLDER}/{name}")[1]:
        default_storage.delete(f"{FOLDER}/{name}/{file_name}")
    for folder in (_get_local_root(), settings.DATA_DIR / CACHE_FOLDER):
        if folder is not None:
            shutil.rmtree(folder / name, ignore_errors=True)


def prune_cache(*, needed: Collection[str], older_than: dt.datetime) -> None:
    """Remove pulled segments that this machine needs no more, and what died while it was pulled or built."""
    root = settings.DATA_DIR / CACHE_FOLDER
    for folder in root.iterdir() if root.is_dir() else ():
        with suppress(FileNotFoundError):
            if folder.name not in needed and folder.stat().st_mtime < older_than.timestamp():
                shutil.rmtree(folder)


def _is_older(name: str, than: dt.datetime) -> bool:
    files = default_storage.listdir(f"{FOLDER}/{name}")[1]
    times = [default_storage.get_modified_time(f"{FOLDER}/{name}/{one}") for one in files]
    if not times and (root := _get_local_root()) is not None:
        with suppress(FileNotFoundError):
            seconds = (root / name).stat().st_mtime
            times = [dt.datetime.fromtimestamp(seconds, tz=dt.UTC)]
    return bool(times) and max(times) < than


def _get_local_root() -> Path | None:
    try:
        return Path(default_storage.path(FOLDER))
    except NotImplementedError:  # object storage has no paths
        return None
