"""Cursors: where the next page starts, opaque to callers."""

import base64
import binascii


class InvalidCursor(ValueError):
    """The text is no cursor of ours."""


def encode_cursor(last: str) -> str:
    """Return the cursor of the page after `last`."""
    return base64.urlsafe_b64encode(last.encode()).decode().rstrip("=")


def decode_cursor(text: str) -> str:
    """Return where a cursor points.

    Raises
    ------
    InvalidCursor : if it was not made by `encode_cursor`
    """
    try:
        padded = text + "=" * (-len(text) % 4)
        return base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        raise InvalidCursor(f"{text!r} is not a cursor; take it from `next` of a page") from error
