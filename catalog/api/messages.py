"""The messages of the catalog's API: what generators send and what they are answered."""

from typing import Any

from rest_framework import serializers

from catalog.api.cursors import CursorField
from catalog.api.strict import (
    TERRITORIES,
    TERRITORY,
    USE,
    USES,
    DescribedCharField,
    StrictBooleanField,
    StrictCharField,
    StrictDateField,
    StrictFloatField,
    StrictIntegerField,
    StrictMessage,
)
from catalog.rights.intended_use import IntendedUse
from catalog.rights.terms import StemEdit, UseType

# Stems in one question: more than any song has, few enough to evaluate at once.
MAX_STEMS = 64
MAX_PAGE = 200
DEFAULT_PAGE = 50


def list_of_words(
    help_text: str, *, required: bool = False, schema: dict[str, Any] | None = None
) -> serializers.ListField:
    """Return a field for a short list of words."""
    return serializers.ListField(
        child=DescribedCharField(max_length=100, schema=schema or {}),
        required=required,
        min_length=1 if required else 0,
        max_length=300,
        help_text=help_text,
    )


class StemEditMessage(StrictMessage):
    """The strongest change the song makes to one stem."""

    pitch_cents = StrictFloatField(required=False, min_value=-4800, max_value=4800)
    stretch_pct = StrictFloatField(required=False, min_value=-100, max_value=1000)
    cut = StrictBooleanField(required=False)
    loop = StrictBooleanField(required=False)


class UseIntent(StrictMessage):
    """Where, how and when; the period is half-open. What is left out is unknown, and what grants depend on then denies."""

    territories = list_of_words(
        'ISO 3166-1 alpha-2 codes, or "Worldwide".', required=True, schema=TERRITORY
    )
    uses = list_of_words(f"Some of {', '.join(UseType)}.", required=True, schema=USE)
    starts_on = StrictDateField()
    ends_on = StrictDateField(help_text="The first day after the use.")
    languages = list_of_words("BCP 47 codes.")
    media = list_of_words("Words the grants use.")
    themes = list_of_words("What the song is about.")
    campaign = StrictCharField(required=False, allow_blank=True, max_length=100)
    brand = StrictCharField(required=False, allow_blank=True, max_length=100)
    product_category = StrictCharField(required=False, allow_blank=True, max_length=100)
    model_version = StrictCharField(required=False, allow_blank=True, max_length=100)
    replicates_voice = StrictBooleanField(required=False)
    plays = StrictIntegerField(required=False, allow_null=True, min_value=0)
    seconds = StrictIntegerField(required=False, allow_null=True, min_value=0)
    edits = serializers.DictField(
        child=StemEditMessage(), required=False, help_text="By the stem's ID."
    )


class RightsCheckRequest(StrictMessage):
    """May these stems be used so? Nothing is reserved."""

    stems = serializers.ListField(
        child=StrictCharField(max_length=100), min_length=1, max_length=MAX_STEMS
    )
    intent = UseIntent()


class RightsReason(serializers.Serializer[Any]):
    """One term of one stem that fails; empty territories mean all that were asked for."""

    code = serializers.CharField()
    stem = serializers.CharField()
    side = serializers.CharField(allow_null=True)
    territories = serializers.ListField(child=serializers.CharField())
    uses = serializers.ListField(
        child=serializers.CharField(), help_text="The uses it is about; empty: every use asked for."
    )
    grant = serializers.CharField(allow_null=True)
    starts_on = serializers.DateField(allow_null=True)
    ends_on = serializers.DateField(allow_null=True)
    text = serializers.CharField()


class BindingCap(serializers.Serializer[Any]):
    """The cap with the fewest songs left."""

    grant = serializers.CharField()
    unit = serializers.CharField()
    period = serializers.CharField()
    limit = serializers.IntegerField()
    remaining = serializers.IntegerField()
    stem = serializers.CharField(allow_null=True)


class ValidIntersection(serializers.Serializer[Any]):
    """What would be possible: territories left, the first day not licensed (null: further notice), the binding cap."""

    territories = serializers.ListField(child=serializers.CharField())
    until = serializers.DateField(allow_null=True)
    binding_cap = BindingCap(allow_null=True)


class RightsCheckReport(serializers.Serializer[Any]):
    """The answer, with every failing term of every stem."""

    outcome = serializers.ChoiceField(choices=["cleared", "denied"])
    stems = serializers.ListField(child=serializers.CharField())
    reasons = RightsReason(many=True)
    valid = ValidIntersection()
    grants = serializers.ListField(child=serializers.IntegerField())
    edit_limits = serializers.DictField(child=serializers.DictField())
    policy_version = serializers.CharField()


class StemsQuery(StrictMessage):
    """What stems are looked for. With `available_for`, only those that clear for it, each by itself."""

    available_for = DescribedCharField(
        schema=USES,
        required=False,
        help_text="Uses with commas between them; needs territories and the period.",
    )
    territories = DescribedCharField(
        schema=TERRITORIES,
        checked=True,
        required=False,
        help_text="Codes with commas between them.",
    )
    starts_on = serializers.DateField(required=False)
    ends_on = serializers.DateField(required=False)
    campaign = StrictCharField(required=False, max_length=100)
    genre = StrictCharField(required=False, max_length=100)
    role = StrictCharField(required=False, max_length=20)
    key = StrictCharField(required=False, max_length=20)
    bpm_min = serializers.FloatField(required=False, min_value=0)
    bpm_max = serializers.FloatField(required=False, min_value=0)
    min_songs_left = serializers.IntegerField(required=False, min_value=1, default=1)
    limit = serializers.IntegerField(
        required=False, min_value=1, max_value=MAX_PAGE, default=DEFAULT_PAGE
    )
    cursor = CursorField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a question that names a use and not where and when."""
        if "available_for" in attrs:
            missing = [n for n in ("territories", "starts_on", "ends_on") if n not in attrs]
            if missing:
                raise serializers.ValidationError(
                    {name: ["Needed with available_for."] for name in missing}
                )
        return attrs


class StemMessage(serializers.Serializer[Any]):
    """One stem; the last three are there when a use was asked about."""

    id = serializers.CharField()
    title = serializers.CharField()
    artist = serializers.CharField()
    role = serializers.CharField()
    instrument = serializers.CharField()
    genre = serializers.CharField()
    language = serializers.CharField()
    bpm = serializers.FloatField(allow_null=True)
    key = serializers.CharField()
    has_voice = serializers.BooleanField()
    duration_s = serializers.FloatField(allow_null=True)
    isrc = serializers.CharField(allow_null=True)
    valid_until = serializers.DateField(allow_null=True, required=False)
    songs_left = serializers.IntegerField(allow_null=True, required=False)
    edit_limits = serializers.DictField(required=False)


class StemsAnswer(serializers.Serializer[Any]):
    """A page of stems by ID; `next` is the cursor of the next page, null at the end."""

    stems = StemMessage(many=True)
    next = serializers.CharField(allow_null=True)


def read_intended_use(data: dict[str, Any]) -> IntendedUse:
    """Return the intended use in a checked message.

    Raises
    ------
    InvalidIntendedUse : if it names an unknown territory or use, or ends before it starts
    """
    sets = ("territories", "uses", "languages", "media", "themes")
    facts: dict[str, Any] = {
        name: frozenset(value) if name in sets else value for name, value in data.items()
    }
    edits = {stem: StemEdit(**edit) for stem, edit in data.get("edits", {}).items()}
    return IntendedUse(**{**facts, "edits": edits})
