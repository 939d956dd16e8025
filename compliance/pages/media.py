"""Stored files for signed-in staff, in ranges, so that a player can seek."""

import mimetypes
import re
from collections.abc import Iterator
from typing import IO

from django.contrib.admin.views.decorators import staff_member_required
from django.core.exceptions import PermissionDenied, SuspiciousFileOperation
from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

# Which permission opens which folder of the storage; a folder not named here is closed.
FOLDER_PERMISSIONS = {
    "submissions": "moderation.view_reviewcase",
    "stems": "catalog.view_stem",
    "references": "catalog.view_referencerecording",
    "agreements": "catalog.view_agreement",
}
CHUNK_BYTES = 256 * 1024
RANGE = re.compile(r"^bytes=(\d*)-(\d*)$")
# What the first bytes of a song say; uploads carry no trusted name.
AUDIO_SIGNATURES = (
    (b"RIFF", "audio/wav"),
    (b"fLaC", "audio/flac"),
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"\xff", "audio/mpeg"),
)


@require_safe
@staff_member_required
def get_media(request: HttpRequest, name: str) -> HttpResponseBase:
    """Return a stored file, or the asked range of it, to staff who may see its folder."""
    permission = FOLDER_PERMISSIONS.get(name.partition("/")[0])
    if permission is None or not request.user.has_perm(permission):
        raise PermissionDenied
    try:
        file = default_storage.open(name)
        size = file.size
    except (FileNotFoundError, IsADirectoryError, SuspiciousFileOperation) as error:
        raise Http404(f"Nothing is stored at {name}.") from error
    start, end = _read_range(request.headers.get("Range", ""), size=size)
    if start >= end and size:
        file.close()
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    is_part = (start, end) != (0, size)
    response = StreamingHttpResponse(
        _iterate(file, start=start, end=end),
        status=206 if is_part else 200,
        content_type=_guess_type(file, name),
    )
    response["Accept-Ranges"] = "bytes"
    response["Content-Length"] = str(end - start)
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    if is_part:
        response["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return response


def _read_range(header: str, *, size: int) -> tuple[int, int]:
    """Return the half-open byte range that a Range header asks for; the whole file if it asks for none."""
    match = RANGE.match(header)
    if not match or not any(match.groups()):
        return 0, size
    first, last = match.groups()
    if not first:  # the last n bytes
        return max(0, size - int(last)), size
    return int(first), min(size, int(last) + 1) if last else size


def _guess_type(file: IO[bytes], name: str) -> str:
    guessed = mimetypes.guess_type(name)[0]
    if guessed in ("application/pdf", "image/png") or (guessed or "").startswith("audio/"):
        return str(guessed)
    head = file.read(4)
    file.seek(0)
    return next(
        (kind for start, kind in AUDIO_SIGNATURES if head.startswith(start)),
        "application/octet-stream",
    )


def _iterate(file: IO[bytes], *, start: int, end: int) -> Iterator[bytes]:
    with file:
        file.seek(start)
        while start < end and (chunk := file.read(min(CHUNK_BYTES, end - start))):
            start += len(chunk)
            yield chunk
