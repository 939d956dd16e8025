"""Approvals: made with the approval of a song, ended by people or by the end of a grant."""

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any

from django.conf import settings
from django.db import transaction

from catalog.queries.rights_facts import load_stem_facts
from catalog.queries.stopped import get_stem_ids
from compliance.certificates.certificate import (
    Certificate,
    CertifiedGrant,
    CertifiedStem,
    SongFingerprint,
    sign_certificate,
)
from compliance.models import Approval, ApprovalBasis, ApprovalStatus, Submission, Verification
from compliance.services.action_requests import Consent
from compliance.services.actors import Actor
from compliance.services.events import record_event
from compliance.services.licensing import assess_holdings
from compliance.services.rights_intent import read_intent
from compliance.services.rights_snapshots import keep_rights_snapshot
from compliance.services.signing_keys import load_keys, make_ring


class UnknownApproval(Exception):
    """The generator has no such approval."""


class RightsFailed(Exception):
    """The rights in the song do not hold, and nobody overrides that."""

    def __init__(self, *, public_id: str, stems: Collection[str]) -> None:
        super().__init__(
            f"{public_id} stays as it is: {', '.join(stems)} are not licensed for its use today; mend the catalog first"
        )
        self.stems = tuple(stems)


def issue_approval(
    *, submission: Submission, rights: Mapping[str, Any], by: str, now: dt.datetime
) -> Approval:
    """Make the approval of a song with its certificate; call inside the transaction that approves the song.

    `rights` is the evaluation that the approval rests on, as `RightsEvaluation.to_json` writes it.

    Signing reads one small file and takes well under a millisecond, so it happens inside that transaction: an approved song
    without a certificate never exists.

    Raises
    ------
    InvalidKeys, OSError : if there is no key to sign with
    """
    now = now.replace(microsecond=0)  # tokens count whole seconds
    valid_from, valid_to = _find_valid_period(submission=submission, rights=rights, now=now)
    approval = Approval(submission=submission, valid_from=valid_from, valid_to=valid_to)
    certificate = _describe_song(approval=approval, rights=rights, now=now)
    # A practice song's is signed with a key that no one publishes: nobody anywhere takes it for a licence.
    keys = make_ring() if submission.generator.is_sandbox else load_keys()
    approval.certificate = sign_certificate(certificate=certificate, keys=keys)
    approval.save(force_insert=True)
    keep_rights_snapshot(approval=approval, certificate=certificate, evaluation=rights)
    if not submission.generator.is_sandbox:  # what is practice is never recalled
        _write_bases(approval, certificate)
    _record(approval, kind="approval.approved", by=by, data={"valid_to": valid_to.isoformat()})
    return approval


def _write_bases(approval: Approval, certificate: Certificate) -> None:
    """Write down what the approval rests on, as certified, so that a recall finds it."""
    stem_ids = get_stem_ids(names=[stem.stem for stem in certificate.stems])
    ApprovalBasis.objects.bulk_create(
        ApprovalBasis(approval=approval, stem_id=stem_ids[stem.stem], grant_id=grant_id)
        for stem in certificate.stems
        if stem.stem in stem_ids
        for grant_id in (*(grant.id for grant in stem.grants),) or (None,)
    )


def _find_valid_period(
    *, submission: Submission, rights: Mapping[str, Any], now: dt.datetime
) -> tuple[dt.datetime, dt.datetime]:
    """Return the half-open period: from the decision or the first day asked for to the earliest end.

    The ends are the intended use's and the grants', as evaluated for the clearance and now: what nobody asked for is not
    approved, and nothing is approved for longer than it was cleared for.
    Days begin in UTC. When all of it is past, the period is empty.
    """
    intent = read_intent(submission.clearance.intent)
    untils = (each["valid"]["until"] for each in (submission.clearance.rights, rights))
    ends_on = min([intent.ends_on, *(dt.date.fromisoformat(until) for until in untils if until)])
    valid_to = _start_of_day(ends_on)
    return min(max(now, _start_of_day(intent.starts_on)), valid_to), valid_to


def _describe_song(
    *, approval: Approval, rights: Mapping[str, Any], now: dt.datetime
) -> Certificate:
    """Return what is certified of a song."""
    submission = approval.submission
    clearance = submission.clearance
    verification = Verification.objects.filter(submission=submission).first()
    fingerprint = verification.report.get("fingerprint") if verification else None
    return Certificate(
        issuer=settings.PUBLIC_URL + ("/sandbox" if clearance.generator.is_sandbox else ""),
        approval=approval.public_id,
        submission=submission.public_id,
        audio_sha256=submission.audio_sha256,
        fingerprint=SongFingerprint(**fingerprint) if fingerprint else None,
        stems=_list_stems(submission=submission, rested_on=set(rights["grants"]), now=now),
        territories=tuple(rights["valid"]["territories"]),
        uses=tuple(clearance.intent["uses"]),
        issued_at=now,
        valid_from=approval.valid_from,
        valid_to=approval.valid_to,
        rights_policy=rights["policy_version"],
        engine_version=verification.engine_version if verification else None,
        status_uri=approval.status_uri,
        status_index=approval.status_index,
    )


def _list_stems(
    *, submission: Submission, rested_on: Collection[int], now: dt.datetime
) -> tuple[CertifiedStem, ...]:
    """Return the stems of the song, each with those of the grants that are about it."""
    clearance = submission.clearance
    names = sorted({placement["stem"] for placement in submission.manifest["placements"]})
    facts = load_stem_facts(
        stems=names, intent=read_intent(clearance.intent), on=now.astimezone(dt.UTC).date()
    )
    return tuple(
        CertifiedStem(
            stem=name,
            grants=tuple(
                CertifiedGrant(id=grant.id, label=grant.label)
                for grant in (facts[name].grants if name in facts else ())
                if grant.id in rested_on
            ),
        )
        for name in names
    )


def suspend_approval(*, approval: Approval, actor: Actor, reason: str, now: dt.datetime) -> None:
    """Suspend: one person may, and it can be undone.

    Raises
    ------
    NotAllowed : if the actor may not
    IllegalTransition, AlreadyMoved : if the approval is not live
    """
    actor.require("approval.suspend")
    move_approval(approval, ApprovalStatus.SUSPENDED, by=actor.label, reason=reason, now=now)


def reinstate_approval(
    *, approval: Approval, consent: Consent, reason: str, now: dt.datetime
) -> None:
    """Make a suspended approval live again, if the rights in its stems hold today.

    Raises
    ------
    RightsFailed : if they do not
    IllegalTransition, AlreadyMoved : if the approval is not suspended
    """
    consent.require("approval.reinstate")
    stems = list(dict.fromkeys(approval.bases.values_list("stem__external_id", flat=True)))
    holding = assess_holdings({approval: stems}, now=now)[approval]
    if not holding.is_licensed:
        failing = [stem for stem in stems if stem not in holding.grants]
        raise RightsFailed(public_id=approval.public_id, stems=failing)
    move_approval(approval, ApprovalStatus.LIVE, by=consent.label, reason=reason, now=now)


def revoke_approval(*, approval: Approval, consent: Consent, reason: str, now: dt.datetime) -> None:
    """Revoke for good; the service itself does so only by a recall.

    Raises
    ------
    IllegalTransition, AlreadyMoved : if the approval has ended already
    """
    consent.require("approval.revoke")
    move_approval(approval, ApprovalStatus.REVOKED, by=consent.label, reason=reason, now=now)


@transaction.atomic
def move_approval(
    approval: Approval,
    status: ApprovalStatus,
    *,
    by: str,
    reason: str,
    now: dt.datetime,
    **changes: Any,
) -> None:
    """Move an approval and record it; whether somebody may is asked by the caller.

    Raises
    ------
    IllegalTransition, AlreadyMoved : if the approval cannot go there
    """
    approval.transition_to(
        status, changed_at=now, changed_by=by[:150], change_reason=reason, **changes
    )
    kind = "reinstated" if status == ApprovalStatus.LIVE else status.value
    _record(approval, kind=f"approval.{kind}", by=by, data={"reason": reason})


def _record(approval: Approval, *, kind: str, by: str, data: dict[str, Any]) -> None:
    submission = approval.submission
    record_event(
        kind=kind, subject=f"approval:{approval.public_id}", actor=by,
        generator=submission.generator.public_id, data={"submission": submission.public_id, **data},
    )  # fmt: skip


def _start_of_day(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), dt.UTC)
