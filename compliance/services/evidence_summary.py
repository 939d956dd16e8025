"""What the summary of an evidence pack says about a song."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from catalog.rights.wording import describe_uses
from compliance.certificates.certificate import Certificate
from compliance.evidence.summary import Section, Summary, list_words
from compliance.models import Approval, Event, Verification

# Lines of the audit log in the summary; the file beside it holds all of them.
EVENTS_SHOWN = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class SongFacts:
    """Everything about an approved song, with what its reader may not see left out."""

    approval: Approval
    certificate: Certificate
    state: str
    decided_by: str
    changed_by: str
    stems: list[dict[str, Any]]
    grants: list[dict[str, Any]]
    rights_recorded_at: dt.datetime
    verification: Verification | None
    events: Sequence[Event]


def describe_song(song: SongFacts) -> Summary:
    """Return the summary."""
    approval = song.approval
    moments = [event.created_at for event in song.events] or [approval.created_at]
    return Summary(
        title=f"Evidence for song {approval.public_id}",
        state=song.state,
        subtitle=f"Approved for {approval.submission.generator.name}, certified by {song.certificate.issuer}",
        as_of=f"{max(moments):%Y-%m-%d %H:%M:%S} UTC",
        sections=(
            _tell_approval(song),
            _tell_use(song),
            _tell_stems(song),
            _tell_grants(song),
            _tell_verification(song),
        ),
        timeline_svg=song.verification.timeline_svg if song.verification else "",
        closing=(_tell_events(song), _tell_how_to_verify(song)),
    )


def _tell_approval(song: SongFacts) -> Section:
    approval, certificate = song.approval, song.certificate
    submission = approval.submission
    fingerprint = certificate.fingerprint
    rows = [
        ("Approval", f"{approval.public_id}, of submission {submission.public_id}"),
        (
            "Valid",
            f"{approval.valid_from:%Y-%m-%d %H:%M} to {approval.valid_to:%Y-%m-%d %H:%M} UTC",
        ),
        ("Audio, SHA-256", submission.audio_sha256),
        (
            "Fingerprint",
            f"{fingerprint.algorithm} {fingerprint.version}, {fingerprint.sha256}"
            if fingerprint
            else "none: the song could not be measured",
        ),
        ("Decided", f"{submission.decided_at:%Y-%m-%d %H:%M:%S} UTC by {song.decided_by}"),
    ]
    if approval.changed_at is not None:
        why = f"{approval.changed_at:%Y-%m-%d %H:%M:%S} UTC by {song.changed_by}: {approval.change_reason}"
        rows.append((f"Since {song.state}", why))
    return Section(title="Approval", rows=tuple(rows))


def _tell_use(song: SongFacts) -> Section:
    clearance = song.approval.submission.clearance
    intent = clearance.intent
    return Section(
        title="What was asked and cleared",
        rows=(
            ("Clearance", clearance.public_id),
            ("Message", clearance.message),
            ("Asked for", f"{intent['starts_on']} to {intent['ends_on']} (not included)"),
            ("Territories", list_words(list(song.certificate.territories))),
            ("Uses", describe_uses(song.certificate.uses)),
            ("Rights policy", song.certificate.rights_policy),
        ),
    )


def _tell_stems(song: SongFacts) -> Section:
    labels = {grant["id"]: grant["label"] for grant in song.grants}
    return Section(
        title="Licensed stems in the song",
        heads=("Stem", "Title and artist", "ISRC", "Rests on"),
        widths=(0.24, 0.36, 0.21, 0.19),
        rows=tuple(
            (
                stem["stem"],
                f"{stem['title']}, {stem['artist']}",
                stem["isrc"] or "none",
                list_words([labels.get(grant, str(grant)) for grant in stem.get("grants", ())])
                or "no grant named",
            )
            for stem in song.stems
        ),
    )


def _tell_grants(song: SongFacts) -> Section:
    return Section(
        title="Grants as evaluated",
        text=f"Kept at the approval ({song.rights_recorded_at:%Y-%m-%d %H:%M:%S} UTC); every term is in rights.json.",
        heads=("Grant", "Licensor, agreement, clauses", "Where and when", "What"),
        widths=(0.13, 0.33, 0.26, 0.28),
        rows=tuple(_tell_grant(grant) for grant in song.grants),
    )


def _tell_grant(grant: dict[str, Any]) -> tuple[str, ...]:
    agreement = grant["agreement"]
    signed = f", signed {agreement['signed_on']}" if agreement["signed_on"] else ""
    clauses = f"; {grant['clause_refs']}" if grant["clause_refs"] else ""
    return (
        grant["label"],
        f"{agreement['licensor']}: agreement {agreement['number']}{signed}{clauses}",
        f"{grant['territory'].replace('+', '')}; {grant['valid_from']} to {grant['valid_until'] or 'further notice'}",
        f"{list_words(grant['terms']['sides'])}: {describe_uses(grant['terms']['uses'])}",
    )


def _tell_verification(song: SongFacts) -> Section:
    verification = song.verification
    if verification is None:
        return Section(
            title="Verification", text="The song was not measured; a person approved it."
        )
    reasons = song.approval.submission.reasons
    told = "; ".join(reason.get("text", reason["code"]) for reason in reasons)
    return Section(
        title="Verification",
        rows=(
            ("Outcome", verification.outcome),
            (
                "Engine",
                f"{verification.engine_version}, {verification.index_version or 'no index'}",
            ),
            ("Measured", f"{verification.created_at:%Y-%m-%d %H:%M:%S} UTC"),
            ("Reasons", told or "none speaks against the song"),
        ),
    )


def _tell_events(song: SongFacts) -> Section:
    left_out = len(song.events) - EVENTS_SHOWN
    more = f" The first {left_out} are in audit-log.jsonl alone." if left_out > 0 else ""
    return Section(
        title="What happened, from the audit log",
        text=f"Entries of a hash chain; checkpoint.json signs the last one.{more}",
        heads=("Entry", "When (UTC)", "What", "Hash"),
        widths=(0.10, 0.26, 0.34, 0.30),
        rows=tuple(
            (
                str(event.sequence),
                f"{event.created_at:%Y-%m-%d %H:%M:%S}",
                event.kind,
                f"{(event.hash or '')[:24]}…",
            )
            for event in song.events[-EVENTS_SHOWN:]
        ),
    )


def _tell_how_to_verify(song: SongFacts) -> Section:
    issuer = song.certificate.issuer
    return Section(
        title="How to verify this",
        rows=(
            ("The files", "sha256sum -c SHA256SUMS"),
            ("The certificate", f"certificate.jwt with jwks.json, which is published at {issuer}/.well-known/jwks.json"),
            ("Today's status", f"POST {issuer}/api/v1/certificates:verify, or the status list {song.certificate.status_uri}"),
            ("The rest", "README.txt says how, file by file"),
        ),
    )  # fmt: skip
