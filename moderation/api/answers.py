"""Build the API's answers from stored rows."""

from typing import Any, cast

from moderation.api.serializers import ScreeningReport
from moderation.queries import find_case_of_screening


def build_screening_report(screening: Any) -> dict[str, Any]:
    """Return the answer of a screening as it was given, and the state of its review."""
    case = find_case_of_screening(screening)
    review = case and {
        "status": case.status,
        "decision": case.decision or None,
        "decided_at": case.decided_at,
    }
    report = ScreeningReport(
        {
            **screening.answer,
            "id": screening.public_id,
            "created_at": screening.created_at,
            "review": review,
        }
    )
    return cast("dict[str, Any]", report.data)
