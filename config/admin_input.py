"""Answer what nobody could have typed into the admin.

Forms of the admin check what is typed; what only a made-up request holds (a word where a key belongs, a number beyond any
column, a NUL) reaches the database layer, which raises. Such a request is answered as what it is, a bad one, on every page of
the admin, those of other packages too.
"""

from collections.abc import Callable
from typing import Final

import structlog
from django.contrib.admin.options import IncorrectLookupParameters
from django.db import DataError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from config.api_errors import answer_bad_request

logger = structlog.get_logger(__name__)

# What the database layer says of a value that is of no use to a column; anything else is a fault of ours and stays one.
SIGNS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (ValueError, "expected a number but got"),
    (ValueError, "invalid literal for int()"),
    (ValueError, "cannot contain NUL"),
    (OverflowError, "too large to convert"),
    (DataError, ""),
    (IncorrectLookupParameters, ""),  # a filter that is none, on an export
    (
        AttributeError,
        "'str' object has no attribute 'utcoffset'",
    ),  # a word as the first value of a time
)


class AdminInputMiddleware:
    """Turn what garbage in a request to the admin raises into an answer with status 400."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Return the answer to garbage, None for every other exception."""
        if not request.path.startswith(reverse("admin:index")) or not is_garbage(exception):
            return None
        logger.warning("admin.bad_request", path=request.path, error=str(exception)[:200])
        return answer_bad_request(request, exception)


def is_garbage(exception: Exception) -> bool:
    """Tell whether an exception comes of a value that no column takes."""
    return any(isinstance(exception, kind) and sign in str(exception) for kind, sign in SIGNS)
