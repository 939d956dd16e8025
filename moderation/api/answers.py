"""Build the API's answers from stored rows."""

from collections.abc import Sequence
from typing import Any, cast

from moderation.api.serializers import ScreeningReport
from moderation.queries import find_case_of_screening
from moderation.screening.policy import Outcome

OPEN_REVIEW = {"status": "open", "decision": None, "decided_at": None}


def build_screening_report(screening: Any) -> dict[str, Any]:
    """Return the answer of a screening as it was given, and the state of its review."""
    case = find_case_of_screening(screening)
    if case is None:
        return _describe(screening, None)
    review = {
        "status": case.status,
        "decision": case.decision or None,
        "decided_at": case.decided_at,
    }
    return _describe(screening, review)


def build_batch_report(
    results: Sequence[tuple[Any, list[dict[str, str]]]],
) -> dict[str, Any]:
    """Return the answers to a batch just screened: for each text a screening, or why there is none."""
    answers = [
        {
            "index": index,
            "screening": screening
            and _describe(screening, OPEN_REVIEW if screening.outcome == Outcome.REVIEW else None),
            "refusals": refusals,
        }
        for index, (screening, refusals) in enumerate(results)
    ]
    failed = sum(1 for screening, _ in results if screening is None)
    return {"results": answers, "screened": len(answers) - failed, "failed": failed}


def _describe(screening: Any, review: dict[str, Any] | None) -> dict[str, Any]:
    report = ScreeningReport(
        {
            **screening.answer,
            "id": screening.public_id,
            "created_at": screening.created_at,
            "review": review,
        }
    )
    return cast("dict[str, Any]", report.data)
