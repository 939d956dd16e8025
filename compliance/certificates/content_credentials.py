"""Content credentials (C2PA): what a signed song says about itself, written and read.

References
----------
Coalition for Content Provenance and Authenticity, Content Credentials: C2PA Technical Specification, version 2.2, 2025.
Creator Assertions Working Group, Training and Data Mining Assertion, version 1.1, 2025.
IPTC, Digital Source Type NewsCodes, 2025.
"""

import json
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO, Any

from compliance.certificates.certificate import Certificate

# Containers (compliance.audio.decoder) that hold a manifest themselves. Source: c2pa-rs, docs/supported-formats.md, 0.91.
EMBEDDING_TYPES = {
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
    "flac": "audio/flac",
    "mp4": "audio/mp4",
}
# The others get a manifest beside them, bound to the bytes of the whole file.
SIDECAR_TYPES = {"ogg": "audio/ogg", "aiff": "audio/aiff"}
UNKNOWN_TYPE = "application/octet-stream"
MANIFEST_TYPE = "application/c2pa"
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/"
CERTIFICATE_LABEL = "org.cleartone.certificate"
LICENSE_FIELD = "org.cleartone.license"
# What the training and data mining assertion speaks about. The grants speak about training alone; what is not granted is
# not allowed.
TRAINING_USES = ("cawg.ai_generative_training", "cawg.ai_training")
OTHER_USES = ("cawg.ai_inference", "cawg.data_mining")


class UnreadableCredentials(Exception):
    """The file holds no content credentials, or none that can be read."""


class ValidationState(StrEnum):
    """What reading found, in the words of c2pa-rs."""

    INVALID = "Invalid"  # altered, or not signed as the specification wants
    VALID = "Valid"  # as it was signed; nobody on a trust list vouches for the signer
    TRUSTED = "Trusted"  # and the signer's certificate leads to a trust anchor


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingredient:
    """A licensed stem that can be heard in the song."""

    stem: str
    title: str
    artist: str
    isrc: str | None
    file_sha256: str
    media_type: str
    grants: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerFiles:
    """Who signs: the certificate chain and the private key, both PEM, and the algorithm's name in C2PA."""

    chain_pem: str
    key_pem: str
    algorithm: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialsReading:
    """What was read from a file. `problems` are the status codes that speak against it."""

    state: ValidationState
    problems: tuple[str, ...]
    signer: str
    manifest: dict[str, Any]

    @property
    def is_intact(self) -> bool:
        """Whether the file is as it was signed."""
        return self.state != ValidationState.INVALID


def get_media_type(container: str) -> str:
    """Return the media type of a container."""
    return (EMBEDDING_TYPES | SIDECAR_TYPES).get(container, UNKNOWN_TYPE)


def build_manifest(
    *,
    certificate: Certificate,
    token: str,
    certificate_uri: str,
    ingredients: Sequence[Ingredient],
    may_train: bool,
    generator: str,
) -> dict[str, Any]:
    """Return the manifest definition of an approved song.

    Parameters
    ----------
    token : the signed certificate, so that it can be verified without asking anybody
    may_train : whether every grant allows songs made from it to train models
    generator : name of the software that rendered the song
    """
    when = certificate.issued_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    kind = "compositeWithTrainedAlgorithmicMedia" if ingredients else "trainedAlgorithmicMedia"
    actions: list[dict[str, Any]] = [
        {
            "action": "c2pa.created",
            "digitalSourceType": SOURCE_TYPE + kind,
            "softwareAgent": {"name": generator},
            "when": when,
        }
    ]
    if ingredients:
        placed = [_name_instance(ingredient.stem) for ingredient in ingredients]
        actions.append({"action": "c2pa.placed", "parameters": {"ingredientIds": placed}})
    training = dict.fromkeys(TRAINING_USES, "allowed" if may_train else "notAllowed")
    uses = training | dict.fromkeys(OTHER_USES, "notAllowed")
    return {
        "claim_generator_info": [{"name": "Cleartone"}],
        "title": certificate.approval,
        "instance_id": f"xmp:iid:{certificate.approval}",
        "ingredients": [_describe_ingredient(each, when=when) for each in ingredients],
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": actions}},
            {
                "label": "cawg.training-mining",
                "data": {"entries": {use: {"use": word} for use, word in uses.items()}},
            },
            {
                "label": CERTIFICATE_LABEL,
                "data": {
                    "certificate": certificate_uri,
                    "token": token,
                    "approval": certificate.approval,
                    "audio_sha256": certificate.audio_sha256,
                },
            },
        ],
    }


def _describe_ingredient(ingredient: Ingredient, *, when: str) -> dict[str, Any]:
    """Return a stem as an ingredient: componentOf, because it is audible in the mix."""
    license_data = {
        "stem": ingredient.stem,
        "sha256": ingredient.file_sha256,
        "grants": list(ingredient.grants),
        "artist": ingredient.artist,
    }
    if ingredient.isrc:
        license_data["isrc"] = ingredient.isrc
    return {
        "title": ingredient.title,
        "format": ingredient.media_type,
        "instance_id": _name_instance(ingredient.stem),
        "relationship": "componentOf",
        "metadata": {"dateTime": when, LICENSE_FIELD: license_data},
    }


def _name_instance(stem: str) -> str:
    return f"urn:cleartone:stem:{stem}"


def sign_song(
    *,
    manifest: dict[str, Any],
    media_type: str,
    embeds: bool,
    signer: SignerFiles,
    source: IO[bytes],
    target: IO[bytes],
) -> None:
    """Write the signed copy of `source` to `target`, or only the manifest that goes beside it if it does not embed.

    Raises
    ------
    c2pa.C2paError : if the song or the signer's certificate cannot be used
    """
    import c2pa  # noqa: PLC0415 - loads a native library, needed here only

    info = c2pa.C2paSignerInfo(
        alg=signer.algorithm,
        sign_cert=signer.chain_pem.encode(),
        private_key=signer.key_pem.encode(),
        ta_url=None,
    )
    with (
        closing(c2pa.Signer.from_info(info)) as signing,
        closing(c2pa.Builder(json.dumps(manifest))) as builder,
    ):
        if embeds:
            builder.sign(signing, media_type, source, target)
            return
        builder.set_no_embed()
        with Path("/dev/null").open("w+b") as nowhere:
            target.write(builder.sign(signing, media_type, source, nowhere))


def read_credentials(
    path: Path, *, media_type: str, sidecar: bytes | None = None, trust_anchors: str = ""
) -> CredentialsReading:
    """Return what the credentials of a file say and whether the file is as it was signed.

    Raises
    ------
    UnreadableCredentials : if there are none
    """
    import c2pa  # noqa: PLC0415 - loads a native library, needed here only

    trust: dict[str, Any] = {"verify": {"verify_trust": True}}
    if trust_anchors:
        trust["trust"] = {"trust_anchors": trust_anchors}
    try:
        with (
            path.open("rb") as file,
            closing(c2pa.Context(settings=c2pa.Settings.from_dict(trust))) as context,
            closing(c2pa.Reader(media_type, file, sidecar, context=context)) as reader,
        ):
            found = json.loads(reader.json())
    except c2pa.C2paError as error:
        raise UnreadableCredentials(f"{path.name} holds no content credentials: {error}") from error
    manifest = found["manifests"][found["active_manifest"]]
    signature = manifest.get("signature_info", {})
    return CredentialsReading(
        state=ValidationState(found["validation_state"]),
        problems=tuple(status["code"] for status in found.get("validation_status", ())),
        signer=f"{signature.get('common_name', '?')} ({signature.get('issuer', '?')})",
        manifest=manifest,
    )
