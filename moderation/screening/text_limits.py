"""Refuse texts that cannot be screened, with a stable code each."""

from moderation.screening.categories import Kind

# Longest text that is screened, in code points, by kind. Source: the product's form (messages) and a
# five-minute song with repeats written out (lyrics).
MAX_CODE_POINTS = {Kind.MESSAGE: 5_000, Kind.LYRICS: 10_000}


class InvalidText(Exception):
    """The text cannot be screened."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text


def check_text(*, text: str, kind: Kind) -> None:
    """Check that a text is not empty, not too long and valid Unicode.

    Raises
    ------
    InvalidText
        With code `text.empty`, `text.too_long` or `text.invalid_unicode`.
    """
    limit = MAX_CODE_POINTS[kind]
    if len(text) > limit:
        raise InvalidText(
            "text.too_long", f"expected at most {limit} characters for {kind}, got {len(text)}"
        )
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidText(
            "text.invalid_unicode",
            f"expected valid Unicode, got a lone surrogate at position {error.start}",
        ) from None
    if "\x00" in text:
        raise InvalidText(
            "text.invalid_unicode", f"expected text, got a null at position {text.index(chr(0))}"
        )
    if not text.strip():
        raise InvalidText("text.empty", "expected at least one visible character, got none")
