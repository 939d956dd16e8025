"""Cursors: where the next page starts, opaque to callers."""

from rest_framework.fields import empty

from catalog.api.strict import DescribedCharField


def encode_cursor(last: str) -> str:
    """Return the cursor of the page after `last`."""
    return last.encode().hex()


class CursorField(DescribedCharField):
    """The `next` of a page; read as the place where that page ended."""

    def __init__(self) -> None:
        super().__init__(
            schema={"pattern": "^([0-9a-f]{2})+$"},
            checked=True,
            required=False,
            max_length=400,
            help_text="`next` of the page before.",
        )

    def run_validation(self, data: object = empty) -> str:
        """Return where the page before ended; one that nobody was given points somewhere all the same."""
        cursor = bytes.fromhex(super().run_validation(data))
        return cursor.decode(errors="replace").replace("\x00", "")
