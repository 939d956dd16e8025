"""Small tables inside the pages of legal staff, in the dress of the theme."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from catalog.models import Grant


def draw_table(*, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> SafeString:
    """Return a table whose first column names the row and is not broken; cells are escaped unless they are markup."""
    return format_html(
        '<table class="w-full text-left"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>',
        format_html_join("", '<th class="py-2 pr-4 font-semibold">{}</th>', ((h,) for h in heads)),
        format_html_join("", "{}", ((_draw_row(*row),) for row in rows)),
    )


def draw_term(grant: Grant) -> SafeString:
    """Return from when until when a grant runs; a line never breaks within a day."""
    return format_html(
        '<span class="whitespace-nowrap">{} to</span> <span class="whitespace-nowrap">{}</span>',
        grant.valid_from,
        grant.valid_until or "further notice",
    )


def _draw_row(name: Any, *cells: Any) -> SafeString:
    return format_html(
        '<tr class="border-t border-base-200 align-top dark:border-base-800">'
        '<td class="py-2 pr-4 whitespace-nowrap">{}</td>{}</tr>',
        name,
        format_html_join("", '<td class="py-2 pr-4">{}</td>', ((cell,) for cell in cells)),
    )
