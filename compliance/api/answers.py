"""What generators are answered, built from rows: one function a message."""

from typing import Any

from compliance.models import Clearance, Submission, Verification


def _iso(moment: Any) -> str | None:
    return moment.isoformat() if moment else None


def describe_clearance(clearance: Clearance) -> dict[str, Any]:
    """Return a ClearanceReport."""
    return {
        "id": clearance.public_id,
        "outcome": clearance.status,
        "reasons": clearance.reasons,
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
    submission: Submission, *, verification: Verification | None
) -> dict[str, Any]:
    """Return a SubmissionReport; without a verification its report is null."""
    return {
        "id": submission.public_id,
        "clearance": submission.clearance.public_id,
        "state": submission.status,
        "reasons": submission.reasons,
        "audio_sha256": submission.audio_sha256,
        "audio_bytes": submission.audio_bytes,
        "manifest": submission.manifest,
        "report": verification.report if verification else None,
        "created_at": _iso(submission.created_at),
        "decided_at": _iso(submission.decided_at),
    }
