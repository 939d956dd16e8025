"""The messages of recalls: what generators are told, and what they answer."""

import re
from typing import Any

from django.core.validators import RegexValidator
from rest_framework import serializers

from catalog.api.strict import VISIBLE, DescribedCharField, StrictMessage
from compliance.models import (
    ApprovalStatus,
    DoneAction,
    RecallCause,
    RecallNotice,
    RecallSong,
    RecallStatus,
)
from compliance.models.recall import RequiredAction
from compliance.services.audit_log import format_moment

# Songs in one message, and on one page at most.
MAX_ITEMS = 500
DEFAULT_ITEMS = 100
MOMENT = re.compile(r"^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$")
WEB_ADDRESS = r"^(https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~%!$&'()*+,;=:@/?#-]*)?)?$"


class MomentField(serializers.DateTimeField):
    """A moment of RFC 3339: a day alone, or a time without its zone, is none."""

    def to_internal_value(self, value: Any) -> Any:
        """Return the moment; refuse other texts and types."""
        if not isinstance(value, str) or not MOMENT.match(value):
            self.fail("invalid", format="YYYY-MM-DDThh:mm:ssZ")
        return super().to_internal_value(value)


class RecallProgress(serializers.Serializer[Any]):
    """How far a generator is with its songs."""

    total = serializers.IntegerField(help_text="Your songs in this recall; grows until it is open.")
    acknowledged = serializers.IntegerField()
    outstanding = serializers.IntegerField()


class RecallSource(serializers.Serializer[Any]):
    """What the songs rest on."""

    kind = serializers.ChoiceField(choices=["grant", "stem"])
    id = serializers.CharField(help_text="Agreement and number of the grant, or the stem's id.")


class RecallReport(serializers.Serializer[Any]):
    """A recall as it concerns you."""

    id = serializers.CharField()
    state = serializers.ChoiceField(choices=RecallStatus.choices)
    cause = serializers.ChoiceField(choices=RecallCause.choices)
    source = RecallSource()  # type: ignore[assignment]  # DRF's own attribute of fields
    required_action = serializers.ChoiceField(
        choices=RequiredAction.choices, help_text="What to do about each song."
    )
    undoes = serializers.CharField(allow_null=True, help_text="The recall that this one undoes.")
    effective_at = serializers.DateTimeField()
    deadline_at = serializers.DateTimeField(help_text="Acknowledge until then.")
    songs = RecallProgress()
    closed_at = serializers.DateTimeField(allow_null=True)


class RecallPage(serializers.Serializer[Any]):
    """Recalls, newest first."""

    items = RecallReport(many=True)
    next_cursor = serializers.CharField(
        allow_null=True, help_text="Send as `cursor` to read on; null at the end."
    )


class AcknowledgementMessage(serializers.Serializer[Any]):
    """What you said you did."""

    action = serializers.ChoiceField(choices=DoneAction.choices)
    at = serializers.DateTimeField()
    evidence_url = serializers.CharField(allow_blank=True)
    received_at = serializers.DateTimeField()


class RecalledSong(serializers.Serializer[Any]):
    """One song of a recall."""

    approval = serializers.CharField()
    submission = serializers.CharField()
    audio_sha256 = serializers.CharField()
    required_action = serializers.ChoiceField(choices=RequiredAction.choices)
    state = serializers.ChoiceField(choices=ApprovalStatus.choices, help_text="Since the recall.")
    moved_at = serializers.DateTimeField()
    deadline_at = serializers.DateTimeField()
    acknowledgement = AcknowledgementMessage(allow_null=True)


class RecalledSongPage(serializers.Serializer[Any]):
    """Songs of a recall, in an order that stays."""

    items = RecalledSong(many=True)
    next_cursor = serializers.CharField(
        allow_null=True, help_text="Send as `cursor` to read on; null at the end."
    )


class RecalledSongQuery(StrictMessage):
    """Which songs to read."""

    cursor = serializers.RegexField(r"^[0-9]{1,18}$", required=False)
    limit = serializers.IntegerField(min_value=1, max_value=MAX_ITEMS, default=DEFAULT_ITEMS)
    acknowledged = serializers.ChoiceField(
        choices=["true", "false"], required=False, help_text="false: what is still to be done."
    )


class RecallQuery(StrictMessage):
    """Where to read on."""

    cursor = serializers.RegexField(r"^[0-9]{1,18}$", required=False)
    limit = serializers.IntegerField(min_value=1, max_value=100, default=50)


class AcknowledgementItem(StrictMessage):
    """What was done with one song."""

    approval = DescribedCharField(schema={"pattern": VISIBLE}, max_length=40)
    action = serializers.ChoiceField(choices=DoneAction.choices)
    at = MomentField(help_text="When it was done, with its time zone; not in the future.")
    evidence_url = DescribedCharField(
        schema={"pattern": WEB_ADDRESS}, max_length=500, required=False, allow_blank=True,
        validators=[RegexValidator(WEB_ADDRESS, "Write an address that starts with https:// or http://.")],
        help_text="A page or picture that shows it.",
    )  # fmt: skip


class AcknowledgementRequest(StrictMessage):
    """What was done with songs of a recall."""

    items = serializers.ListField(child=AcknowledgementItem(), min_length=1, max_length=MAX_ITEMS)

    def validate_items(self, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Refuse a song named twice."""
        seen: set[str] = set()
        for item in items:
            if item["approval"] in seen:
                raise serializers.ValidationError(f"Named more than once: {item['approval']}.")
            seen.add(item["approval"])
        return items


class AcknowledgementReport(serializers.Serializer[Any]):
    """What became of your message."""

    accepted = serializers.IntegerField(help_text="Songs acknowledged by this message.")
    corrected = serializers.IntegerField(help_text="Songs of which something else was said before.")
    unchanged = serializers.IntegerField(help_text="Songs of which the same was said before.")
    recall = RecallReport()


def describe_recall(notice: RecallNotice, *, source: tuple[str, str]) -> dict[str, Any]:
    """Return a RecallReport; `source` is the kind and the name of what the songs rest on."""
    recall = notice.recall
    return {
        "id": recall.public_id,
        "state": recall.status,
        "cause": recall.cause,
        "source": {"kind": source[0], "id": source[1]},
        "required_action": recall.required_action,
        "undoes": recall.undoes.public_id if recall.undoes else None,
        "effective_at": format_moment(recall.effective_at),
        "deadline_at": format_moment(recall.deadline_at),
        "songs": {
            "total": notice.n_songs,
            "acknowledged": notice.n_acknowledged,
            "outstanding": notice.n_songs - notice.n_acknowledged,
        },
        "closed_at": recall.closed_at and format_moment(recall.closed_at),
    }


def describe_recalled_song(song: RecallSong) -> dict[str, Any]:
    """Return a RecalledSong."""
    submission = song.approval.submission
    return {
        "approval": song.approval.public_id,
        "submission": submission.public_id,
        "audio_sha256": submission.audio_sha256,
        "required_action": song.recall.required_action,
        "state": song.to_status,
        "moved_at": format_moment(song.moved_at),
        "deadline_at": format_moment(song.recall.deadline_at),
        "acknowledgement": {
            "action": song.done,
            "at": song.done_at and format_moment(song.done_at),
            "evidence_url": song.evidence_url,
            "received_at": format_moment(song.acknowledged_at),
        }
        if song.acknowledged_at
        else None,
    }
