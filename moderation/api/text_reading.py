"""Read texts to screen from requests: their fields, and the language the caller wants the reasons in."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation.trans_real import parse_accept_lang_header
from rest_framework.request import Request

from moderation.api.serializers import ScreeningRequest
from moderation.screening.languages import LANGUAGES
from moderation.services.screenings import TextToScreen


def read_explanation_language(request: Request) -> str | None:
    """Return the first of our languages in Accept-Language; None lets each text have its own."""
    header = request.headers.get("Accept-Language", "")
    codes = (tag.split("-")[0] for tag, _ in parse_accept_lang_header(header))
    return next((code for code in codes if code in LANGUAGES), None)


def read_text(data: Any, *, explain_in: str | None) -> TextToScreen:
    """Return the text in a request.

    Raises
    ------
    ValidationError : if a field is of the wrong shape
    """
    form = ScreeningRequest(data=data)
    form.is_valid(raise_exception=True)
    fields = form.validated_data
    return TextToScreen(
        text=fields["text"],
        language=fields.get("language"),
        kind=fields["kind"],
        campaign=fields["campaign"],
        explain_in=explain_in,
    )


def list_errors(detail: Any, *, pointer: str) -> list[dict[str, str]]:
    """Return what is wrong with one text, each with its JSON pointer into the request."""
    by_field = detail if isinstance(detail, Mapping) else {"non_field_errors": detail}
    return [
        {
            "pointer": pointer if name == "non_field_errors" else f"{pointer}/{name}",
            "code": str(getattr(each, "code", "invalid")),
            "detail": str(each),
        }
        for name, errors in by_field.items()
        for each in errors
    ]
