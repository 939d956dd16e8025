"""The keys that sign certificates: one file, readable by the service alone, with the newest key first."""

import os
import secrets
from pathlib import Path

from django.conf import settings

from compliance.certificates.keys import KeyRing, generate_key, parse_keys

FOLDER = "keys"
FILE_NAME = "certificates.json"


class RotationRunning(Exception):
    """Another rotation has begun and not ended."""


def get_key_path() -> Path:
    """Return where the keys are kept."""
    if settings.CERTIFICATE_KEY_FILE:
        return Path(settings.CERTIFICATE_KEY_FILE)
    return Path(settings.DATA_DIR) / FOLDER / FILE_NAME


def load_keys() -> KeyRing:
    """Return the keys, newest first; the first call ever makes one, unless CERTIFICATE_KEY_FILE says where they are.

    Raises
    ------
    FileNotFoundError : if CERTIFICATE_KEY_FILE names no file
    InvalidKeys : if the file does not hold keys
    """
    path = get_key_path()
    if not settings.CERTIFICATE_KEY_FILE and not path.exists():
        _create_keys(path)
    return parse_keys(path.read_text())


def rotate_keys() -> KeyRing:
    """Put a new signing key first; what the old ones signed can still be verified. Return the new ring.

    Raises
    ------
    RotationRunning : if another process rotates, or was killed while it did
    OSError : if the file cannot be written
    """
    path = get_key_path()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".new")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise RotationRunning(f"{draft} exists: remove it if no rotation is running") from error
    try:
        ring = parse_keys(path.read_text()).rotate() if path.exists() else make_ring()
        _write(descriptor, ring)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return ring


def make_ring() -> KeyRing:
    """Return a ring with one new key, which is kept nowhere."""
    return KeyRing(keys=(generate_key(),))


def _create_keys(path: Path) -> None:
    """Make the file if it is not there; of several processes that try, one succeeds and the others use its key."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    _write(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), make_ring())
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def _write(descriptor: int, ring: KeyRing) -> None:
    with os.fdopen(descriptor, "w") as file:
        file.write(ring.to_private_text())
        file.flush()
        os.fsync(file.fileno())
