"""Pages of what is listed newest first: a cursor is where the next page starts, opaque to callers."""

from typing import Any

from catalog.api.strict import DescribedCharField, StrictMessage

PAGE_SIZE = 50


class CursorField(DescribedCharField):
    """The `next_cursor` of a page."""

    def __init__(self) -> None:
        pattern = "^[1-9][0-9]{0,17}$"
        super().__init__(
            schema={"pattern": pattern},
            required=False,
            help_text="`next_cursor` of the page before.",
        )

    def to_internal_value(self, data: Any) -> Any:
        """Return the row that the page before ended with."""
        text = super().to_internal_value(data)
        if not (text.isascii() and text.isdigit() and 0 < int(text[:19]) < 10**18):
            self.fail("invalid")
        return int(text)


class PageQuery(StrictMessage):
    """Where to read on."""

    cursor = CursorField()


def read_cursor(request: Any) -> int | None:
    """Return the row before which the page asked for starts; None: the first page."""
    query = PageQuery(data=request.query_params.dict())
    query.is_valid(raise_exception=True)
    cursor: int | None = query.validated_data.get("cursor")
    return cursor


def make_page(rows: list[Any], *, describe: Any) -> dict[str, Any]:
    """Return a page of rows, one more of which was read than are shown."""
    page = rows[:PAGE_SIZE]
    more = len(rows) > PAGE_SIZE
    return {
        "items": [describe(row) for row in page],
        "next_cursor": str(page[-1].pk) if more else None,
    }
