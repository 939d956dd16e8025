"""Index segments in the configured storage: published once, pulled by every machine, never changed."""

import shutil
import tempfile
from pathlib import Path

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage

FOLDER = "index"
# Where machines without a local media folder keep the segments they pulled.
CACHE_FOLDER = "index-cache"


def make_work_folder() -> Path:
    """Return a new folder to build a segment in, on the same disk as the local media folder."""
    root = _get_local_root() or settings.DATA_DIR / CACHE_FOLDER
    root.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix=".building-", dir=root))


def publish_segment(folder: Path, *, name: str) -> None:
    """Move a finished segment to where every worker finds it."""
    root = _get_local_root()
    if root is not None:
        folder.rename(root / name)
        return
    for path in sorted(folder.iterdir()):
        with path.open("rb") as file:
            default_storage.save(f"{FOLDER}/{name}/{path.name}", File(file))
    shutil.rmtree(folder)


def fetch_segment(name: str) -> Path:
    """Return the local folder of a published segment, pulling it first if this machine has not."""
    root = _get_local_root()
    if root is not None:
        return root / name
    cached = settings.DATA_DIR / CACHE_FOLDER / name
    if not cached.exists():
        partial = make_work_folder()
        for file_name in default_storage.listdir(f"{FOLDER}/{name}")[1]:
            with (
                default_storage.open(f"{FOLDER}/{name}/{file_name}") as source,
                (partial / file_name).open("wb") as target,
            ):
                shutil.copyfileobj(source, target, length=1024 * 1024)
        try:
            partial.rename(cached)
        except OSError:  # another worker of this machine was first
            shutil.rmtree(partial)
    return cached


def _get_local_root() -> Path | None:
    try:
        return Path(default_storage.path(FOLDER))
    except NotImplementedError:  # object storage has no paths
        return None
