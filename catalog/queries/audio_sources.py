"""The audio the catalog holds: what an index of fingerprints is built from."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, TypedDict

from django.db.models import Q

from catalog.models import ReferenceRecording, Stem, StemTwin
from catalog.models.twins import TwinKind, TwinVerdict
from catalog.rights.identifiers import IdentifierKind, format_identifier

SourceKind = Literal["stem", "reference"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioSource:
    """One audio file: a stem that may be heard, or a reference that must not."""

    kind: SourceKind
    external_id: str
    title: str
    artist: str
    file_name: str
    file_sha256: str

    @property
    def key(self) -> str:
        """Return the name under which an index knows it."""
        return f"{self.kind}:{self.external_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kin:
    """Recordings that share audio with one: copies of it, and those with the same loops or notes; by key."""

    copies: frozenset[str]
    sharing: frozenset[str]


class SourceDescription(TypedDict):
    """What people call a source."""

    title: str
    artist: str
    isrc: str | None


def list_audio_sources() -> list[AudioSource]:
    """Return every stem, whatever its status, and every reference, by key."""
    stems = Stem.objects.order_by("external_id").values_list(
        "external_id", "title", "artist__name", "audio", "file_sha256"
    )
    references = ReferenceRecording.objects.order_by("external_id").values_list(
        "external_id", "title", "artist", "audio", "file_sha256"
    )
    return [
        *(_make_source("reference", *row) for row in references.iterator()),
        *(_make_source("stem", *row) for row in stems.iterator()),
    ]


def find_audio_source(*, kind: SourceKind, external_id: str) -> AudioSource | None:
    """Return one recording, None if the catalog has none of that name."""
    artist = "artist__name" if kind == "stem" else "artist"
    rows = (Stem if kind == "stem" else ReferenceRecording).objects.filter(external_id=external_id)
    row = rows.values_list("external_id", "title", artist, "audio", "file_sha256").first()
    return _make_source(kind, *row) if row else None


def get_sources_version() -> str:
    """Return a value that changes whenever a recording is added, removed or changed; cheap to ask for."""
    parts = []
    for model in (Stem, ReferenceRecording):
        newest = model.history.order_by("-history_id").values_list("history_id", flat=True).first()
        parts.append(f"{model.objects.count()}.{newest or 0}")
    return "-".join(parts)


def get_stem_files(external_ids: Collection[str]) -> dict[str, str]:
    """Return the storage name of the audio of each known stem."""
    rows = Stem.objects.filter(external_id__in=external_ids).values_list("external_id", "audio")
    return dict(rows)


def get_reference_files(external_ids: Collection[str]) -> dict[str, str]:
    """Return the storage name of the audio of each known reference."""
    rows = ReferenceRecording.objects.filter(external_id__in=external_ids)
    return dict(rows.values_list("external_id", "audio"))


def list_kin(keys: Collection[str]) -> dict[str, Kin]:
    """Return what shares audio with each of the given recordings, by key; pairs that people called wrong are left out."""
    stems = [key.removeprefix("stem:") for key in keys if key.startswith("stem:")]
    references = [key.removeprefix("reference:") for key in keys if key.startswith("reference:")]
    pairs = StemTwin.objects.exclude(verdict=TwinVerdict.NO_TWIN).filter(
        Q(stem__external_id__in=stems)
        | Q(other_stem__external_id__in=stems)
        | Q(other_reference__external_id__in=references)
    )
    copies: dict[str, set[str]] = defaultdict(set)
    sharing: dict[str, set[str]] = defaultdict(set)
    for kind, stem, other_stem, reference in pairs.values_list(
        "kind", "stem__external_id", "other_stem__external_id", "other_reference__external_id"
    ):
        one = f"stem:{stem}"
        other = f"stem:{other_stem}" if other_stem else f"reference:{reference}"
        kin = sharing if kind == TwinKind.SHARES_AUDIO else copies
        kin[one].add(other)
        kin[other].add(one)
    return {
        key: Kin(copies=frozenset(copies[key]), sharing=frozenset(sharing[key]))
        for key in keys
        if key in copies or key in sharing
    }


def describe_sources(keys: Collection[str]) -> dict[str, SourceDescription]:
    """Return title, artist and ISRC (as people write it) of each known source, by key."""
    stem_ids = [key.removeprefix("stem:") for key in keys if key.startswith("stem:")]
    reference_ids = [key.removeprefix("reference:") for key in keys if key.startswith("reference:")]
    stems = Stem.objects.filter(external_id__in=stem_ids).values_list(
        "external_id", "title", "artist__name", "recording__isrc"
    )
    references = ReferenceRecording.objects.filter(external_id__in=reference_ids).values_list(
        "external_id", "title", "artist", "isrc"
    )
    return {
        **{f"stem:{row[0]}": _describe(*row[1:]) for row in stems},
        **{f"reference:{row[0]}": _describe(*row[1:]) for row in references},
    }


def _make_source(
    kind: SourceKind, external_id: str, title: str, artist: str, file_name: str, file_sha256: str
) -> AudioSource:
    return AudioSource(
        kind=kind,
        external_id=external_id,
        title=title,
        artist=artist,
        file_name=file_name,
        file_sha256=file_sha256,
    )


def _describe(title: str, artist: str, isrc: str | None) -> SourceDescription:
    shown = format_identifier(isrc, kind=IdentifierKind.ISRC) if isrc else None
    return {"title": title, "artist": artist, "isrc": shown}
