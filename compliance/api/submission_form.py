"""The multipart form of a submission: read, checked, every fault named."""

import json
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from rest_framework.request import Request

from compliance.api.uploads import (
    AudioTooLarge,
    AudioUploadHandler,
    FieldError,
    InvalidSubmission,
    read_uploaded_audio,
)
from compliance.audio.manifest import InvalidManifest, Placement, parse_manifest
from compliance.models import Clearance
from compliance.services.song_files import UploadedAudio
from compliance.services.submissions import find_uncleared_stems

TEXT_FIELDS = ("clearance", "manifest")
FILE_FIELDS = ("audio", "vocal")


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionForm:
    """What a submission brought, after every check that needs no database."""

    clearance_id: str
    manifest: dict[str, Any]
    placements: tuple[Placement, ...]
    audio: UploadedAudio
    vocal: UploadedAudio | None

    @property
    def content(self) -> dict[str, Any]:
        """What makes two submissions the same request."""
        return {
            "clearance": self.clearance_id,
            "manifest": self.manifest,
            "audio": self.audio.sha256,
            "vocal": self.vocal.sha256 if self.vocal else None,
        }

    def refuse_uncleared_stems(self, clearance: Clearance) -> None:
        """Raise InvalidManifest for placements of stems that the clearance does not name."""
        if errors := find_uncleared_stems(placements=self.placements, clearance=clearance):
            raise InvalidManifest(tuple(errors))


def read_submission_form(request: Request, *, handler: AudioUploadHandler) -> SubmissionForm:
    """Read the form.

    Raises
    ------
    AudioTooLarge : if a file passes MAX_AUDIO_BYTES
    InvalidSubmission : if fields are missing, unknown, empty or not what they should be; all of them are named
    InvalidManifest : if the manifest is JSON but not a manifest
    """
    fields, files = request.POST, request.FILES
    if handler.too_large_field:
        raise AudioTooLarge(field=handler.too_large_field, limit_bytes=settings.MAX_AUDIO_BYTES)
    errors: list[FieldError] = []

    def refuse(name: str, code: str, text: str) -> None:
        errors.append(FieldError(pointer=f"/{name}", code=code, text=text))

    for name in sorted((set(fields) - set(TEXT_FIELDS)) | (set(files) - set(FILE_FIELDS))):
        refuse(
            name,
            "unknown",
            f"Unknown field {name!r}; known are clearance, manifest, audio and vocal.",
        )
    for name in (*TEXT_FIELDS, *FILE_FIELDS):
        if len(fields.getlist(name)) + len(files.getlist(name)) > 1:
            refuse(name, "repeated", f"The field {name} was sent more than once.")
    for name in TEXT_FIELDS:
        if not fields.get(name):
            refuse(name, "required", f"The field {name} is missing or empty.")
    if "audio" not in files:
        refuse(
            "audio",
            "required",
            "The file audio is missing; send the song as a file, not as a text field.",
        )
    for name in FILE_FIELDS:
        if name in files and not files[name].size:
            refuse(name, "empty", f"The file {name} is empty.")
    manifest: Any = None
    if fields.get("manifest"):
        try:
            manifest = json.loads(fields["manifest"])
        except (ValueError, RecursionError) as error:
            refuse("manifest", "not_json", f"The manifest is not JSON: {error}.")
    if errors:
        raise InvalidSubmission(errors)
    placements = parse_manifest(manifest)
    vocal = files.get("vocal")
    return SubmissionForm(
        clearance_id=fields["clearance"],
        manifest=manifest,
        placements=placements,
        audio=read_uploaded_audio(files["audio"], sha256=handler.sha256_of["audio"]),
        vocal=read_uploaded_audio(vocal, sha256=handler.sha256_of["vocal"]) if vocal else None,
    )
