"""The messages about the use of songs."""

import re
from collections.abc import Collection
from typing import Any

from django.core.validators import RegexValidator
from rest_framework import serializers

from catalog.api.strict import (
    DescribedCharField,
    StrictCharField,
    StrictIntegerField,
    StrictMessage,
)
from compliance.models import UsageKind
from compliance.services.usage_events import ReportedUse, UsageProblem, UsageResult

# Events in one request. Source: 1,000 lines of 250 bytes are a quarter of the largest body.
MAX_EVENTS = 1_000
# More than anybody plays in a day, few enough to add up for ever.
MAX_QUANTITY = 1_000_000_000
# Dates and times as JSON schemas call them.
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
STATUSES = ("counted", "duplicate", "refused")


class StrictDateTimeField(serializers.DateTimeField):
    """A moment with its time zone (RFC 3339)."""

    def to_internal_value(self, value: Any) -> Any:
        """Return the moment; refuse days, local times and numbers."""
        if not isinstance(value, str) or not RFC_3339.fullmatch(value):
            self.fail("invalid", format="YYYY-MM-DDThh:mm:ssZ")
        return super().to_internal_value(value)


class UsageEventMessage(StrictMessage):
    """How often something was done with a song, at a time and in a territory."""

    event_id = StrictCharField(
        max_length=100, help_text="Your own id of this event: sent again it is not counted again."
    )
    approval = StrictCharField(max_length=40)
    kind = serializers.ChoiceField(choices=UsageKind.choices)
    at = StrictDateTimeField(help_text="When; of an hour or a day added up, its beginning.")
    territory = DescribedCharField(
        schema={"pattern": "^[A-Z]{2}$"},
        validators=[RegexValidator(r"^[A-Z]{2}\Z", "Send an ISO 3166-1 alpha-2 code, such as DE.")],
        help_text="ISO 3166-1 alpha-2.",
    )
    channel = StrictCharField(max_length=60, required=False, default="", allow_blank=True)
    quantity = StrictIntegerField(
        min_value=-MAX_QUANTITY, max_value=MAX_QUANTITY,
        help_text="Negative: takes back what was reported too much for this song, kind and day.",
    )  # fmt: skip
    seconds = StrictIntegerField(
        required=False, allow_null=True, min_value=-MAX_QUANTITY * 600, max_value=MAX_QUANTITY * 600,
        help_text="Of plays: heard in all. Without it every play is counted to the end.",
    )  # fmt: skip


class UsageBatch(StrictMessage):
    """Reported use."""

    events = serializers.ListField(child=UsageEventMessage(), min_length=1, max_length=MAX_EVENTS)


class UsageResultMessage(serializers.Serializer[Any]):
    """What became of one event."""

    event_id = serializers.CharField()
    status = serializers.ChoiceField(choices=STATUSES)
    licensed = serializers.BooleanField(
        allow_null=True, help_text="The approval held at that time; null if the event was refused."
    )
    code = serializers.ChoiceField(
        choices=[str(problem) for problem in UsageProblem], allow_null=True
    )
    detail = serializers.CharField(allow_blank=True)


class UsageBatchReport(serializers.Serializer[Any]):
    """What became of each event, in order."""

    counted = serializers.IntegerField()
    duplicates = serializers.IntegerField()
    refused = serializers.IntegerField()
    items = UsageResultMessage(many=True)


def read_use(rows: Collection[dict[str, Any]]) -> list[ReportedUse]:
    """Return the events of a valid batch."""
    return [
        ReportedUse(
            event_id=row["event_id"], approval=row["approval"], kind=row["kind"], at=row["at"],
            territory=row["territory"], channel=row["channel"], quantity=row["quantity"], seconds=row.get("seconds"),
        )
        for row in rows
    ]  # fmt: skip


def describe_results(results: Collection[UsageResult]) -> dict[str, Any]:
    """Return a UsageBatchReport."""
    n_counted, n_duplicates, n_refused = (
        sum(result.status == status for result in results) for status in STATUSES
    )
    return {
        "counted": n_counted,
        "duplicates": n_duplicates,
        "refused": n_refused,
        "items": [
            {
                "event_id": result.event_id,
                "status": result.status,
                "licensed": result.is_licensed,
                "code": result.problem,
                "detail": result.text,
            }
            for result in results
        ],
    }
