"""The messages of the approval API: what generators send and what they are answered."""

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from rest_framework import serializers

from catalog.api.strict import (
    TERRITORY,
    USE,
    VISIBLE,
    DescribedCharField,
    DistinctListField,
    StrictCharField,
    StrictDateField,
    StrictIntegerField,
    StrictMessage,
)
from compliance.audio.manifest import (
    MAX_PLACEMENTS,
    MAX_STEM_NAME,
    NUMBER_FIELDS,
    NumberField,
)
from compliance.models import ApprovalStatus, ClearanceStatus, SubmissionStatus

# Stems in one clearance: more than any song of the field has, few enough to evaluate at once.
MAX_STEMS = 64
# Plays or seconds of one song: more than anybody expects, few enough to add up for ever.
MAX_QUANTITY = 1_000_000_000


class IntentMessage(StrictMessage):
    """Where, how and when the song is to be used; the period is half-open, `ends_on` is the first day after it."""

    territories = serializers.ListField(
        child=DescribedCharField(schema=TERRITORY, max_length=20), min_length=1, max_length=300,
        help_text='ISO 3166-1 alpha-2 codes, or "Worldwide".',
    )  # fmt: skip
    uses = serializers.ListField(
        child=DescribedCharField(schema=USE, max_length=60),
        min_length=1,
        max_length=30,
        help_text="Such as personalised_song_stream.",
    )
    starts_on = StrictDateField()
    ends_on = StrictDateField()
    campaign = StrictCharField(
        required=False,
        allow_blank=True,
        max_length=80,
        help_text="The campaign the song is for: grants and screening thresholds may depend on it.",
    )
    plays = StrictIntegerField(
        required=False, min_value=0, max_value=MAX_QUANTITY,
        help_text="Expected of one song; needed where a grant caps plays, and taken from the cap at approval.",
    )  # fmt: skip
    seconds = StrictIntegerField(
        required=False, min_value=0, max_value=MAX_QUANTITY,
        help_text="Expected to be heard of one song; needed where a grant caps seconds.",
    )  # fmt: skip


class ClearanceRequest(StrictMessage):
    """The question whether a message, stems and a use may become a song."""

    # Screening says what is too long or unreadable; this only keeps absurd bodies out.
    message = DescribedCharField(
        schema={"minLength": 1, "maxLength": 5000, "pattern": VISIBLE},
        max_length=200_000,
    )
    language = StrictCharField(
        max_length=10, required=False, allow_null=True, help_text="Of the interface; a prior."
    )
    stems = DistinctListField(
        child=StrictCharField(max_length=100), min_length=1, max_length=MAX_STEMS
    )
    intent = IntentMessage()


class ExtensionRequest(StrictMessage):
    """How much longer caps are to be held."""

    hold_seconds = StrictIntegerField(
        min_value=60, max_value=7 * 24 * 60 * 60, required=False, help_text="From now on; the usual time if left out."
    )  # fmt: skip


class SuccessionRequest(StrictMessage):
    """Which approval takes the place."""

    successor = StrictCharField(max_length=40, help_text="Id of a live approval of yours.")


class ReasonMessage(serializers.Serializer[Any]):
    """One reason: a stable code, what it is about, and a sentence for people."""

    code = serializers.CharField(help_text="Such as rights.territory or audio.undeclared_stem.")
    text = serializers.CharField(help_text="For the people who integrate: every fact, in English.")
    explanation = serializers.CharField(
        allow_null=True,
        help_text="For the person who asked for the song, in the language of Accept-Language.",
    )
    stem = serializers.CharField(required=False, allow_null=True)
    reference = serializers.CharField(required=False, allow_null=True)
    side = serializers.CharField(required=False, allow_null=True)
    territories = serializers.ListField(child=serializers.CharField(), required=False)
    uses = serializers.ListField(child=serializers.CharField(), required=False)
    grant = serializers.CharField(required=False, allow_null=True)
    starts_on = serializers.DateField(required=False, allow_null=True)
    ends_on = serializers.DateField(
        required=False, allow_null=True, help_text="First day it no longer concerns."
    )
    category = serializers.CharField(required=False, allow_null=True)
    start_s = serializers.FloatField(
        required=False, allow_null=True, help_text="In the song, seconds."
    )
    end_s = serializers.FloatField(
        required=False, allow_null=True, help_text="In the song, seconds."
    )
    source_start_s = serializers.FloatField(
        required=False, allow_null=True, help_text="In the stem or reference, seconds."
    )
    score = serializers.FloatField(required=False, allow_null=True)


class ClearanceReport(serializers.Serializer[Any]):
    """A clearance and its answer. A denial is a successful answer: read `outcome`."""

    id = serializers.CharField()
    outcome = serializers.ChoiceField(choices=ClearanceStatus.choices)
    reasons = ReasonMessage(many=True)
    message = serializers.CharField()
    stems = serializers.ListField(child=serializers.CharField())
    intent = IntentMessage()
    screening = serializers.CharField(help_text="Id of the screening of the message.")
    rights = serializers.DictField(help_text="As evaluated: the valid intersection and the caps.")
    expires_at = serializers.DateTimeField(
        allow_null=True, help_text="Until when songs may be submitted."
    )
    created_at = serializers.DateTimeField()
    decided_at = serializers.DateTimeField(allow_null=True)


class AudioField(serializers.FileField):
    """An audio file; empty ones are refused."""


class AudioFieldSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """Say so in the OpenAPI document."""

    target_class = AudioField

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        """Return the schema of the field."""
        return {"type": "string", "format": "binary", "minLength": 1}


class ManifestField(serializers.JSONField):
    """The manifest; `compliance.audio.manifest` reads it and names every fault."""


class ManifestSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """Describe the manifest from the table by which it is read."""

    target_class = ManifestField

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        """Return the schema of the field."""
        numbers = {field.name: _describe_number(field) for field in NUMBER_FIELDS}
        required = [field.name for field in NUMBER_FIELDS if field.is_required]
        placement = {
            "type": "object",
            "required": ["stem", *required],
            "additionalProperties": False,
            "properties": {
                "stem": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": MAX_STEM_NAME,
                    "pattern": "^[!-~]+$",
                },
                **numbers,
            },
        }
        return {
            "type": "object",
            "required": ["placements"],
            "additionalProperties": False,
            "properties": {
                "placements": {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": MAX_PLACEMENTS,
                    "items": placement,
                }
            },
        }


def _describe_number(field: NumberField) -> dict[str, Any]:
    lowest = "exclusiveMinimum" if field.excludes_lowest else "minimum"
    return {
        "type": ["number", "null"] if field.is_nullable else "number",
        lowest: field.lowest,
        "maximum": field.highest,
        **({} if field.default is None else {"default": field.default}),
    }


class SubmissionRequest(StrictMessage):
    """A finished song, as multipart/form-data."""

    clearance = serializers.CharField(help_text="Id of a clearance that is cleared.")
    audio = AudioField(
        help_text="The song: wav, flac, mp3 or ogg (m4a where the service has the extra)."
    )
    manifest = ManifestField(
        help_text='{"placements": [{"stem", "stem_start_s", "song_start_s", "length_s", ...}]}'
    )
    vocal = AudioField(required=False, help_text="The vocal track as mixed, same formats.")


class SubmissionReport(serializers.Serializer[Any]):
    """A submission, where it stands and why."""

    id = serializers.CharField()
    clearance = serializers.CharField()
    state = serializers.ChoiceField(choices=SubmissionStatus.choices)
    approval = serializers.CharField(
        allow_null=True, help_text="Id of the approval, once the song is approved."
    )
    reasons = ReasonMessage(many=True)
    audio_sha256 = serializers.CharField()
    audio_bytes = serializers.IntegerField()
    manifest = serializers.DictField()
    report = serializers.DictField(
        allow_null=True, help_text="The verification as measured; null while it waits."
    )
    created_at = serializers.DateTimeField()
    decided_at = serializers.DateTimeField(allow_null=True)


class SubmissionPage(serializers.Serializer[Any]):
    """One page of submissions, newest first."""

    items = SubmissionReport(many=True)
    next_cursor = serializers.CharField(
        allow_null=True, help_text="Send as `cursor` to read on; null at the end."
    )


class StatusListEntry(serializers.Serializer[Any]):
    """Where it is published whether a certificate still holds."""

    uri = serializers.URLField()
    idx = serializers.IntegerField(min_value=0)


class ApprovalReport(serializers.Serializer[Any]):
    """An approval: it holds in [valid_from, valid_to) while its state is live."""

    id = serializers.CharField()
    submission = serializers.CharField()
    clearance = serializers.CharField()
    state = serializers.ChoiceField(choices=ApprovalStatus.choices)
    audio_sha256 = serializers.CharField()
    valid_from = serializers.DateTimeField()
    valid_to = serializers.DateTimeField(help_text="First moment no longer approved.")
    status_list = StatusListEntry()
    certificate = serializers.CharField(help_text="The signed certificate: a JWS in compact form.")
    created_at = serializers.DateTimeField()
    changed_at = serializers.DateTimeField(allow_null=True)
    change_reason = serializers.CharField(
        allow_blank=True, help_text="Why it was suspended, reinstated or revoked."
    )
    superseded_by = serializers.CharField(
        allow_null=True, help_text="Id of the approval that took its place."
    )


class PublicKey(serializers.Serializer[Any]):
    """A public Ed25519 key as a JWK."""

    kty = serializers.CharField(help_text="OKP")
    crv = serializers.CharField(help_text="Ed25519")
    x = serializers.CharField()
    kid = serializers.CharField()
    use = serializers.CharField(help_text="sig")
    alg = serializers.CharField(help_text="EdDSA")


class KeySet(serializers.Serializer[Any]):
    """A JWK Set (RFC 7517)."""

    keys = PublicKey(many=True)
