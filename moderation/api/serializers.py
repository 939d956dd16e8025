"""The messages of the screening API."""

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from rest_framework import serializers

from moderation.screening.categories import Category, Kind
from moderation.screening.policy import Outcome

# Most texts in one batch.
MAX_BATCH = 1_000
# What is said of texts in the OpenAPI document: no U+0000, which databases refuse; at least one character that is seen.
NO_NULL = r"^[^\x00]*$"
VISIBLE = r"^[^\x00]*[^\s\x00][^\x00]*$"


class ShapedText(serializers.CharField):
    """A text whose form the OpenAPI document states by a pattern."""

    pattern = NO_NULL


class ShapedTextSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """Say so in the document."""

    target_class = ShapedText
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        """Return the schema of the field."""
        schema: dict[str, Any] = auto_schema._map_serializer_field(
            self.target, direction, bypass_extensions=True
        )
        return {**schema, "pattern": self.target.pattern}


class AnyText(ShapedText):
    """A text as it came; whether it can be screened is for the screening to say."""

    pattern = VISIBLE

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Return the text unchanged; anything but a string is refused."""
        if isinstance(data, str):
            return data
        if data is None or data is serializers.empty:
            return super().run_validation(data)
        return self.fail("invalid")


class StrictText(ShapedText):
    """A text as it came; a number is none."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(trim_whitespace=False, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        """Return the text; refuse other types."""
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class ScreeningRequest(serializers.Serializer[Any]):
    """A text to screen."""

    text = AnyText(help_text="The message or the lyrics, as written.")
    language = StrictText(
        required=False,
        allow_null=True,
        max_length=20,
        help_text="BCP 47 code of the form's language; a hint where the text leaves doubt.",
    )
    kind = serializers.ChoiceField(
        choices=[kind.value for kind in Kind], default=Kind.MESSAGE.value
    )
    campaign = StrictText(
        required=False,
        allow_blank=True,
        max_length=80,
        default="",
        help_text="The campaign the text is for, where it has thresholds of its own.",
    )


class BatchRow(serializers.JSONField):
    """A row of a batch: a text like one screened alone; whatever else stands there gets refusals in the answer."""


class BatchRowSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """Say in the OpenAPI document what a row should be, and that a batch is not refused for one that is not."""

    target_class = BatchRow

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        """Return the schema of the field."""
        text = auto_schema.resolve_serializer(ScreeningRequest(), direction)
        return {"anyOf": [text.ref, {}]}


class ScreeningBatchRequest(serializers.Serializer[Any]):
    """Texts to screen together."""

    texts = serializers.ListField(
        child=BatchRow(), min_length=1, max_length=MAX_BATCH,
        help_text="Each like the request of one screening. A row that is not gets its refusals in the answer.",
    )  # fmt: skip


class IdentifiedLanguage(serializers.Serializer[Any]):
    """The language of a text."""

    code = serializers.CharField(help_text="en, es, pt, fr, de, ko or other.")
    confidence = serializers.FloatField(min_value=0, max_value=1)


class ScreeningSpan(serializers.Serializer[Any]):
    """Where a finding is."""

    start = serializers.IntegerField(min_value=0, help_text="First code point of the text as sent.")
    end = serializers.IntegerField(min_value=0, help_text="One past the last code point.")
    category = serializers.ChoiceField(choices=[category.value for category in Category])
    text = serializers.CharField()
    line = serializers.IntegerField(
        required=False, min_value=1, help_text="Of lyrics: the line it begins in."
    )
    term = serializers.CharField(
        required=False, help_text="The lexicon entry that matched, or the kind of private detail."
    )
    language = serializers.CharField(required=False, help_text="The lexicon the entry is from.")
    severity = serializers.IntegerField(
        required=False, min_value=2, max_value=4, help_text="Of the entry; 4 is unmistakable."
    )
    disguise = serializers.CharField(
        required=False, help_text="How the entry was hidden, such as leet, mask or lookalike."
    )


class ScreeningReason(serializers.Serializer[Any]):
    """Why the text was not simply allowed."""

    code = serializers.CharField(help_text="`screening.<category>`, stable.")
    category = serializers.CharField()
    severity = serializers.IntegerField(min_value=1, max_value=4)
    text = serializers.CharField(
        help_text="For the person who wrote the text: what is wrong and what to change."
    )


class ScreeningReview(serializers.Serializer[Any]):
    """What people decided about a text that needed review."""

    status = serializers.ChoiceField(choices=["open", "decided"])
    decision = serializers.ChoiceField(choices=["approve", "reject"], allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)


class ScreeningReport(serializers.Serializer[Any]):
    """The answer to one text."""

    id = serializers.CharField()
    outcome = serializers.ChoiceField(choices=[outcome.value for outcome in Outcome])
    language = IdentifiedLanguage()
    categories = serializers.DictField(
        child=serializers.FloatField(min_value=0, max_value=1),
        help_text="Score of every category with a sign of it.",
    )
    spans = ScreeningSpan(many=True)
    reasons = ScreeningReason(many=True)
    explanation_language = serializers.CharField(
        required=False,
        help_text="Of the reasons: what Accept-Language asks for, else the text's own.",
    )
    campaign = serializers.CharField(required=False, allow_blank=True)
    policy_version = serializers.CharField(help_text="The thresholds that decided.")
    engine_version = serializers.CharField(help_text="The program and the model that scored.")
    created_at = serializers.DateTimeField()
    review = ScreeningReview(allow_null=True)


class TextError(serializers.Serializer[Any]):
    """Why a text of a batch was not screened."""

    pointer = serializers.CharField(
        help_text="JSON pointer into the request, such as /texts/7/text."
    )
    code = serializers.CharField()
    detail = serializers.CharField()


class BatchResult(serializers.Serializer[Any]):
    """The answer to one text of a batch: a screening, or what is wrong with the text."""

    index = serializers.IntegerField(min_value=0, help_text="Place in `texts`, from 0.")
    screening = ScreeningReport(allow_null=True)
    refusals = TextError(many=True, help_text="Why it was not screened; empty if it was.")


class ScreeningBatchReport(serializers.Serializer[Any]):
    """The answers to a batch, in order."""

    results = BatchResult(many=True)
    screened = serializers.IntegerField(min_value=0)
    failed = serializers.IntegerField(min_value=0)
