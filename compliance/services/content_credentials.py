"""Signed copies of approved songs: made when first asked for, kept, and the same bytes ever after."""

import datetime as dt
import hashlib
import os
import tempfile
from typing import Any

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction

from compliance.audio.decoder import sniff_container
from compliance.certificates.certificate import Certificate, read_certificate
from compliance.certificates.content_credentials import (
    EMBEDDING_TYPES,
    MANIFEST_TYPE,
    UNKNOWN_TYPE,
    Ingredient,
    SignerFiles,
    build_manifest,
    get_media_type,
    sign_song,
)
from compliance.models import Approval, ApprovalStatus, ContentCredential
from compliance.services.content_credential_keys import compute_signer_sha256, load_signer
from compliance.services.rights_snapshots import get_rights_snapshot
from compliance.services.signing_keys import load_keys
from compliance.services.song_files import open_local_copy

# What is written to storage lies below this folder.
FOLDER = "content-credentials"
# Bytes that tell a container.
HEAD_BYTES = 16


class ApprovalNotLive(Exception):
    """The approval is suspended, revoked or over: nothing is handed out in its name."""


class SongNotKept(Exception):
    """The audio of the song is no longer in storage."""


class CredentialsNotEmbeddable(Exception):
    """The song's format cannot hold content credentials."""


def get_content_credential(
    *, approval: Approval, as_sidecar: bool, now: dt.datetime
) -> ContentCredential:
    """Return the signed copy of an approved song, or the manifest that goes beside it.

    The first call signs and stores it; of two calls at once both answer with the one that was stored first. Nothing slow
    happens inside a transaction.

    Raises
    ------
    ApprovalNotLive : if the approval does not hold
    CredentialsNotEmbeddable : if a signed copy is asked for and the format holds none, or a sidecar and it does
    SongNotKept : if the audio is gone
    InvalidSigner : if the configured certificate cannot sign
    """
    state = approval.get_state(now=now)
    if state != ApprovalStatus.LIVE:
        raise ApprovalNotLive(
            f"Approval {approval.public_id} is {state}: content credentials are made for live ones."
        )
    signer = load_signer()
    signer_sha256 = compute_signer_sha256(signer)
    kept = ContentCredential.objects.filter(approval=approval, signer_sha256=signer_sha256)
    try:
        found = kept.first() or _make(approval, signer=signer, signer_sha256=signer_sha256)
    except FileNotFoundError as error:
        raise SongNotKept(
            f"The audio of {approval.submission.public_id} is no longer kept."
        ) from error
    if found.is_sidecar and not as_sidecar:
        raise CredentialsNotEmbeddable(
            "Content credentials are embedded in wav, mp3, flac and m4a; this format cannot hold them. "
            "Ask for the manifest that goes beside the song with ?form=sidecar."
        )
    if as_sidecar and not found.is_sidecar:
        raise CredentialsNotEmbeddable(
            f"{found.media_type} holds its content credentials itself: ask without form=sidecar."
        )
    return found


def _make(approval: Approval, *, signer: SignerFiles, signer_sha256: str) -> ContentCredential:
    with (
        open_local_copy(str(approval.submission.audio.name)) as path,
        path.open("rb") as song,
        tempfile.TemporaryFile() as target,
    ):
        container = sniff_container(song.read(HEAD_BYTES))
        song.seek(0)
        embeds = container in EMBEDDING_TYPES
        sign_song(
            manifest=_describe_song(approval), media_type=get_media_type(container), embeds=embeds,
            signer=signer, source=song, target=target,
        )  # fmt: skip
        size = target.seek(0, os.SEEK_END)
        target.seek(0)
        digest = hashlib.file_digest(target, "sha256").hexdigest()
        target.seek(0)
        name = default_storage.save(f"{FOLDER}/{approval.public_id}-{digest[:16]}", File(target))
    try:
        with transaction.atomic():
            return ContentCredential.objects.create(
                approval=approval, signer_sha256=signer_sha256, is_sidecar=not embeds, file=name,
                file_sha256=digest, file_bytes=size,
                media_type=get_media_type(container) if embeds else MANIFEST_TYPE,
            )  # fmt: skip
    except IntegrityError:  # another request was first
        default_storage.delete(name)
        return ContentCredential.objects.get(approval=approval, signer_sha256=signer_sha256)


def _describe_song(approval: Approval) -> dict[str, Any]:
    certificate = read_certificate(token=approval.certificate, keys=load_keys())
    record = get_rights_snapshot(approval=approval)
    return build_manifest(
        certificate=certificate,
        token=approval.certificate,
        certificate_uri=f"{certificate.issuer}/api/v1/approvals/{approval.public_id}/certificate",
        ingredients=_list_ingredients(certificate, stems=record.stems),
        may_train=bool(record.grants)
        and all(grant["terms"]["output_may_train"] for grant in record.grants),
        generator=approval.submission.generator.name,
    )


def _list_ingredients(
    certificate: Certificate, *, stems: list[dict[str, Any]]
) -> tuple[Ingredient, ...]:
    known = {stem["stem"]: stem for stem in stems}
    return tuple(
        Ingredient(
            stem=certified.stem,
            title=known[certified.stem]["title"],
            artist=known[certified.stem]["artist"],
            isrc=known[certified.stem]["isrc"],
            file_sha256=known[certified.stem]["file_sha256"],
            media_type=_guess_type(known[certified.stem]["file_name"]),
            grants=tuple(grant.label for grant in certified.grants),
        )
        for certified in certificate.stems
        if certified.stem in known
    )


def _guess_type(file_name: str) -> str:
    suffix = file_name.rpartition(".")[2].lower()
    aliases = {"m4a": "mp4", "aif": "aiff"}
    return get_media_type(aliases.get(suffix, suffix)) if suffix else UNKNOWN_TYPE
