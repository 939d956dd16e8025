"""Uploads: capped while they stream, hashed on the way, kept on disk."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import StopUpload, TemporaryFileUploadHandler
from django.http import HttpRequest

from compliance.services.song_files import UploadedAudio

# What a multipart request may carry besides its two audio files, in bytes: fields and boundaries.
FORM_BYTES = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldError:
    """What is wrong with one field."""

    pointer: str
    code: str
    text: str


class AudioTooLarge(Exception):
    """An uploaded file is larger than the service accepts."""

    def __init__(self, *, field: str, limit_bytes: int) -> None:
        super().__init__(
            f"{field} is larger than {limit_bytes} bytes ({limit_bytes / 2**20:.0f} MiB)."
        )
        self.field = field
        self.limit_bytes = limit_bytes


class InvalidSubmission(Exception):
    """Fields of a multipart request are missing or unusable."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__("; ".join(error.text for error in errors))
        self.errors = tuple(errors)


class AudioUploadHandler(TemporaryFileUploadHandler):
    """Write a file to a temporary file, count and hash it, and stop at MAX_AUDIO_BYTES."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self.too_large_field: str | None = None
        self.sha256_of: dict[str, str] = {}

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Start the next file."""
        super().new_file(*args, **kwargs)
        self.digest = hashlib.sha256()
        self.n_bytes = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Keep a chunk; stop reading the request when the file is too large."""
        self.n_bytes += len(raw_data)
        if self.n_bytes > settings.MAX_AUDIO_BYTES:
            self.too_large_field = self.field_name
            raise StopUpload(connection_reset=True)
        self.digest.update(raw_data)
        super().receive_data_chunk(raw_data, start)

    def file_complete(self, file_size: int) -> UploadedFile | None:
        """Return the file; its hash is kept under the field's name."""
        file = super().file_complete(file_size)
        if file is not None:
            self.sha256_of[self.field_name] = self.digest.hexdigest()
        return file


def refuse_declared_size(request: HttpRequest) -> None:
    """Refuse by the Content-Length header, before a byte is read.

    Raises
    ------
    AudioTooLarge : if the request cannot fit two files of the allowed size
    """
    declared = request.headers.get("Content-Length", "")
    limit = settings.MAX_AUDIO_BYTES * 2 + FORM_BYTES
    if declared.isdigit() and int(declared) > limit:
        raise AudioTooLarge(field="request", limit_bytes=limit)


def read_uploaded_audio(file: UploadedFile, *, sha256: str) -> UploadedAudio:
    """Return an uploaded file with the hash that was taken while it streamed."""
    return UploadedAudio(file=file, sha256=sha256, n_bytes=file.size or 0)
