"""Collect everything about one approved song into an evidence pack; the same state gives the same bytes."""

import datetime as dt
import json
import re
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage

from catalog.queries.contracts import list_contract_files
from compliance.audit import Checkpoint
from compliance.certificates.certificate import Certificate, read_certificate
from compliance.evidence.archive import write_archive
from compliance.evidence.summary import write_summary
from compliance.models import Approval, Event, Verification
from compliance.queries import get_last_verification, list_song_events
from compliance.services.audit_log import describe_checkpoint, format_moment, read_entry
from compliance.services.evidence_summary import SongFacts, describe_song
from compliance.services.rights_snapshots import get_evaluation, get_rights_snapshot
from compliance.services.sealing import seal_all_events
from compliance.services.signing_keys import load_keys

# What a generator is not told of the grants in its song: what the licensor is paid is nobody else's business.
CONFIDENTIAL_TERMS = frozenset({"fees"})
WITHHELD = "a member of staff"
README = """\
Evidence pack
=============

Everything about one approved song: what was asked, what was licensed, what was heard in it, who decided, how it stands. The
files are as they were when the last event in audit-log.jsonl happened; the same state gives the same bytes.

summary.pdf          for people: everything below in a few pages, with the timeline of the song
certificate.jwt      the signed certificate (JWS, EdDSA); certificate.json is its content, decoded
jwks.json            the public keys that verify it
status.json          how the approval stood: live, suspended, revoked, superseded or sunset, and why
clearance.json       what was asked, the answer with every reason, the rights as they were evaluated for it
rights.json          every stem and every grant in force for it, with agreement numbers and clauses, kept at the approval;
                     the rights as they were evaluated then
manifest.json        where which stem was placed in the song
verification.json    everything that was measured, with the versions and limits; timeline.svg is its picture
audit-log.jsonl      every event of the song in the audit log, oldest first, one JSON object a line
checkpoint.json      the audit log as of the last of them: its length and head, signed with the same keys
contracts/           the signed agreements (in packs for the operator's staff alone)

How to verify
-------------

1. The files: `sha256sum -c SHA256SUMS` in this folder.
2. The certificate: any JOSE library verifies certificate.jwt with jwks.json (compare jwks.json with
   {issuer}/.well-known/jwks.json). With Cleartone:
   `manage.py verify_certificate certificate.jwt --jwks jwks.json --audio song.wav`.
   `sub` is the SHA-256 of the song's file.
3. How it stands today: {issuer}/api/v1/status-lists/..., as the certificate names it, or
   POST {issuer}/api/v1/certificates:verify.
4. The timeline and every number in it: verification.json. The operator can measure the song again with
   `manage.py verify_song` and manifest.json.
5. The audit log: the `hash` of a line is the SHA-256 of the canonical JSON (RFC 8785) of the line without `hash`. The last
   line is entry `size` of the log and its hash the `head_hash` of checkpoint.json, whose `token` is signed with the keys in
   jwks.json. That nothing before it was changed, `manage.py verify_audit_log --checkpoint checkpoint.json` shows at the
   operator's. Lines with "withheld" name no members of staff; their hashes verify with the operator's pack.
6. The agreements: `document_sha256` in rights.json is the SHA-256 of the signed document.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidencePack:
    """The archive, ready to be sent."""

    name: str
    content: bytes


def make_evidence_pack(*, approval: Approval, for_staff: bool, now: dt.datetime) -> EvidencePack:
    """Return the evidence pack of an approved song.

    For staff it holds the signed agreements, fees and the names of who decided; for the song's generator it does not.
    """
    seal_all_events()
    song = _read_song(approval, for_staff=for_staff, now=now)
    submission = approval.submission
    events = [_describe_event(event, for_staff=for_staff) for event in song.events]
    files = {
        "README.txt": README.format(issuer=settings.PUBLIC_URL).encode(),
        "summary.pdf": write_summary(describe_song(song)),
        "certificate.jwt": approval.certificate.encode(),
        "certificate.json": _to_json(song.certificate.to_claims()),
        "jwks.json": _to_json(load_keys().to_public_json()),
        "status.json": _to_json(_describe_status(song)),
        "clearance.json": _to_json(_describe_clearance(song)),
        "rights.json": _to_json(
            {
                "recorded_at": format_moment(song.rights_recorded_at),
                "evaluation": get_evaluation(approval=approval),
                "stems": song.stems,
                "grants": song.grants,
            }
        ),
        "manifest.json": _to_json(submission.manifest),
        "audit-log.jsonl": b"".join(_to_line(event) for event in events),
    }
    if song.verification is not None:
        files["verification.json"] = _to_json(_describe_verification(song.verification))
        files["timeline.svg"] = song.verification.timeline_svg.encode()
    if song.events:
        files["checkpoint.json"] = _to_json(_make_checkpoint(song.events[-1]))
    if for_staff:
        files |= _read_contracts(song.grants)
    name = f"evidence-{approval.public_id}"
    return EvidencePack(name=f"{name}.zip", content=write_archive(files, folder=name))


def _read_song(approval: Approval, *, for_staff: bool, now: dt.datetime) -> SongFacts:
    submission = approval.submission
    certificate: Certificate = read_certificate(token=approval.certificate, keys=load_keys())
    snapshot = get_rights_snapshot(approval=approval)
    hidden = frozenset() if for_staff else CONFIDENTIAL_TERMS
    return SongFacts(
        approval=approval,
        certificate=certificate,
        state=str(approval.get_state(now=now)),
        decided_by=_name_actor(submission.decided_by, for_staff=for_staff),
        changed_by=_name_actor(approval.changed_by, for_staff=for_staff),
        stems=snapshot.stems,
        grants=[
            {name: value for name, value in grant.items() if name not in hidden}
            for grant in snapshot.grants
        ],
        rights_recorded_at=snapshot.created_at,
        verification=get_last_verification(submission=submission),
        events=list_song_events(approval=approval),
    )


def _name_actor(actor: str, *, for_staff: bool) -> str:
    return WITHHELD if actor.startswith("user:") and not for_staff else actor


def _describe_status(song: SongFacts) -> dict[str, Any]:
    approval = song.approval
    return {
        "approval": approval.public_id,
        "state": song.state,
        "valid_from": format_moment(approval.valid_from),
        "valid_to": format_moment(approval.valid_to),
        "changed_at": format_moment(approval.changed_at) if approval.changed_at else None,
        "changed_by": song.changed_by,
        "change_reason": approval.change_reason,
        "status_list": {"uri": approval.status_uri, "idx": approval.status_index},
    }


def _describe_clearance(song: SongFacts) -> dict[str, Any]:
    clearance = song.approval.submission.clearance
    return {
        "clearance": clearance.public_id,
        "generator": song.approval.submission.generator.name,
        "message": clearance.message,
        "stems": clearance.stems,
        "intent": clearance.intent,
        "outcome": clearance.status,
        "reasons": clearance.reasons,
        "screening": clearance.screening_id,
        "rights": clearance.rights,
        "created_at": format_moment(clearance.created_at),
        "decided_at": format_moment(clearance.decided_at) if clearance.decided_at else None,
    }


def _describe_verification(verification: Verification) -> dict[str, Any]:
    return {
        "outcome": verification.outcome,
        "engine_version": verification.engine_version,
        "index_version": verification.index_version,
        "measured_at": format_moment(verification.created_at),
        "report": verification.report,
    }


def _describe_event(event: Event, *, for_staff: bool) -> dict[str, Any]:
    entry = asdict(read_entry(event))
    actor = _name_actor(entry["actor"], for_staff=for_staff)
    return entry if actor == entry["actor"] else entry | {"actor": actor, "withheld": ["actor"]}


def _make_checkpoint(last: Event) -> dict[str, Any]:
    """Return the signed checkpoint of the log as of the song's last event, which no later event of another song changes."""
    entry = read_entry(last)
    return describe_checkpoint(
        Checkpoint(size=entry.sequence, head_hash=entry.hash, created_at=entry.created_at)
    )


def _read_contracts(grants: list[dict[str, Any]]) -> dict[str, bytes]:
    """Return the signed documents; one that is gone from storage is named as missing."""
    files = {}
    for contract in list_contract_files({grant["agreement"]["number"] for grant in grants}):
        name = re.sub(r"[^A-Za-z0-9._-]", "_", contract.number)
        try:
            with default_storage.open(contract.file_name) as file:
                files[f"contracts/{name}.pdf"] = file.read()
        except FileNotFoundError:
            files[f"contracts/{name}.missing.txt"] = b"The document is no longer in storage.\n"
    return files


def _to_json(data: Any) -> bytes:
    return (json.dumps(data, indent=2, ensure_ascii=False, sort_keys=True) + "\n").encode()


def _to_line(data: Any) -> bytes:
    return (json.dumps(data, ensure_ascii=False, sort_keys=True) + "\n").encode()
