"""Messages that take what the OpenAPI document says and nothing else.

Django REST framework is lenient where forms are: "5" is a number to it, 1 is true, a misspelled field is nothing. A fact about
rights that is read in silence as something else is worse than a refusal.
"""

from typing import Any, cast

from django.core.validators import RegexValidator
from drf_spectacular.extensions import (
    OpenApiSerializerExtension,
    OpenApiSerializerFieldExtension,
)
from rest_framework import serializers
from rest_framework.request import Request

from catalog.rights.terms import UseType
from catalog.rights.territories import ALL_TERRITORIES, WORLDWIDE


class StrictMessage(serializers.Serializer[Any]):
    """A message that refuses fields it does not name: a misspelled fact would otherwise be missing in silence."""

    def to_internal_value(self, data: Any) -> Any:
        """Read the fields; name the unknown ones beside what is wrong with the others."""
        unknown = sorted(set(data) - set(self.fields)) if isinstance(data, dict) else []
        known = ", ".join(sorted(self.fields))
        problems: dict[str, Any] = {
            name: [f"Unknown field; known are {known}."] for name in unknown
        }
        try:
            read = super().to_internal_value(data)
        except serializers.ValidationError as error:
            faulty = cast(dict[str, Any], error.detail)  # a serializer's is by field
            raise serializers.ValidationError({**faulty, **problems}) from error
        if problems:
            raise serializers.ValidationError(problems)
        return read


def read_query(message: type[StrictMessage], request: Request) -> dict[str, Any]:
    """Return what a query string says, by a message.

    Raises
    ------
    ValidationError : if it says something else than the message takes, or something twice
    """
    repeated = [name for name, values in request.query_params.lists() if len(values) > 1]
    if repeated:
        raise serializers.ValidationError(
            {name: ["This was sent more than once."] for name in sorted(repeated)}
        )
    query = message(data=request.query_params.dict())
    query.is_valid(raise_exception=True)
    asked: dict[str, Any] = query.validated_data
    return asked


class StrictMessageSchema(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """Say in the OpenAPI document that nothing else is taken."""

    target_class = StrictMessage
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        """Return the schema of the message."""
        schema: dict[str, Any] = auto_schema._map_serializer(
            self.target, direction, bypass_extensions=True
        )
        return {**schema, "additionalProperties": False} if direction == "request" else schema


class StrictCharField(serializers.CharField):
    """Text as it came: a number is not a text, and nothing is trimmed."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(trim_whitespace=False, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        """Return the text; refuse other types."""
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class StrictBooleanField(serializers.BooleanField):
    """True or false; words and numbers are neither."""

    def to_internal_value(self, data: Any) -> bool:
        """Return the value; refuse other types."""
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class StrictIntegerField(serializers.IntegerField):
    """A whole number of JSON, which may be written 5.0; texts and booleans are none."""

    def to_internal_value(self, data: Any) -> int:
        """Return the value; refuse other types."""
        if isinstance(data, bool) or not isinstance(data, int | float) or data != data // 1:
            self.fail("invalid")
        return int(data)


class StrictFloatField(serializers.FloatField):
    """A number of JSON; texts and booleans are none."""

    def to_internal_value(self, data: Any) -> float:
        """Return the value; refuse other types."""
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        return float(super().to_internal_value(data))


class StrictDateField(serializers.DateField):
    """A day, YYYY-MM-DD."""

    def to_internal_value(self, value: Any) -> Any:
        """Return the day; refuse other types."""
        if not isinstance(value, str):
            self.fail("invalid", format="YYYY-MM-DD")
        return super().to_internal_value(value)


class DescribedCharField(StrictCharField):
    """Text whose shape the OpenAPI document states.

    Somebody further inside checks it, who names what is wrong; with `checked` nobody does, and it is checked here.
    """

    def __init__(self, *, schema: dict[str, Any], checked: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.schema = schema
        if checked:
            self.validators.append(RegexValidator(schema["pattern"]))


class CharFieldSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """Describe strict texts: no text of ours holds the character U+0000, which databases refuse."""

    target_class = StrictCharField
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        """Return the schema of the field."""
        schema: dict[str, Any] = auto_schema._map_serializer_field(
            self.target, direction, bypass_extensions=True
        )
        if direction == "request":
            schema = {"pattern": NO_NULL, **schema, **getattr(self.target, "schema", {})}
        return schema


class DistinctListField(serializers.ListField):
    """A list that names nothing twice."""

    def to_internal_value(self, data: Any) -> list[Any]:
        """Return the list; name what is repeated."""
        values = super().to_internal_value(data)
        if twice := sorted({str(value) for value in values if values.count(value) > 1}):
            raise serializers.ValidationError(f"Named more than once: {', '.join(twice)}.")
        return values


class DistinctListSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """Say so in the OpenAPI document."""

    target_class = DistinctListField

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        """Return the schema of the field."""
        schema: dict[str, Any] = auto_schema._map_serializer_field(
            self.target, direction, bypass_extensions=True
        )
        return {**schema, "uniqueItems": True}


NO_NULL = r"^[^\x00]*$"
# At least one character that is seen.
VISIBLE = r"^[^\x00]*[^\s\x00][^\x00]*$"
# Patterns and not enumerations: clients made from the document then take plain texts.
_TERRITORY = f"({'|'.join(sorted(ALL_TERRITORIES))}|{WORLDWIDE})"
_USE = f"({'|'.join(UseType)})"
TERRITORY = {"pattern": f"^{_TERRITORY}$"}
USE = {"pattern": f"^{_USE}$"}
TERRITORIES = {"pattern": f"^{_TERRITORY}(,{_TERRITORY})*$"}
USES = {"pattern": f"^{_USE}(,{_USE})*$"}
