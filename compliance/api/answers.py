"""What generators are answered, built from rows: one function a message."""

import datetime as dt
from typing import Any

from compliance.explanations import DEFAULT_LANGUAGE, explain
from compliance.models import Approval, Clearance, Submission, Verification


def _iso(moment: Any) -> str | None:
    return moment.isoformat() if moment else None


def explain_reasons(reasons: list[dict[str, Any]], *, language: str) -> list[dict[str, Any]]:
    """Return reasons with what each means to the person who asked for the song."""
    return [
        {**reason, "explanation": explain(reason["code"], language=language)} for reason in reasons
    ]


def describe_clearance(clearance: Clearance, *, language: str = DEFAULT_LANGUAGE) -> dict[str, Any]:
    """Return a ClearanceReport."""
    return {
        "id": clearance.public_id,
        "outcome": clearance.status,
        "reasons": explain_reasons(clearance.reasons, language=language),
        "message": clearance.message,
        "stems": clearance.stems,
        "intent": clearance.intent,
        "screening": clearance.screening_id,
        "rights": clearance.rights,
        "expires_at": _iso(clearance.expires_at),
        "created_at": _iso(clearance.created_at),
        "decided_at": _iso(clearance.decided_at),
    }


def describe_submission(
    submission: Submission,
    *,
    verification: Verification | None,
    language: str = DEFAULT_LANGUAGE,
) -> dict[str, Any]:
    """Return a SubmissionReport; without a verification its report is null."""
    approval = getattr(submission, "approval", None)
    return {
        "id": submission.public_id,
        "clearance": submission.clearance.public_id,
        "state": submission.status,
        "approval": approval.public_id if approval else None,
        "reasons": explain_reasons(submission.reasons, language=language),
        "audio_sha256": submission.audio_sha256,
        "audio_bytes": submission.audio_bytes,
        "manifest": submission.manifest,
        "report": verification.report if verification else None,
        "created_at": _iso(submission.created_at),
        "decided_at": _iso(submission.decided_at),
    }


def describe_approval(approval: Approval, *, now: dt.datetime) -> dict[str, Any]:
    """Return an ApprovalReport as of `now`."""
    submission = approval.submission
    return {
        "id": approval.public_id,
        "submission": submission.public_id,
        "clearance": submission.clearance.public_id,
        "state": approval.get_state(now=now),
        "audio_sha256": submission.audio_sha256,
        "valid_from": _iso(approval.valid_from),
        "valid_to": _iso(approval.valid_to),
        "status_list": {"uri": approval.status_uri, "idx": approval.status_index},
        "certificate": approval.certificate,
        "created_at": _iso(approval.created_at),
        "changed_at": _iso(approval.changed_at),
        "change_reason": approval.change_reason,
        "superseded_by": approval.superseded_by.public_id if approval.superseded_by else None,
    }
