"""Pages of what is listed newest first: a cursor is where the next page starts, opaque to callers."""

from typing import Any

from rest_framework.fields import empty

from catalog.api.strict import DescribedCharField, StrictMessage, read_query

PAGE_SIZE = 50


class CursorField(DescribedCharField):
    """The `next_cursor` of a page."""

    def __init__(self) -> None:
        super().__init__(
            schema={"pattern": "^[1-9][0-9]{0,17}$"},
            checked=True,
            required=False,
            help_text="`next_cursor` of the page before.",
        )

    def run_validation(self, data: Any = empty) -> Any:
        """Return the row that the page before ended with."""
        return int(super().run_validation(data))


class PageQuery(StrictMessage):
    """Where to read on."""

    cursor = CursorField()


def read_cursor(request: Any) -> int | None:
    """Return the row before which the page asked for starts; None: the first page."""
    cursor: int | None = read_query(PageQuery, request).get("cursor")
    return cursor


def make_page(rows: list[Any], *, describe: Any) -> dict[str, Any]:
    """Return a page of rows, one more of which was read than are shown."""
    page = rows[:PAGE_SIZE]
    more = len(rows) > PAGE_SIZE
    return {
        "items": [describe(row) for row in page],
        "next_cursor": str(page[-1].pk) if more else None,
    }
