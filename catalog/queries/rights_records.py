"""Stems and grants as a record that stands alone: what a decision rested on, readable years later without this database."""

from collections.abc import Collection
from typing import Any

from catalog.models import Cap, Fee, Grant, Stem
from catalog.models.agreements import TERM_FIELDS
from catalog.rights.identifiers import IdentifierKind, format_identifier

# Terms that are written in words of their own below.
_WRITTEN_OUT = frozenset({"agreement_id", "number", "territory_id", "valid_from"})


def describe_stems(external_ids: Collection[str]) -> list[dict[str, Any]]:
    """Return title, artist, identifiers and digests of each known stem, by id."""
    stems = (
        Stem.objects.filter(external_id__in=list(external_ids))
        .select_related("artist", "recording")
        .prefetch_related("recording__works")
        .order_by("external_id")
    )
    return [
        {
            "stem": stem.external_id,
            "title": stem.title,
            "artist": stem.artist.name,
            "role": stem.role,
            "has_voice": stem.has_voice,
            "recording": stem.recording.title if stem.recording else None,
            "isrc": _format(stem.recording.isrc, IdentifierKind.ISRC) if stem.recording else None,
            "works": [
                {"title": work.title, "iswc": _format(work.iswc, IdentifierKind.ISWC)}
                for work in (stem.recording.works.all() if stem.recording else ())
            ],
            "file_sha256": stem.file_sha256,
            "audio_sha256": stem.audio_sha256,
            "file_name": str(stem.audio.name),
        }
        for stem in stems
    ]


def describe_grants(grant_ids: Collection[int]) -> list[dict[str, Any]]:
    """Return every term of each grant with its caps and the agreement it stands in, by id."""
    grants = (
        Grant.objects.filter(id__in=list(grant_ids))
        .select_related("agreement__licensor", "agreement__licensee", "territory")
        .prefetch_related("caps", "fees__payee", "targets__stem", "targets__recording")
        .order_by("id")
    )
    return [_describe_grant(grant) for grant in grants]


def _describe_grant(grant: Grant) -> dict[str, Any]:
    agreement = grant.agreement
    return {
        "id": grant.id,
        "label": grant.label,
        "status": grant.status,
        "agreement": {
            "number": agreement.number,
            "title": agreement.title,
            "status": agreement.status,
            "licensor": agreement.licensor.name,
            "licensee": agreement.licensee.name,
            "governing_law": agreement.governing_law,
            "signed_on": agreement.signed_on.isoformat() if agreement.signed_on else None,
            "document_sha256": agreement.document_sha256,
        },
        "clause_refs": grant.clause_refs,
        "territory": grant.territory.signed,
        "valid_from": grant.valid_from.isoformat(),
        "valid_until": grant.valid_until.isoformat() if grant.valid_until else None,
        "terms": {
            name: _plain(getattr(grant, name)) for name in TERM_FIELDS if name not in _WRITTEN_OUT
        },
        "corrections": grant.corrections,
        "targets": sorted(
            f"stem {target.stem.external_id}"
            if target.stem
            else f"recording {target.recording.title if target.recording else ''}"
            for target in grant.targets.all()
        ),
        "caps": [_describe_cap(cap) for cap in grant.caps.all()],
        "fees": [_describe_fee(fee) for fee in grant.fees.all()],
    }


def _describe_cap(cap: Cap) -> dict[str, Any]:
    return {
        "id": cap.pk,
        "unit": cap.unit,
        "limit": cap.limit,
        "period": cap.period,
        "scope": cap.scope,
        "on_limit": cap.on_limit,
    }


def _describe_fee(fee: Fee) -> dict[str, Any]:
    return {
        "kind": fee.kind,
        "amount": str(fee.amount),
        "currency": fee.currency,
        "payee": fee.payee.name if fee.payee else None,
    }


def _plain(value: Any) -> Any:
    """Return a term as JSON holds it; sets of words in order."""
    return sorted(value) if isinstance(value, list | tuple | set | frozenset) else value


def _format(text: str | None, kind: IdentifierKind) -> str | None:
    return format_identifier(text, kind=kind) if text else None
